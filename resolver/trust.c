/* Who may change something by the control socket; see trust.h. */
#include "resolver/trust.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool trust_peer(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

const char *trust_read_forget(char **words, char *request, size_t size)
{
	int len;

	if (!words[0] || !words[1] || (strcmp(words[0], "client") && strcmp(words[0], "name")))
		return "usage: history forget client|name WHAT";
	len = snprintf(request, size, "%s %s", words[0], words[1]);
	return len < 0 || (size_t)len >= size ? "too long" : NULL;
}
