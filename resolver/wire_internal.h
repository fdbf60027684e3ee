/* What the wire_*.c files share; nobody else includes it. */
#ifndef RESOLVER_WIRE_INTERNAL_H
#define RESOLVER_WIRE_INTERNAL_H

#include "resolver/wire.h"

/* Header fields (RFC 1035 §4.1.1, RFC 4035 §3.2). */
enum { AT_ID = 0, AT_FLAGS = 2, AT_QDCOUNT = 4, AT_ANCOUNT = 6, AT_NSCOUNT = 8,
       AT_ARCOUNT = 10 };
enum {
	FLAG_QR = 0x8000, FLAG_AA = 0x0400, FLAG_TC = 0x0200, FLAG_RD = 0x0100,
	FLAG_RA = 0x0080, FLAG_AD = 0x0020, FLAG_CD = 0x0010,
	MASK_OPCODE = 0x7800, SHIFT_OPCODE = 11, MASK_RCODE = 0x000f,
};

#define WIRE_UDP_MIN   512	  /* what anybody takes (RFC 1035 §2.3.4) */
#define WIRE_OPT_BYTES 11	  /* an OPT record without options */
#define WIRE_RR_MIN    11	  /* root owner, no RDATA */
#define WIRE_TTL_MAX   0x7fffffff /* RFC 2181 §8 */
#define OPT_DO	       0x8000

static inline uint8_t wire_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/** Step over the name at packet[at] without following its pointer, which must go
 *  backwards and not into the head.
 *  @param pointer  the pointer's target, 0 if there is none; may be NULL
 *  @return the offset behind it; 0 if malformed */
size_t wire_skip_name(const uint8_t *packet, size_t len, size_t at, size_t *pointer);

/** True if the possibly compressed name at packet[at] is name, case ignored. */
bool wire_name_equal(const uint8_t *packet, size_t len, size_t at,
		     const struct dname *name);

/** Write head and question of a reply to q; flags are added to QR, RA, opcode, RD and CD.
 *  Returns the offset behind the question. */
size_t wire_put_head(const struct wire_question *q, unsigned flags, uint8_t *buf);

/** Write our OPT record, with an extended rcode and room for rdata_len bytes of options
 *  that the caller fills in at the end. Returns WIRE_OPT_BYTES. */
size_t wire_put_opt(bool dnssec_ok, unsigned rcode, size_t rdata_len, uint8_t *to);

/** The OPT of a reply to q, with q's options, and room for more_len bytes of further ones that
 *  the caller fills in behind. Returns its length without those. */
size_t wire_put_reply_opt(const struct wire_question *q, unsigned rcode, size_t more_len,
			  uint8_t *to);

#endif
