/*
 * One line an event on standard error: "module: what: why". With JOURNAL_STREAM set each
 * line carries its level as <N>. A reader that stopped reading never blocks us: what does
 * not fit at once is dropped and counted.
 *
 * Only process files log; pure modules return what happened. Names and texts from outside
 * are escaped by the caller (dname_to_text, log_safe).
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stdint.h>

#include "lib/util.h"

enum log_level {
	LOG_LEVEL_ERR = 3,     /* needs an operator */
	LOG_LEVEL_WARNING = 4, /* coped */
	LOG_LEVEL_INFO = 6,    /* life cycle */
	LOG_LEVEL_DEBUG = 7,
};

/** Name this process in its lines and set the lowest level that is printed.
 *  @param process  borrowed for the process's life */
void log_init(const char *process, enum log_level level);

void log_err(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** One site's limit: at most one line in ten seconds; the next says how many were left out. */
struct log_limit {
	uint64_t next_ms;
	uint64_t left_out;
};

/** A warning through a limit owned by the caller (zeroed at start). */
void log_warning_limited(struct log_limit *limit, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Copy text with control characters and backslash as \DDD into buf; returns buf. */
const char *log_safe(const char *text, char *buf, size_t size);

#endif
