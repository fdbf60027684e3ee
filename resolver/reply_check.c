/*
 * Checks replies before anything else reads them; see reply_check.h. Names in records are
 * only stepped over here: wire_parse_answer() reads them.
 */
#include "resolver/reply_check.h"

#include <string.h>

#include "lib/util.h"

#define HEAD_LEN       12
#define RR_FIXED       10 /* type, class, TTL, length of data */
#define QUESTION_FIXED 4
#define FLAG_QR	       0x80 /* of byte 2 */
#define FLAG_TC	       0x02
#define OPCODE_MASK    0x78
#define OPT_TYPE       41

/** Step over the name at packet[at]; returns the offset behind it, 0 if it is none. */
static size_t skip_name(const uint8_t *packet, size_t len, size_t at)
{
	size_t start = at;

	while (at < len) {
		uint8_t n = packet[at];

		if (n == 0)
			return at + 1;
		if ((n & 0xc0) == 0xc0) { /* a pointer leads backwards */
			if (at + 2 > len || (load_be16(packet + at) & 0x3fffu) >= start)
				return 0;
			return at + 2;
		}
		if (n & 0xc0)
			return 0;
		at += 1u + n;
	}
	return 0;
}

/** Walk all records behind the question. */
static bool walk_records(const uint8_t *packet, size_t len, size_t at,
			 struct reply_facts *out)
{
	unsigned count = (unsigned)load_be16(packet + 6) + load_be16(packet + 8) +
			 load_be16(packet + 10);

	while (count--) {
		at = skip_name(packet, len, at);
		if (!at || len - at < RR_FIXED)
			return false;
		if (load_be16(packet + at) == OPT_TYPE) {
			out->has_opt = true;
			out->rcode = (uint16_t)(packet[at + 4] << 4 |
						(out->rcode & 0x0f));
		}
		at += RR_FIXED + load_be16(packet + at + 8);
		if (at > len)
			return false;
	}
	return at == len;
}

static uint8_t to_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/** Compare questions: 0 equal, 1 equal but for case, 2 different. The length octets of
 *  labels are below 'A', so folding the whole name is safe. */
static int compare_question(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t name_len = len - QUESTION_FIXED;

	if (!memcmp(a, b, len))
		return 0;
	if (memcmp(a + name_len, b + name_len, QUESTION_FIXED) != 0)
		return 2;
	for (size_t i = 0; i < name_len; i++)
		if (to_lower(a[i]) != to_lower(b[i]))
			return 2;
	return 1;
}

enum reply_verdict reply_check_head(const uint8_t *packet, size_t len)
{
	if (len < HEAD_LEN)
		return REPLY_SHORT;
	if (!(packet[2] & FLAG_QR))
		return REPLY_QUERY;
	if (packet[2] & OPCODE_MASK)
		return REPLY_OPCODE;
	return REPLY_OK;
}

enum reply_verdict reply_check(const uint8_t *packet, size_t len, const uint8_t *question,
			       size_t question_len, struct reply_facts *out)
{
	int difference;

	*out = (struct reply_facts){
		.rcode = packet[3] & 0x0f,
		.truncated = packet[2] & FLAG_TC,
	};
	if (load_be16(packet + 4) != 1) {
		if (len == HEAD_LEN && out->rcode && !load_be16(packet + 4))
			return REPLY_BARE;
		return REPLY_COUNT;
	}
	if (len < HEAD_LEN + question_len)
		return REPLY_QUESTION;
	difference = compare_question(packet + HEAD_LEN, question, question_len);
	if (difference == 2)
		return REPLY_QUESTION;
	out->whole = walk_records(packet, len, HEAD_LEN + question_len, out);
	if (!out->whole && !out->truncated)
		return REPLY_RECORDS;
	return difference ? REPLY_CASE : REPLY_OK;
}

const char *reply_verdict_name(enum reply_verdict v)
{
	static const char *const names[REPLY_VERDICTS] = {
		[REPLY_OK] = "ok",
		[REPLY_CASE] = "case",
		[REPLY_BARE] = "bare",
		[REPLY_SHORT] = "short",
		[REPLY_QUERY] = "query",
		[REPLY_OPCODE] = "opcode",
		[REPLY_ID] = "id",
		[REPLY_COUNT] = "count",
		[REPLY_QUESTION] = "question",
		[REPLY_RECORDS] = "records",
		[REPLY_LONG] = "long",
	};

	return names[v];
}
