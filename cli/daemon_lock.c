/* Looks at the daemon's lock; see daemon_lock.h. */
#include "cli/daemon_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

pid_t daemon_lock_pid(const char *control)
{
	char path[PATH_MAX], text[16] = "";
	pid_t pid = 0;
	int fd;

	if (snprintf(path, sizeof(path), "%s.lock", control) >= (int)sizeof(path))
		return 0;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK &&
	    pread(fd, text, sizeof(text) - 1, 0) > 0)
		pid = atoi(text);
	close(fd);
	return pid > 1 ? pid : 0;
}
