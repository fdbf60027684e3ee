/*
 * Asks the daemon one question over its UNIX socket. The daemon is trusted to be ours, not
 * to be well: each length is limited, each wait ends.
 */
#include "cli/control_client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/conf_query.h"
#include "lib/clock.h"
#include "lib/util.h"

#define LINE_MAX_BYTES	  32768
#define REPLY_MAX_BYTES	  (256UL << 20)
#define REQUEST_MAX_BYTES 2048
#define SILENCE_MS	  10000

struct reply {
	int fd;
	const struct control_sink *sink;
	void *arg;
	char *why;
	size_t columns; /* 0: the heading has not come yet */
	size_t total;	/* bytes received */
	size_t len;	/* bytes in buf */
	char buf[LINE_MAX_BYTES];
};

static int fail(char *why, int rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int fail(char *why, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CONTROL_WHY_MAX, fmt, ap);
	va_end(ap);
	return rc;
}

/* A word with a blank or a control character would be another request. */
static bool is_word(const char *word)
{
	for (const char *p = word; *p; p++) {
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	}
	return *word != '\0';
}

static int send_request(int fd, const char *const *words, size_t count, char *why)
{
	char request[REQUEST_MAX_BYTES];
	size_t len = 0;
	ssize_t sent;

	for (size_t i = 0; i < count; i++) {
		size_t word_len = strlen(words[i]);

		if (!is_word(words[i]))
			return fail(why, -EINVAL, "a blank or unprintable argument");
		if (len + word_len + 2 > sizeof(request))
			return fail(why, -EINVAL, "the arguments are too long");
		if (i)
			request[len++] = ' ';
		memcpy(request + len, words[i], word_len);
		len += word_len;
	}
	request[len++] = '\n';
	sent = send(fd, request, len, MSG_NOSIGNAL);
	if (sent == (ssize_t)len)
		return 0;
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return fail(why, -ETIMEDOUT, "the daemon does not take the question");
	return fail(why, -ECONNRESET, "the daemon closed the connection");
}

/* Split in place; more than max fields is -EPROTO. */
static int split_fields(char *line, size_t max, char **fields, size_t *count)
{
	size_t n = 0;

	for (;;) {
		char *tab = strchr(line, '\t');

		if (n == max)
			return -EPROTO;
		fields[n++] = line;
		if (!tab)
			break;
		*tab = '\0';
		line = tab + 1;
	}
	*count = n;
	return 0;
}

static int on_heading(struct reply *r, char *line)
{
	char *names[CONTROL_COLUMNS_MAX];
	size_t count;

	if (split_fields(line, ARRAY_SIZE(names), names, &count) < 0)
		return fail(r->why, -EPROTO, "the daemon's answer has too many columns");
	for (size_t i = 0; i < count; i++) {
		if (names[i][0] == '\0' || names[i][0] == '#')
			return fail(r->why, -EPROTO, "a column of the daemon's answer has no name");
	}
	r->columns = count;
	return r->sink->on_columns(r->arg, names, count);
}

static int on_fields(struct reply *r, char *line)
{
	char *fields[CONTROL_COLUMNS_MAX];
	size_t count = 1;

	fields[0] = line;
	if (r->columns > 1 && split_fields(line, ARRAY_SIZE(fields), fields, &count) < 0)
		count = 0;
	if (count != r->columns)
		return fail(r->why, -EPROTO, "a row of the daemon's answer does not fit its heading");
	return r->sink->on_row(r->arg, fields, count);
}

/* 1: that was the end. */
static int on_line(struct reply *r, char *line, size_t len)
{
	int rc;

	if (memchr(line, '\0', len))
		return fail(r->why, -EPROTO, "the daemon's answer holds a NUL byte");
	line[len] = '\0';
	if (strcmp(line, ".ok") == 0)
		return 1;
	if (strcmp(line, ".err") == 0 || strncmp(line, ".err ", 5) == 0)
		return fail(r->why, -EREMOTEIO, "%s", line[4] ? line + 5 : "no reason given");
	rc = r->columns ? on_fields(r, line) : on_heading(r, line);
	return rc < 0 ? rc : 0;
}

