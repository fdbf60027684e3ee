/*
 * DNS messages as bytes: read a question, walk an answer, write replies. Pure; knows
 * nothing of sockets, clients or policy. RFC 1035, 2308, 3597, 6891, 8020, 8482,
 * 8914.
 */
#ifndef RESOLVER_WIRE_H
#define RESOLVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

#define WIRE_HEAD	   12
#define WIRE_UDP_MAX	   1232 /* what we advertise and the most we send over UDP */
#define WIRE_QUERY_MAX	   4096 /* a longer query is not read */
#define WIRE_MAX	   65535

enum wire_type {
	TYPE_A = 1, TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_PTR = 12, TYPE_HINFO = 13,
	TYPE_MX = 15, TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_DNAME = 39, TYPE_OPT = 41,
	TYPE_RRSIG = 46, TYPE_SVCB = 64, TYPE_HTTPS = 65, TYPE_IXFR = 251, TYPE_AXFR = 252,
	TYPE_ANY = 255,
};
enum wire_class { CLASS_IN = 1, CLASS_CH = 3, CLASS_ANY = 255 };
enum wire_rcode {
	RCODE_NOERROR = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4, RCODE_REFUSED = 5, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23,
};
enum wire_option { OPTION_COOKIE = 10, OPTION_KEEPALIVE = 11, OPTION_EDE = 15 };
/** Extended DNS errors (RFC 8914 §4) that we send; EDE_NONE sends none. */
enum wire_ede {
	EDE_NONE = -1, EDE_OTHER = 0, EDE_STALE = 3, EDE_BLOCKED = 15, EDE_FILTERED = 17,
	EDE_PROHIBITED = 18, EDE_STALE_NXDOMAIN = 19, EDE_NOT_READY = 14, EDE_NO_REACHABLE = 22, EDE_NETWORK = 23,
};

#define WIRE_COOKIE_MIN	   8  /* a client's cookie (RFC 7873 §4) ... */
#define WIRE_COOKIE_MAX	   40 /* ... and a server's */
#define WIRE_OPTIONS_MAX   34 /* of a reply, besides an EDE: a cookie and a keepalive */

/** One question as it was asked. */
struct wire_question {
	uint16_t id;
	uint8_t opcode;	     /* 0 (QUERY) unless WIRE_NOTIMP; replies repeat it */
	bool rd, cd, ad;     /* header flags of the query */
	bool has_opt, dnssec_ok;
	uint8_t edns_version;
	uint16_t udp_size;   /* what the client takes over UDP: 512 without OPT, 512 to 1232 */
	uint8_t view;	     /* of the cache (policy_find_upstream); 0 as it is read */
	uint16_t qtype, qclass; /* both 0: no question was read, and replies have none */
	struct dname qname;  /* the client's case */
	bool keepalive;	     /* it has the option (RFC 7828) */
	uint8_t cookie_len;  /* 0: none */
	uint8_t cookie[WIRE_COOKIE_MAX];
	uint8_t options_len; /* of what replies carry in their OPT; 0 as it is read */
	uint8_t options[WIRE_OPTIONS_MAX];
};

enum wire_verdict {
	WIRE_OK,
	WIRE_DROP,    /* too short, a response, garbage that deserves no answer */
	WIRE_FORMERR, /* answer it; out->id and the flags are set, qname may be the root */
	WIRE_NOTIMP,  /* opcode other than QUERY */
	WIRE_BADVERS, /* EDNS version above 0; out is complete */
	WIRE_COOKIE,  /* no question, but a cookie: the client wants ours (RFC 7873 §5.4) */
	WIRE_REFUSED, /* AXFR, IXFR and other types that no zone holds (RFC 6895 §3.1), class
			 but IN; out is complete */
};

/** Read a client's packet. Exactly one question, no answer or authority records, at most
 *  one OPT, no bytes left behind; name uncompressed. */
enum wire_verdict wire_parse_question(const uint8_t *packet, size_t len,
				      struct wire_question *out);

/** Have replies to q carry this option, if they have an OPT; one that has no room in q is left
 *  out. */
void wire_add_option(struct wire_question *q, uint16_t code, const void *data, size_t len);

/** Write an upstream query for q into buf (WIRE_QUERY_MAX): RD and AD set (RFC 6840
 *  §5.7: so that AD in the reply can be kept for who asks), CD as asked, DO as asked,
 *  OPT of WIRE_UDP_MAX, no options, id 0. Returns its length. */
size_t wire_write_query(const struct wire_question *q, uint8_t *buf);

/** One resource record in place. */
struct wire_rr {
	uint16_t type, rrclass;
	uint32_t ttl_s;	 /* 0 where above 2^31-1; of an OPT the field as it is */
	size_t name_at;	 /* offset of its (compressed) name */
	size_t ttl_at;	 /* offset of its TTL field */
	size_t rdata_at;
	uint16_t rdata_len;
	uint8_t section; /* 1 answer, 2 authority, 3 additional */
};

