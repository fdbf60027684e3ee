/*
 * The time by which old rows are deleted. A wall clock that jumped (a dead battery, a wrong
 * NTP server) must not wipe a history, so it is believed only as far as it agrees with the
 * monotonic clock. Pure: time comes in as parameters.
 *
 * - In step (within AGREED_STEP_S of what was agreed plus the time that passed): believed.
 * - Across a start, where nobody counted the time, up to AGREED_OFF_S apart: believed.
 * - Otherwise doubted. Until it has kept to its new course for AGREED_HOLD_S of running
 *   time, the agreed clock goes on by the monotonic one, and the earlier of both counts.
 */
#ifndef DB_AGREED_CLOCK_H
#define DB_AGREED_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define AGREED_STEP_S (60 * 60)
#define AGREED_OFF_S  (7 * 86400)
#define AGREED_HOLD_S (7 * 86400)

struct agreed_clock {
	/* kept in the database, so that doubt outlives a start */
	int64_t agreed_us;  /* 0: never agreed on anything */
	int64_t doubted_us; /* running time in doubt; 0: none */
	int64_t ahead_us;   /* in doubt: the wall clock is this far ahead of the agreed one */
	/* of this run */
	uint64_t mono_us;
	bool is_running;
};

/** Bring the clock to now; call it at least every hour.
 *  @param c  its first three members as they were kept, the others zero, at the first call
 *  @return the time before which rows may be counted as old */
int64_t agreed_clock_now(struct agreed_clock *c, int64_t wall_us, uint64_t mono_us);

/** True while the wall clock is not believed. */
bool agreed_clock_in_doubt(const struct agreed_clock *c);

#endif
