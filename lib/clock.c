/* The two clocks, see clock.h. Knows nothing of timers. */
#include "lib/clock.h"

#include <time.h>

static uint64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts); /* cannot fail for the two clocks used here */
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

uint64_t clock_mono_us(void)
{
	return read_us(CLOCK_BOOTTIME);
}

uint64_t clock_mono_ms(void)
{
	return read_us(CLOCK_BOOTTIME) / 1000u;
}

int64_t clock_wall_us(void)
{
	return (int64_t)read_us(CLOCK_REALTIME);
}
