/* The part of the gate that refuses addresses of lists; see gate.h. */
#ifndef NFTSYNC_GATE_RANGES_H
#define NFTSYNC_GATE_RANGES_H

#include <stddef.h>

struct gate;

/** Addresses of lists, as a range image, which the zones refuse that say so: gate_tick() fills
 *  the sets in slices, then changes each in one transaction. What is no good image is not
 *  taken. @param fd  owned */
void gate_take_ranges(struct gate *g, int fd);

/** Ranges of them in force. */
size_t gate_ranges_count(const struct gate *g);

#endif
