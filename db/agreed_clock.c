/* Which time to believe; see agreed_clock.h. */
#include "db/agreed_clock.h"

#include <stdlib.h>

#include "lib/util.h"

#define SECOND_US 1000000ll

static bool is_within(int64_t difference_us, int64_t limit_s)
{
	return llabs(difference_us) <= limit_s * SECOND_US;
}

static void believe(struct agreed_clock *c, int64_t wall_us)
{
	c->agreed_us = wall_us;
	c->doubted_us = 0;
	c->ahead_us = 0;
}

static void doubt(struct agreed_clock *c, int64_t ahead_us, int64_t elapsed_us)
{
	int64_t drift_limit_s = c->is_running ? AGREED_STEP_S : AGREED_OFF_S;

	if (!c->doubted_us || !is_within(ahead_us - c->ahead_us, drift_limit_s)) {
		c->doubted_us = 1; /* a new course: its time starts now */
	} else {
		c->doubted_us += elapsed_us;
	}
	c->ahead_us = ahead_us;
}

int64_t agreed_clock_now(struct agreed_clock *c, int64_t wall_us, uint64_t mono_us)
{
	int64_t elapsed_us = c->is_running ? (int64_t)(mono_us - c->mono_us) : 0;
	int64_t limit_s = c->is_running ? AGREED_STEP_S : AGREED_OFF_S;
	int64_t ahead_us;

	if (!c->agreed_us)
		c->agreed_us = wall_us;
	c->agreed_us += elapsed_us;
	ahead_us = wall_us - c->agreed_us;
	if (is_within(ahead_us, limit_s))
		believe(c, wall_us);
	else
		doubt(c, ahead_us, elapsed_us);
	if (c->doubted_us >= AGREED_HOLD_S * SECOND_US)
		believe(c, wall_us);
	c->mono_us = mono_us;
	c->is_running = true;
	return MIN(wall_us, c->agreed_us);
}

bool agreed_clock_in_doubt(const struct agreed_clock *c)
{
	return c->doubted_us != 0;
}
