/*
 * Records of what is recorded: lookups, refused connections, events. A part of the catalogue of
 * messages (msg.h), whose rules hold: only ever append.
 */
#ifndef LIB_MSG_HISTORY_H
#define LIB_MSG_HISTORY_H

#include <stdint.h>

#include "lib/addr.h"

/** What became of a lookup. The numbers are stored for years: only ever add. */
enum msg_verdict {
	VERDICT_FORWARDED = 1,	 /* answered by an upstream */
	VERDICT_CACHED = 2,	 /* from the cache */
	VERDICT_STALE = 3,	 /* from the cache after its end: upstreams failed */
	VERDICT_LOCAL = 4,	 /* answered by ourselves */
	VERDICT_BLOCKED = 5,	 /* the asked name is on a list */
	VERDICT_BLOCKED_CNAME = 6, /* a name in the answer's chain is on a list */
	VERDICT_FAILED = 7,	 /* no upstream answered: SERVFAIL */
	VERDICT_REFUSED = 8,	 /* not answered for policy reasons (opcode, class, client) */
	VERDICT_GATE_FAILED = 9, /* an answer was there; its addresses could not be leased */
	VERDICT_REBIND = 10,	 /* a public name led to addresses at home alone: none was given */
	VERDICT_COUNT = 11,
};

/** Sizes of the variable parts, which follow the record in this order. */
struct msg_lookup {
	uint16_t size;
	uint8_t verdict;
	uint8_t rcode;	/* the low byte of the extended code */
	uint16_t qtype;
	uint16_t qclass;
	int64_t ts_us; /* wall clock at arrival */
	uint32_t rtt_us;  /* time the upstream took; 0: none asked */
	uint32_t hold_us; /* time the answer waited for the kernel; 0: not held */
	struct addr client;
	uint8_t has_mac;
	struct mac mac;
	struct addr upstream; /* family 0: none */
	uint8_t qname_len;    /* wire form, 1 to 255 */
	uint8_t device_len;   /* label of the device in the configuration, no NUL */
	uint8_t list_len;     /* name of the list that matched */
	uint8_t pattern_len;  /* its entry, as written: "*.ads.example" */
	uint8_t pad;
	uint16_t answer_len; /* sequence of struct msg_rr */
	uint8_t data[];
};

/** One record of the answer; unaligned: copy it out. */
struct msg_rr {
	uint16_t type;
	uint16_t rdata_len; /* A, AAAA: the address; CNAME: an uncompressed name; others absent */
	uint32_t ttl_s;
};

struct msg_refused {
	uint16_t size;
	uint8_t would;	/* 1: observed only, would have been refused */
	uint8_t proto;	/* IP protocol number */
	uint16_t port;	/* destination port; 0 where the protocol has none */
	uint8_t has_mac;
	struct mac mac;
	struct addr client;
	struct addr dest;
	uint8_t pad[1];
	uint32_t n; /* packets folded into this record */
	char interface[16];
	int64_t ts_us; /* of the first */
};

struct msg_event {
	uint16_t size;
	uint8_t kind_len;    /* "gate-restored", "index-loaded": a word */
	uint8_t subject_len; /* what it is about, may be empty */
	uint16_t detail_len; /* one sentence, at most MSG_TEXT_MAX */
	uint16_t zero;
	int64_t ts_us;
	char data[]; /* kind, subject, detail */
};

#endif
