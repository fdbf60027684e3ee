/* Replies as bytes; see scripted_reply.h. */
#include "tests/support/scripted_reply.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/dname.h"
#include "lib/util.h"
#include "tests/support/scripted_upstream.h"

#define HEAD	     12
#define HUGE_RECORDS 4000

void scripted_address(const uint8_t *name, size_t len, uint8_t out[4])
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)tolower(name[i])) * 16777619u;
	out[0] = 198;
	out[1] = (uint8_t)(18 + (h >> 16 & 1));
	out[2] = (uint8_t)(h >> 8);
	out[3] = (uint8_t)h;
}

int scripted_read(const uint8_t *wire, size_t len, struct scripted_query *out)
{
	struct scripted_query q = { .wire = wire, .len = len };

	if (len < HEAD || load_be16(wire + 4) != 1)
		return -EBADMSG;
	q.name_len = dname_wire_len(wire + HEAD, len - HEAD);
	q.question_len = q.name_len + 4;
	if (!q.name_len || len < HEAD + q.question_len)
		return -EBADMSG;
	q.type = load_be16(wire + HEAD + q.name_len);
	q.has_opt = load_be16(wire + 10) > 0;
	*out = q;
	return 0;
}

/** One record whose owner is the name at offset owner; returns the new end. */
static size_t put_record(uint8_t *buf, size_t at, uint16_t owner, uint16_t type,
			 uint32_t ttl, const uint8_t *data, uint16_t len)
{
	store_be16(buf + at, (uint16_t)(0xc000 | owner));
	store_be16(buf + at + 2, type);
	store_be16(buf + at + 4, 1);
	store_be32(buf + at + 6, ttl);
	store_be16(buf + at + 10, len);
	memcpy(buf + at + 12, data, len);
	return at + 12 + len;
}

static size_t put_address(const struct scripted_query *q, uint32_t ttl, unsigned count,
			  uint8_t *buf, size_t at)
{
	uint8_t data[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	scripted_address(q->wire + HEAD, q->name_len, data + 12);
	if (q->type != 1 && q->type != 28)
		return at;
	for (unsigned i = 0; i < count; i++) {
		if (q->type == 1)
			at = put_record(buf, at, HEAD, 1, ttl, data + 12, 4);
		else
			at = put_record(buf, at, HEAD, 28, ttl, data, 16);
		store_be16(buf + 6, (uint16_t)(i + 1));
	}
	return at;
}

static size_t put_loop(const struct scripted_query *q, uint8_t *buf, size_t at)
{
	uint8_t to_loop[] = { 4, 'l', 'o', 'o', 'p', 0xc0, HEAD };
	uint8_t back[] = { 0xc0, HEAD };
	size_t target = at + 12;

	(void)q;
	at = put_record(buf, at, HEAD, 5, 60, to_loop, sizeof(to_loop));
	at = put_record(buf, at, (uint16_t)target, 5, 60, back, sizeof(back));
	store_be16(buf + 6, 2);
	return at;
}

static size_t put_opt(unsigned rcode, uint8_t *buf, size_t at)
{
	memset(buf + at, 0, 11);
	store_be16(buf + at + 1, 41);
	store_be16(buf + at + 3, 1232);
	buf[at + 5] = (uint8_t)(rcode >> 4);
	store_be16(buf + 10, 1);
	return at + 11;
}

size_t scripted_write(const struct scripted_query *q, enum scripted_kind kind,
		      unsigned rcode, uint8_t *buf)
{
	size_t at = HEAD + q->question_len;

	memcpy(buf, q->wire, at);
	buf[2] = (uint8_t)(0x80 | (q->wire[2] & 0x01));
	buf[3] = (uint8_t)(0x80 | (rcode & 0x0f));
	memset(buf + 6, 0, 6);
	if (kind == SCRIPT_ADDRESS)
		at = put_address(q, 300, 1, buf, at);
	if (kind == SCRIPT_TTL_BIG)
		at = put_address(q, UINT32_MAX, 1, buf, at);
	if (kind == SCRIPT_HUGE)
		at = put_address(q, 300, q->type == 1 ? HUGE_RECORDS : 1, buf, at);
	if (kind == SCRIPT_CNAME_LOOP)
		at = put_loop(q, buf, at);
	if (q->has_opt)
		at = put_opt(rcode, buf, at);
	return at;
}
