/*
 * Refused packets folded into one line for each (device, destination, service) until they
 * are taken out. Pure; bounded. Knows nothing of where packets come from and where lines go.
 */
#ifndef FLOWS_TALLY_H
#define FLOWS_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct tally;

/** Lines held at one time; what comes on top is counted only. */
#define TALLY_MAX 4096

/** What makes two packets the same. Unused bytes are zero, so that memcmp compares: zero it
 *  first. */
struct tally_key {
	struct addr client;
	struct addr dest;
	struct mac mac; /* zero: none */
	bool has_mac;
	bool would; /* observed only */
	uint8_t proto;
	uint16_t port;
	uint32_t ifindex;
};

struct tally_line {
	struct tally_key key;
	uint32_t n;
	int64_t first_us; /* wall clock of the first packet */
};

/** @retval -ENOMEM */
int tally_new(struct tally **out);
void tally_free(struct tally *t);

/** Count one packet.
 *  @retval 0        counted
 *  @retval -ENOSPC  a line more than TALLY_MAX: counted in tally_overflow only */
int tally_add(struct tally *t, const struct tally_key *key, int64_t now_us);

/** Lines held, and line i of them, in order of arrival; borrowed until the next call. */
size_t tally_count(const struct tally *t);
const struct tally_line *tally_at(const struct tally *t, size_t i);

/** Packets not counted in a line since tally_clear. */
uint64_t tally_overflow(const struct tally *t);

/** Forget all lines. */
void tally_clear(struct tally *t);

#endif