/** Walks the records behind the question. Zero it, set packet and len, call wire_walk. */
struct wire_walker {
	const uint8_t *packet;
	size_t len;
	size_t at;
	uint8_t section;
	uint16_t left[4];
};

/** At most one question; names may point backwards, but not into the head.
 *  @retval 1 a record, 0 the exact end, -EBADMSG malformed or bytes left over */
int wire_walk(struct wire_walker *w, struct wire_rr *out);

/** What an answer says, gathered in one walk. */
#define WIRE_CHAIN_MAX 16
#define WIRE_ADDRS_MAX 64
struct wire_answer {
	uint16_t rcode; /* extended by OPT */
	bool truncated, authentic, aa;
	struct dname chain[WIRE_CHAIN_MAX]; /* CNAME and DNAME targets in order, then SVCB
					       targets; lower case */
	unsigned chain_count;
	struct {
		struct addr addr;
		uint32_t ttl_s; /* the record's own */
		bool hint;	/* from an ipv4hint or ipv6hint (RFC 9460) */
	} addrs[WIRE_ADDRS_MAX];
	unsigned addr_count;
	unsigned addr_records; /* A, AAAA, SVCB and HTTPS in the answer section, whoever owns them */
	uint32_t cache_ttl_s; /* lowest TTL of the answer section; negative: RFC 2308 §5, from the
				 SOA; 0: not cacheable (also what is truncated) */
	bool negative;	      /* NXDOMAIN or NODATA */
};

/** Read a reply that belongs to q: QR set, same question (case ignored), whole.
 *  Addresses count only where rcode is NOERROR and the chain from q->qname ends at their
 *  owner; those behind WIRE_ADDRS_MAX are left out. TTLs above 2^31-1 count as 0
 *  (RFC 2181 §8).
 *  @retval -EBADMSG  malformed, a chain that loops or is longer than WIRE_CHAIN_MAX
 *  @retval -EINVAL   another question; out is undefined on failure */
int wire_parse_answer(const uint8_t *packet, size_t len, const struct wire_question *q,
		      struct wire_answer *out);

/** Largest prepared form: a whole message and 4 bytes for each record it can hold. */
#define WIRE_PREPARED_MAX 90112

/** Bring an upstream's reply into the form that the cache keeps, so that a hit is one
 *  copy and a few stores: OPT removed but for the code of its first extended error, TTLs
 *  above 2^31-1 zeroed, extended rcodes (which concern this hop only) made SERVFAIL, and a
 *  list of what is changed for each client.
 *  Opaque: bytes of any alignment, valid in this process only.
 *  @param buf  of WIRE_PREPARED_MAX bytes; about len + 4 a record are used
 *  @return length of the prepared form; 0 if the reply is malformed or not to q's
 *    question */
size_t wire_prepare(const struct wire_question *q, const uint8_t *reply, size_t len,
		    uint8_t *buf);

/**
 * Make the client's reply from a prepared one: its id, its question in its case, RD and
 * CD as asked, RA set, AA clear, AD only if asked for (AD or DO), our OPT (or none) with the
 * upstream's extended error, every TTL lowered by age_s (not below 1 unless it was 0), then
 * limited to ttl_max_s,
 * and cut to max bytes at a record boundary; TC tells that answer or authority records
 * are missing. DNSSEC records that were not asked for stay as the upstream sent them.
 *
 * @param q    same name as prepared for, in any case; of another type where none exists
 * @param buf  of max bytes, at least 512
 * @retval  length of the reply; 0 if prepared is none, or of a name of another length
 */
size_t wire_write_prepared(const struct wire_question *q, const uint8_t *prepared, size_t len,
			   uint32_t age_s, uint32_t ttl_max_s, uint8_t *buf, size_t max);

/** Take those records out of a reply that leave_out says yes to. Left out too is what stands
 *  behind them and cannot move up: a name there that points behind the first one left out,
 *  and types whose data may hold names, but for the ones that are a single name. In an
 *  answer with addresses that is a SOA in authority (RFC 2181 §9). AD is cleared if something
 *  of answer or authority is missing then.
 *  @param arg  borrowed, handed to leave_out
 *  @return the reply's new length */
size_t wire_leave_out(uint8_t *reply, size_t len,
		      bool (*leave_out)(const void *arg, const uint8_t *reply,
					const struct wire_rr *rr),
		      const void *arg);

/** Both in one, for a reply that is used once. Same results; 0 if malformed. */
size_t wire_write_reply(const struct wire_question *q, const uint8_t *reply, size_t len,
			uint32_t age_s, uint32_t ttl_max_s, uint8_t *buf, size_t max);

#endif
