/* See wish_file.h. */
#include "conf/wish_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_trusted(int fd, char *buf, size_t size)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid && st.st_uid != geteuid()) ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	n = read(fd, buf, size);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -EINVAL;
	buf[n] = '\0';
	return strlen(buf) == (size_t)n ? 0 : -EINVAL;
}

int wish_file_read(const char *path, char *buf, size_t size)
{
	int rc, fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	*buf = '\0';
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = read_trusted(fd, buf, size);
	close(fd);
	if (rc)
		*buf = '\0';
	return rc;
}

static int write_text(const char *path, const char *text)
{
	int rc = 0, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		rc = -EIO;
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int wish_file_write(const char *path, const char *text)
{
	char new[PATH_MAX];
	int rc;

	if (!*text)
		return unlink(path) && errno != ENOENT ? -errno : 0;
	if (snprintf(new, sizeof(new), "%.4000s.%d", path, (int)getpid()) >= (int)sizeof(new))
		return -ENAMETOOLONG;
	rc = write_text(new, text);
	if (!rc && rename(new, path))
		rc = -errno;
	if (rc && rc != -EEXIST)
		unlink(new);
	return rc;
}
