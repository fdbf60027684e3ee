/* COPY's text format; see pg_rows.h. */
#include "export/pg_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/util.h"

#define SECOND_US 1000000ll

void pg_rows_reset(struct pg_rows *r)
{
	r->len = 0;
	r->has_value = false;
}

void pg_rows_fini(struct pg_rows *r)
{
	free(r->bytes);
	*r = (struct pg_rows){ 0 };
}

static bool has_room(struct pg_rows *r, size_t more)
{
	size_t size = MAX(r->size * 2, r->len + more + 4096);
	char *bytes;

	if (r->failed)
		return false;
	if (r->len + more <= r->size)
		return true;
	bytes = realloc(r->bytes, size);
	if (!bytes) {
		r->failed = -ENOMEM;
		return false;
	}
	r->bytes = bytes;
	r->size = size;
	return true;
}

/* Bytes of the character at p (RFC 3629), or 0: it is none. */
static size_t utf8_len(const unsigned char *p)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;

	if (len == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
		return 0;
	return len;
}

static char *put_escaped(char *to, const unsigned char *from)
{
	while (*from) {
		size_t len = utf8_len(from);

		if (len > 1) {
			to = mempcpy(to, from, len);
			from += len;
			continue;
		}
		switch (len ? *from : 0) {
		case 0:
			*to++ = '?';
			break;
		case '\\':
			to = mempcpy(to, "\\\\", 2);
			break;
		case '\t':
			to = mempcpy(to, "\\t", 2);
			break;
		case '\n':
			to = mempcpy(to, "\\n", 2);
			break;
		case '\r':
			to = mempcpy(to, "\\r", 2);
			break;
		default:
			*to++ = (char)*from;
		}
		from++;
	}
	return to;
}

void pg_rows_add(struct pg_rows *r, const char *text)
{
	char *to;

	if (!has_room(r, 2 * (text ? strlen(text) : 1) + 1))
		return;
	to = r->bytes + r->len;
	if (r->has_value)
		*to++ = '\t';
	r->has_value = true;
	if (text)
		to = put_escaped(to, (const unsigned char *)text);
	else
		to = mempcpy(to, "\\N", 2);
	r->len = (size_t)(to - r->bytes);
}

void pg_rows_end(struct pg_rows *r)
{
	if (has_room(r, 1))
		r->bytes[r->len++] = '\n';
	r->has_value = false;
}

/* --- times ---------------------------------------------------------------------------- */

static struct tm utc_of(int64_t us)
{
	time_t s = (time_t)(us / SECOND_US);
	struct tm tm = { 0 };

	gmtime_r(&s, &tm);
	return tm;
}

const char *pg_time(int64_t us, char *buf)
{
	struct tm tm = utc_of(us);

	snprintf(buf, PG_TIME_MAX, "%04d-%02d-%02d %02d:%02d:%02d.%06d+00",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(us % SECOND_US));
	return buf;
}

int64_t pg_month_of(int64_t us)
{
	struct tm tm = utc_of(us);

	return (tm.tm_year + 1900) * 12ll + tm.tm_mon;
}

int64_t pg_month_start_us(int64_t month)
{
	struct tm tm = { .tm_year = (int)(month / 12 - 1900), .tm_mon = (int)(month % 12),
			 .tm_mday = 1 };

	return (int64_t)timegm(&tm) * SECOND_US;
}
