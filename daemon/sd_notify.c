/* Words to the service manager; see sd_notify(3) for the protocol. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/sd_notify.h"

#define TEXT_MAX 512

struct sd_notify {
	int fd; /* owned */
	struct sockaddr_un to;
	socklen_t to_len;
};

/** Address from the variable's text. @return false if it is neither of the two forms */
static bool set_address(struct sd_notify *n, const char *text)
{
	size_t len = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof(n->to.sun_path))
		return false;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, text, len);
	if (text[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

struct sd_notify *sd_notify_open(void)
{
	const char *text = getenv("NOTIFY_SOCKET");
	struct sd_notify *n = text ? calloc(1, sizeof(*n)) : NULL;

	if (!n)
		return NULL;
	n->fd = -1;
	if (set_address(n, text))
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (n->fd >= 0)
		return n;
	free(n);
	return NULL;
}

void sd_notify_close(struct sd_notify *n)
{
	if (!n)
		return;
	close(n->fd);
	free(n);
}

void sd_notify_send(const struct sd_notify *n, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int len;

	if (!n)
		return;
	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len <= 0)
		return;
	/* A manager that does not listen has its own time-out; there is nobody to tell. */
	(void)sendto(n->fd, text, MIN((size_t)len, sizeof(text) - 1), MSG_NOSIGNAL,
		     (const struct sockaddr *)&n->to, n->to_len);
}

void sd_notify_store(const struct sd_notify *n, const char *name, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	char text[TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%s\nFDNAME=%s",
			   fd < 0 ? "FDSTOREREMOVE=1" : "FDSTORE=1\nFDPOLL=0", name);
	struct iovec iov = { text, (size_t)len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (!n || len < 0 || (size_t)len >= sizeof(text))
		return;
	mh.msg_name = (void *)&n->to;
	mh.msg_namelen = n->to_len;
	if (fd >= 0) {
		mh.msg_control = &control;
		mh.msg_controllen = sizeof(control.bytes);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	(void)sendmsg(n->fd, &mh, MSG_NOSIGNAL); /* without it a restart has a gap, no more */
}

void sd_notify_reloading(const struct sd_notify *n)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notify_send(n, "RELOADING=1\nMONOTONIC_USEC=%lld",
		       (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}
