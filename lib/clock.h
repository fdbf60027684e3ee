/* The two clocks. Intervals use the first, records the second; neither is ever mixed. */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdint.h>

/** CLOCK_BOOTTIME in microseconds: never steps, counts suspend as the kernel's
 *  set timeouts and a TTL do. */
uint64_t clock_mono_us(void);

/** The same in milliseconds. */
uint64_t clock_mono_ms(void);

/** CLOCK_REALTIME in microseconds since 1970; may step both ways. */
int64_t clock_wall_us(void);

#endif
