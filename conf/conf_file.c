/* Reading one file whole. Knows nothing of what is in it. */
#include "conf/conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util.h"

/* At most size bytes from the descriptor's position. */
static int read_up_to(int fd, char *to, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size) {
		ssize_t n = read(fd, to + *len, size - *len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		*len += (size_t)n;
	}
	return 0;
}

/* A file may grow while it is read: what fits into one byte more than it had is taken. */
static int read_open_file(int fd, size_t max, char **text, size_t *len, struct stat *st)
{
	struct stat now;
	size_t size;
	char *all;
	int rc;

	if (fstat(fd, &now))
		return -errno;
	if (!S_ISREG(now.st_mode))
		return -EMEDIUMTYPE;
	if ((uint64_t)now.st_size > max)
		return -E2BIG;
	/* files of /proc and their like say 0 and hold more */
	size = now.st_size ? (size_t)now.st_size + 1 : MIN(max, (size_t)65536) + 1;
	all = malloc(size + 1);
	if (!all)
		return -ENOMEM;
	rc = read_up_to(fd, all, size, len);
	if (!rc && *len == size)
		rc = *len > max ? -E2BIG : -EBUSY; /* grew, or is longer than it said */
	if (rc) {
		free(all);
		return rc;
	}
	all[*len] = '\0';
	*text = all;
	*st = now;
	return 0;
}

int conf_file_read(const char *path, size_t max, char **text, size_t *len,
		   struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t have = 0;
	int rc;

	if (fd < 0)
		return -errno;
	rc = read_open_file(fd, max, text, &have, st);
	if (!rc)
		*len = have;
	close(fd);
	return rc;
}
