/* Who may change something by the control socket; see trust.h. */
#include "resolver/trust.h"

#include <sys/socket.h>
#include <unistd.h>

bool trust_peer(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	       (peer.uid == 0 || peer.uid == geteuid());
}
