/* A DNS message's answer section; see past_answer.h. */
#include "cli/past_answer.h"

#include <errno.h>
#include <stdbool.h>

#include "db/past.h"
#include "lib/util.h"

#define HEADER_BYTES  12
#define RR_BYTES      10 /* behind the owner: type, class, TTL, length */
#define TYPE_A	      1
#define TYPE_CNAME    5
#define TYPE_AAAA     28

static int take_record(const uint8_t *packet, size_t len, size_t *at, struct past_lookup *to)
{
	struct dname name;
	uint16_t type, rdata_len;
	uint32_t ttl_s;
	size_t end, unused;
	int rc = dname_from_packet(packet, len, *at, &name, at);

	if (rc || len - *at < RR_BYTES)
		return -EBADMSG;
	type = load_be16(packet + *at);
	ttl_s = load_be32(packet + *at + 4);
	rdata_len = load_be16(packet + *at + 8);
	*at += RR_BYTES;
	if (len - *at < rdata_len)
		return -EBADMSG;
	end = *at + rdata_len;
	if ((type == TYPE_A && rdata_len != 4) || (type == TYPE_AAAA && rdata_len != 16))
		return -EBADMSG;
	if (type == TYPE_CNAME) {
		rc = dname_from_packet(packet, end, *at, &name, &unused);
		if (rc)
			return rc;
		dname_lower(&name);
		past_add_record(to, type, ttl_s, name.wire, name.len);
	} else {
		bool is_address = type == TYPE_A || type == TYPE_AAAA;

		past_add_record(to, type, ttl_s, packet + *at, is_address ? rdata_len : 0);
	}
	*at = end;
	return 0;
}

int past_answer_take(const uint8_t *packet, size_t len, struct past_lookup *to)
{
	struct dname name;
	size_t at = HEADER_BYTES;
	uint16_t questions, answers;
	int rc = 0;

	if (len < HEADER_BYTES)
		return -EBADMSG;
	to->rcode = packet[3] & 0x0f;
	questions = load_be16(packet + 4);
	answers = load_be16(packet + 6);
	for (; questions && rc == 0; questions--) {
		rc = dname_from_packet(packet, len, at, &name, &at);
		if (rc == 0 && len - at < 4)
			rc = -EBADMSG;
		if (rc == 0)
			at += 4;
	}
	for (; answers && rc == 0; answers--)
		rc = take_record(packet, len, &at, to);
	return rc;
}