/* Hand over every whole line in buf. 1: the answer is complete. */
static int take_lines(struct reply *r)
{
	size_t at = 0;
	int rc = 0;

	while (rc == 0) {
		char *end = memchr(r->buf + at, '\n', r->len - at);

		if (!end)
			break;
		rc = on_line(r, r->buf + at, (size_t)(end - r->buf) - at);
		at = (size_t)(end - r->buf) + 1;
	}
	r->len -= at;
	memmove(r->buf, r->buf + at, r->len);
	if (rc == 0 && r->len == sizeof(r->buf))
		return fail(r->why, -EPROTO, "a line of the daemon's answer is too long");
	return rc;
}

static int wait_readable(struct reply *r)
{
	uint64_t end_ms = clock_mono_ms() + SILENCE_MS;

	for (;;) {
		struct pollfd pfd = { .fd = r->fd, .events = POLLIN };
		uint64_t now_ms = clock_mono_ms();
		int n = poll(&pfd, 1, now_ms < end_ms ? (int)(end_ms - now_ms) : 0);

		if (n > 0)
			return 0;
		if (n == 0)
			return fail(r->why, -ETIMEDOUT, "the daemon does not answer");
		if (errno != EINTR)
			return fail(r->why, -errno, "poll: %s", strerror(errno));
	}
}

static int read_reply(struct reply *r)
{
	int rc = 0;

	while (rc == 0) {
		ssize_t got;

		rc = wait_readable(r);
		if (rc < 0)
			break;
		got = recv(r->fd, r->buf + r->len, sizeof(r->buf) - r->len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail(r->why, -ECONNRESET,
				    "the daemon closed the connection before the end of its answer");
		r->len += (size_t)got;
		r->total += (size_t)got;
		if (r->total > REPLY_MAX_BYTES)
			return fail(r->why, -EPROTO, "the daemon's answer is too long");
		rc = take_lines(r);
	}
	return rc < 0 ? rc : 0;
}

static int set_send_timeout(int fd)
{
	struct timeval tv = { .tv_sec = SILENCE_MS / 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int control_ask_fd(int fd, const char *const *words, size_t count,
		   const struct control_sink *sink, void *arg, char *why)
{
	struct reply *r = calloc(1, sizeof(*r));
	int rc;

	if (!r) {
		close(fd);
		return fail(why, -ENOMEM, "out of memory");
	}
	r->fd = fd;
	r->sink = sink;
	r->arg = arg;
	r->why = why;
	rc = send_request(fd, words, count, why);
	if (rc == 0)
		rc = read_reply(r);
	free(r);
	close(fd);
	return rc;
}

static int connect_failed(const char *path, int error, char *why)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return fail(why, -ECONNREFUSED, "namewardd is not running (nobody listens on %s)",
			    path);
	case EACCES:
	case EPERM:
		return fail(why, -EACCES, "%s: not permitted: try sudo", path);
	case EAGAIN:
		return fail(why, -ETIMEDOUT, "%s: the daemon does not take the connection", path);
	default:
		return fail(why, -error, "%s: %s", path, strerror(error));
	}
}

/* @retval fd; negative errno with why */
static int open_path(const char *path, char *why)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int rc, fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return fail(why, -EINVAL, "%s: the path is too long for a socket", path);
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(why, -errno, "socket: %s", strerror(errno));
	if (set_send_timeout(fd) < 0 ||
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		rc = connect_failed(path, errno, why);
		close(fd);
		return rc;
	}
	return fd;
}

/* Who may not use the control socket may perhaps look by the other one. */
static int open_either(const char *path, char *why)
{
	char query[PATH_MAX], ignored[CONTROL_WHY_MAX];
	int other, fd = open_path(path, why);

	if (fd != -EACCES || conf_query_path(path, query))
		return fd;
	other = open_path(query, ignored);
	return other < 0 ? fd : other;
}

int control_ask(const char *path, const char *const *words, size_t count,
		const struct control_sink *sink, void *arg, char *why)
{
	int fd = open_either(path, why);

	return fd < 0 ? fd : control_ask_fd(fd, words, count, sink, arg, why);
}
