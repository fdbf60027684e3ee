/*
 * Events that wait for the next commit. Bounded; knows nothing of SQL.
 */
#ifndef DB_EVENTS_H
#define DB_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct events;
struct msg_event;

#define EVENTS_MAX 256

struct event_row {
	int64_t ts_us;
	char kind[64], subject[256], detail[513]; /* printable; cut where longer */
};

/** @return NULL without memory */
struct events *events_new(void);
void events_free(struct events *e);

/** Take over one checked record (copied). @retval -ENOSPC full: dropped */
int events_add(struct events *e, const struct msg_event *m);

/** An event of our own. @retval -ENOSPC full: dropped */
int events_note(struct events *e, int64_t ts_us, const char *kind, const char *subject,
		const char *detail_fmt, ...) PRINTF_LIKE(5, 6);

size_t events_count(const struct events *e);

/** The i-th waiting, oldest first. */
const struct event_row *events_at(const struct events *e, size_t i);

/** All have been written. */
void events_committed(struct events *e);

#endif
