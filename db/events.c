/* A bounded array of events; see events.h. */
#include "db/events.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/text.h"
#include "lib/msg.h"

struct events {
	size_t count;
	struct event_row rows[EVENTS_MAX];
};

struct events *events_new(void)
{
	return calloc(1, sizeof(struct events));
}

void events_free(struct events *e)
{
	free(e);
}

int events_add(struct events *e, const struct msg_event *m)
{
	struct event_row *row = &e->rows[e->count];
	const char *p = m->data;

	if (e->count == EVENTS_MAX)
		return -ENOSPC;
	row->ts_us = m->ts_us;
	text_clean(row->kind, sizeof(row->kind), p, m->kind_len);
	p += m->kind_len;
	text_clean(row->subject, sizeof(row->subject), p, m->subject_len);
	p += m->subject_len;
	text_clean(row->detail, sizeof(row->detail), p, m->detail_len);
	e->count++;
	return 0;
}

int events_note(struct events *e, int64_t ts_us, const char *kind, const char *subject,
		const char *detail_fmt, ...)
{
	struct event_row *row = &e->rows[e->count];
	char detail[sizeof(row->detail)];
	va_list args;

	if (e->count == EVENTS_MAX)
		return -ENOSPC;
	va_start(args, detail_fmt);
	vsnprintf(detail, sizeof(detail), detail_fmt, args);
	va_end(args);
	row->ts_us = ts_us;
	text_clean(row->kind, sizeof(row->kind), kind, strlen(kind));
	text_clean(row->subject, sizeof(row->subject), subject, strlen(subject));
	text_clean(row->detail, sizeof(row->detail), detail, strlen(detail));
	e->count++;
	return 0;
}

size_t events_count(const struct events *e)
{
	return e->count;
}

const struct event_row *events_at(const struct events *e, size_t i)
{
	return &e->rows[i];
}

void events_committed(struct events *e)
{
	e->count = 0;
}
