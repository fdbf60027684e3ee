/*
 * Is this packet the reply to that question? Pure: knows nothing of sockets, servers or
 * c-ares. RFC 1035 §7.3, RFC 5452 §9.1, RFC 6891.
 */
#ifndef RESOLVER_REPLY_CHECK_H
#define RESOLVER_REPLY_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_verdict {
	REPLY_OK,
	REPLY_CASE,   /* all is right but the case of the question's letters (0x20) */
	REPLY_BARE,   /* a head alone with an error code, as servers of old refuse EDNS */
	REPLY_SHORT,  /* shorter than a head */
	REPLY_QUERY,  /* QR is 0 */
	REPLY_OPCODE, /* not QUERY */
	REPLY_ID,     /* no such id in flight on this socket; the caller finds out */
	REPLY_COUNT,  /* QDCOUNT is not 1 */
	REPLY_QUESTION, /* another name, type or class */
	REPLY_RECORDS,	/* the records end before or behind the packet's end */
	REPLY_LONG,	/* longer than what was advertised by far; the caller finds out */
	REPLY_VERDICTS,
};

/** What a checked reply says. */
struct reply_facts {
	uint16_t rcode; /* extended by OPT where there is one */
	bool truncated;
	bool has_opt;
	bool whole; /* the records were walked to the exact end; not so for some TC
		       replies */
};

/** Look at the head alone: REPLY_OK, REPLY_SHORT, REPLY_QUERY or REPLY_OPCODE. */
enum reply_verdict reply_check_head(const uint8_t *packet, size_t len);

/** Check a packet whose head passed and whose id is right.
 *
 * The records of a truncated reply need not be whole (RFC 2181 §9: they are ignored).
 *
 * @param question  as sent: name, type, class
 * @param out       valid for REPLY_OK, REPLY_CASE and REPLY_BARE */
enum reply_verdict reply_check(const uint8_t *packet, size_t len, const uint8_t *question,
			       size_t question_len, struct reply_facts *out);

/** A word for status rows. */
const char *reply_verdict_name(enum reply_verdict v);

#endif
