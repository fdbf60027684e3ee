/* Opens list files and splits them into lines; see list_file.h. */
#include "blocklists/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocklists/list_line.h"

/* Holds the longest line and its end, and reads of a useful size behind it. */
#define BUF_BYTES (LIST_LINE_MAX + 65536)

static int file_check(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if (!S_ISREG(st->st_mode))
		return -ENODEV;
	return st->st_size > (off_t)LIST_FILE_MAX ? -EFBIG : 0;
}

int list_file_open(const char *path, int *out)
{
	struct stat st;
	int rc, fd;

	if (stat(path, &st)) /* before opening: to open a device may act on it */
		return -errno;
	rc = file_check(&st);
	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fstat(fd, &st) ? -errno : file_check(&st);
	if (rc) {
		close(fd);
		return rc;
	}
	*out = fd;
	return 0;
}

const char *list_rc_text(int rc)
{
	switch (rc) {
	case 0:
		return "read";
	case -ENODEV:
		return "Not a regular file";
	case -EFBIG:
		return "Larger than 512 MiB";
	case -E2BIG:
		return "More names than an index can hold";
	case -ENODATA:
		return "No row of a table of owners, and no whole MaxMind file";
	case -EBADMSG:
		return "A MaxMind file that is damaged";
	case -EOVERFLOW:
		return "A MaxMind file larger than 256 MiB";
	case -ETIME:
		return "Still not read after a minute";
	case -EPROTONOSUPPORT:
		return "Not a list of names";
	default:
		return strerror(-rc);
	}
}

int list_reader_init(struct list_reader *r, int fd, const void *bytes, size_t len)
{
	*r = (struct list_reader){ .fd = fd };
	if (fd < 0) {
		r->text = bytes;
		r->len = len;
		return 0;
	}
	r->buf = malloc(BUF_BYTES);
	r->text = r->buf;
	return r->buf ? 0 : -ENOMEM;
}

/** Read on behind what is left of the text, which is moved to the front.
 *  @return bytes read, 0 at the end, -EFBIG, negative errno */
static ssize_t reader_fill(struct list_reader *r)
{
	ssize_t n;

	if (r->fd < 0)
		return 0;
	if (r->len > r->at)
		memmove(r->buf, r->buf + r->at, r->len - r->at);
	r->len -= r->at;
	r->at = 0;
	do {
		n = pread(r->fd, r->buf + r->len, BUF_BYTES - r->len, (off_t)r->offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->len += (size_t)n;
	r->offset += (uint64_t)n;
	return r->offset > LIST_FILE_MAX ? -EFBIG : n;
}

/** Hand out n bytes as a line, and leave out `end` bytes behind it. */
static int reader_take(struct list_reader *r, size_t n, size_t end, bool is_long,
		       const char **text, size_t *len)
{
	is_long = is_long || n > LIST_LINE_MAX;
	*text = is_long ? NULL : r->text + r->at;
	*len = is_long ? 0 : n;
	r->at += n + end;
	return 1;
}

int list_reader_next(struct list_reader *r, const char **text, size_t *len)
{
	bool is_long = false;
	size_t seen = 0;
	ssize_t n;

	for (;;) {
		size_t left = r->len - r->at;
		const char *from = left > seen ? r->text + r->at + seen : NULL;
		const char *end = from ? memchr(from, '\n', left - seen) : NULL;

		if (end)
			return reader_take(r, (size_t)(end - r->text) - r->at, 1, is_long,
					   text, len);
		seen = left;
		if (r->fd >= 0 && left > LIST_LINE_MAX) { /* keep nothing of it */
			is_long = true;
			r->at = r->len;
			seen = 0;
		}
		n = reader_fill(r);
		if (n < 0)
			return (int)n;
		if (!n)
			break;
	}
	if (!seen && !is_long)
		return 0;
	return reader_take(r, seen, 0, is_long, text, len);
}

void list_reader_rewind(struct list_reader *r)
{
	if (r->fd >= 0)
		r->len = 0;
	r->at = 0;
	r->offset = 0;
}

void list_reader_fini(struct list_reader *r)
{
	free(r->buf);
	r->buf = NULL;
}
