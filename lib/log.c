/* Log lines on standard error; see log.h. The only module with state of its own. */
#include "lib/log.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"

#define LINE_MAX_BYTES	 1024
#define LIMIT_PERIOD_MS	 10000

static const char *process_name = "nameward";
static enum log_level lowest = LOG_LEVEL_INFO;
static bool journal;
static uint64_t lines_lost;

void log_init(const char *process, enum log_level level)
{
	process_name = process;
	lowest = level;
	journal = getenv("JOURNAL_STREAM") != NULL;
}

/* A pipe that takes a whole line takes it at once (PIPE_BUF), so a poll is enough. */
static bool put(const char *line, size_t len)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) &&
	       write(STDERR_FILENO, line, len) >= 0;
}

static const char *level_word(enum log_level level)
{
	if (level == LOG_LEVEL_ERR)
		return "error: ";
	return level == LOG_LEVEL_WARNING ? "warning: " : "";
}

static void log_line(enum log_level level, const char *fmt, va_list ap, const char *tail)
{
	char line[LINE_MAX_BYTES], lost[48] = "";
	int n = 0, m;

	if (level > lowest)
		return;
	if (lines_lost)
		snprintf(lost, sizeof(lost), "(%llu lines lost) ",
			 (unsigned long long)lines_lost);
	if (journal)
		n = snprintf(line, sizeof(line), "<%d>", level);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s%s", process_name,
		      journal ? "" : level_word(level), lost);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	n = m < 0 ? n : MIN(n + m, LINE_MAX_BYTES - 1);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s", tail);
	n = MIN(n, LINE_MAX_BYTES - 2);
	line[n++] = '\n';
	lines_lost = put(line, (size_t)n) ? 0 : lines_lost + 1;
}

#define LOG_FUNCTION(name, level)               \
	void name(const char *fmt, ...)         \
	{                                       \
		va_list ap;                     \
						\
		va_start(ap, fmt);              \
		log_line(level, fmt, ap, "");   \
		va_end(ap);                     \
	}

LOG_FUNCTION(log_err, LOG_LEVEL_ERR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void log_warning_limited(struct log_limit *limit, const char *fmt, ...)
{
	uint64_t now = clock_mono_ms();
	char tail[64] = "";
	va_list ap;

	if (now < limit->next_ms) {
		limit->left_out++;
		return;
	}
	if (limit->left_out)
		snprintf(tail, sizeof(tail), " (and %llu more before)",
			 (unsigned long long)limit->left_out);
	limit->next_ms = now + LIMIT_PERIOD_MS;
	limit->left_out = 0;
	va_start(ap, fmt);
	log_line(LOG_LEVEL_WARNING, fmt, ap, tail);
	va_end(ap);
}

const char *log_safe(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text && n + 5 < size; text++) {
		uint8_t c = (uint8_t)*text;

		if (c < 0x20 || c == 0x7f || c == '\\')
			n += (size_t)snprintf(buf + n, size - n, "\\%03u", c);
		else
			buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return buf;
}
