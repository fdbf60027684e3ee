/* The configuration in force, and when what has hours in it begins or ends. Pure: the time is a
 * parameter. */
#ifndef NFTSYNC_TIMETABLE_H
#define NFTSYNC_TIMETABLE_H

#include <stdbool.h>
#include <stdint.h>

struct conf;

/** Zeroed: no configuration. */
struct timetable {
	struct conf *conf;  /* owned or NULL */
	int64_t applied_s;  /* wall time of the last look */
	int64_t edge_s;	    /* until then all stays */
	bool is_retry;	    /* what the last look has found could not be brought in force */
};

/** Take a new configuration, which was applied last, in place of the one in force. */
void timetable_set(struct timetable *t, struct conf *c);

/** The same, where rc says 0; else the one in force, if there is any, goes on with its own hours,
 *  and c is freed. */
void timetable_settle(struct timetable *t, struct conf *c, int rc);

/** Open and close in c, which is or will be in force, what the hours say. @return whether
 *  anything is otherwise */
bool timetable_apply(struct timetable *t, struct conf *c, int64_t now_s);

/** The same for the configuration in force, if hours begin or end or the clock was set back.
 *  @return whether it is to be brought in force */
bool timetable_look(struct timetable *t, int64_t now_s);

void timetable_fini(struct timetable *t);

#endif
