/* Writes beside the file and renames; see whole_file.h. */
#include "cli/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/whole_io.h"

/* Readable by whom the umask allows, as any file that a user has written. */
static int write_beside(const char *path, const char *beside, const char *bytes, size_t len)
{
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write_whole(fd, bytes, len);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(beside, path) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(beside);
	return rc;
}

int whole_file_write(const char *path, const char *bytes, size_t len)
{
	char beside[PATH_MAX];

	if (snprintf(beside, sizeof(beside), "%s.%ld.new", path, (long)getpid()) >=
	    (int)sizeof(beside))
		return -ENAMETOOLONG;
	return write_beside(path, beside, bytes, len);
}

int whole_file_read(const char *path, size_t most, char **bytes, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *buf;
	size_t got;
	int rc = 0;

	if (!f)
		return -errno;
	buf = malloc(most + 1);
	if (!buf) {
		fclose(f);
		return -ENOMEM;
	}
	errno = 0;
	got = fread(buf, 1, most + 1, f);
	if (ferror(f))
		rc = errno ? -errno : -EIO;
	else if (got > most)
		rc = -EFBIG;
	fclose(f);
	if (rc < 0) {
		free(buf);
		return rc;
	}
	buf[got] = '\0';
	*bytes = buf;
	*len = got;
	return 0;
}
