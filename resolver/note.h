/*
 * What an answer says, in the form in which the cache keeps it beside the wire, leases are
 * asked for and the history stores it. Pure.
 */
#ifndef RESOLVER_NOTE_H
#define RESOLVER_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"
#include "resolver/wire.h"

/** rrs is a sequence of struct msg_rr: the chain's names as CNAME, then the addresses. */
struct note {
	uint16_t rcode;
	bool has_chain;
	bool has_others; /* addresses may stand in the answer that are not among rrs, or hints */
	bool has_public; /* an address that the gate guards is among them */
	uint32_t len;	 /* of rrs */
	uint8_t rrs[];
};

#define NOTE_MAX (sizeof(struct note) + \
		  WIRE_CHAIN_MAX * (sizeof(struct msg_rr) + DNAME_MAX) + \
		  WIRE_ADDRS_MAX * (sizeof(struct msg_rr) + 16))

/** Fill buf (NOTE_MAX bytes, 8-aligned) from an answer; returns its whole length. */
size_t note_write(const struct wire_answer *a, struct note *buf);

/** Step through the records: at starts as 0. rdata is borrowed from the note.
 *  @return false behind the last one */
bool note_next(const struct note *n, size_t *at, struct msg_rr *rr, const uint8_t **rdata);

/** True if this address is one of the records. */
bool note_has_addr(const struct note *n, const struct addr *a);

#endif
