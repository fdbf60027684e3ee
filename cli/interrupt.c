/* By signalfd(2); see interrupt.h. */
#include "cli/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

int interrupt_init(struct interrupt *i)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	i->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (i->fd < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &mask, &i->old_mask);
	return 0;
}

bool interrupt_came(const struct interrupt *i, int timeout_ms)
{
	struct pollfd pfd = { .fd = i->fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) > 0;
}

void interrupt_fini(struct interrupt *i)
{
	struct signalfd_siginfo info;

	while (read(i->fd, &info, sizeof(info)) > 0)
		;
	sigprocmask(SIG_SETMASK, &i->old_mask, NULL);
	close(i->fd);
}
