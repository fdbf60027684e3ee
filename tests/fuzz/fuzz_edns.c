/*
 * Any bytes as the options of a client's OPT. What is read must be within its limits, and every
 * kind of reply that carries cookie and keepalive must be whole and within the client's size.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/cookie.h"
#include "resolver/wire_own.h"

#define CHECK(what)              \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_whole(const uint8_t *packet, size_t len, unsigned opts)
{
	struct wire_walker w = { .packet = packet, .len = len };
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(&w, &rr)) > 0)
		opts -= rr.type == TYPE_OPT;
	CHECK(rc == 0 && opts == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t head[] = "\1\2\1\0\0\1\0\0\0\0\0\1\1a\7example\0\0\1\0\1";
	static const uint8_t opt[] = { 0, 0, TYPE_OPT };
	const struct hash_key root = { { 1, 2 } };
	const struct addr from = { AF_INET, { 192, 0, 2, 1 } };
	uint8_t packet[WIRE_QUERY_MAX], reply[WIRE_UDP_MAX], cookie[COOKIE_BYTES];
	size_t at = sizeof(head) - 1, len;
	struct wire_question q;
	enum wire_verdict verdict;

	if (size < 6 || size > sizeof(packet) - 100)
		return 0;
	memcpy(packet, head, at);
	memcpy(packet + at, opt, sizeof(opt));
	memcpy(packet + at + sizeof(opt), data, 6); /* size, rcode, version, flags */
	store_be16(packet + at + 9, (uint16_t)(size - 6));
	memcpy(packet + at + 11, data + 6, size - 6);
	verdict = wire_parse_question(packet, at + 11 + size - 6, &q);
	CHECK(verdict == WIRE_OK || verdict == WIRE_FORMERR || verdict == WIRE_BADVERS);
	CHECK(q.udp_size >= 512 && q.udp_size <= WIRE_UDP_MAX && !q.options_len);
	CHECK(!q.cookie_len || q.cookie_len == 8 || (q.cookie_len >= 16 && q.cookie_len <= 40));
	if (verdict != WIRE_OK)
		return 0;
	if (q.cookie_len) {
		cookie_answer(&root, q.cookie, q.cookie_len, &from, 1559731985, cookie);
		wire_add_option(&q, OPTION_COOKIE, cookie, sizeof(cookie));
	}
	if (q.keepalive)
		wire_add_option(&q, OPTION_KEEPALIVE, "\0\144", 2);
	len = wire_write_error(&q, RCODE_BADCOOKIE, EDE_PROHIBITED, "a reason", reply);
	CHECK(len <= q.udp_size);
	check_whole(reply, len, 1);
	len = wire_write_truncated(&q, reply);
	check_whole(reply, len, 1);
	len = wire_write_blocked(&q, WIRE_BLOCK_NULL, 60, EDE_BLOCKED, "a list: an entry", reply);
	CHECK(len <= q.udp_size);
	check_whole(reply, len, 1);
	return 0;
}
