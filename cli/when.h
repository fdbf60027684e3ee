/*
 * Points in time as people write and read them, in the local time zone (TZ). The present is
 * a parameter. Knows nothing of who asks.
 */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

#define WHEN_TEXT_MAX 40

/** Parse a time as journalctl takes it: "now", "today", "yesterday", "tomorrow" (their
 *  midnight), "-2h", "-1h30min", "2h ago", "+5min", "2026-11-23", "2026-11-23 08:00[:SS]"
 *  (also with T), "08:00" (today), "@1795420800[.5]"; a date or clock time may end in "Z" or
 *  "UTC" (or, behind a clock time, "+01:00").
 *
 * @param now_us  unix time in microseconds
 * @param out_us  the same
 * @retval -EINVAL  not such a text, or no such day; out untouched
 * @retval -ERANGE  before 1970 or after 9999 */
int when_parse(const char *text, int64_t now_us, int64_t *out_us);

/** "2026-11-23 08:00:31" local time, in buf of WHEN_TEXT_MAX bytes; returns buf. */
const char *when_text(int64_t us, char *buf);

/** "2026-11-23T08:00:31.250000+01:00" (RFC 3339); likewise. */
const char *when_rfc3339(int64_t us, char *buf);

#endif
