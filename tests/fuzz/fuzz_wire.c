/*
 * Any bytes as a client's query and as an upstream's reply. What is written must be
 * well-formed again, within its bounds, and say the same. The first byte chooses sizes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/wire_own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t out[WIRE_MAX + 1];
static uint8_t prepared[WIRE_PREPARED_MAX];

#define CHECK(what)              \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)

/* Records in the answer section of a message that has to be well-formed. */
static unsigned answers_of_whole(const uint8_t *packet, size_t len)
{
	struct wire_walker w = { .packet = packet, .len = len };
	unsigned answers = 0, opts = 0;
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(&w, &rr)) > 0) {
		CHECK(rr.rdata_at + rr.rdata_len <= len);
		answers += rr.section == 1;
		opts += rr.type == TYPE_OPT;
	}
	CHECK(rc == 0 && opts <= 1);
	return answers;
}

static void fuzz_question(const uint8_t *data, size_t size)
{
	uint8_t buf[WIRE_QUERY_MAX], reply[WIRE_UDP_MAX];
	struct wire_question q, again;
	enum wire_verdict verdict = wire_parse_question(data, size, &q);
	size_t len;

	if (verdict == WIRE_DROP)
		return;
	CHECK(q.udp_size >= 512 && q.udp_size <= WIRE_UDP_MAX);
	CHECK(dname_wire_len(q.qname.wire, q.qname.len) == q.qname.len);
	CHECK(!q.options_len && (!q.cookie_len || (q.has_opt && q.cookie_len >= 8)));
	if (q.cookie_len) { /* as much as an answer ever carries */
		wire_add_option(&q, OPTION_COOKIE, q.cookie, 24);
		wire_add_option(&q, OPTION_KEEPALIVE, q.cookie, 2);
		wire_add_option(&q, OPTION_KEEPALIVE, q.cookie, 2);
		CHECK(q.options_len == WIRE_OPTIONS_MAX);
	}
	len = wire_write_error(&q, RCODE_SERVFAIL, EDE_OTHER, "a text", reply);
	CHECK(len <= q.udp_size);
	answers_of_whole(reply, len);
	CHECK(wire_parse_question(reply, len, &again) ==
	      WIRE_DROP); /* no reply to a reply */
	if (verdict != WIRE_OK)
		return;
	for (int how = WIRE_BLOCK_NXDOMAIN; how <= WIRE_BLOCK_REFUSED; how++) {
		len = wire_write_blocked(&q, how, 60, EDE_BLOCKED, "a list", reply);
		CHECK(len <= q.udp_size);
		answers_of_whole(reply, len);
	}
	len = wire_write_query(&q, buf);
	CHECK(wire_parse_question(buf, len, &again) == WIRE_OK);
	CHECK(again.id == 0 && again.rd && again.cd == q.cd &&
	      again.dnssec_ok == q.dnssec_ok);
	CHECK(again.qtype == q.qtype && again.qclass == q.qclass);
	CHECK(dname_equal(&again.qname, &q.qname));
}

/* The question that data claims to answer, in lower case. */
static int question_of(const uint8_t *data, size_t size, uint8_t choice,
		       struct wire_question *q)
{
	size_t next;

	memset(q, 0, sizeof(*q));
	q->id = 0x1234;
	q->has_opt = choice & 1;
	q->dnssec_ok = choice & 2;
	q->rd = choice & 4;
	if (size < WIRE_HEAD ||
	    dname_from_packet(data, size, WIRE_HEAD, &q->qname, &next) < 0 ||
	    next + 4 > size)
		return -1;
	q->qtype = load_be16(data + next);
	q->qclass = load_be16(data + next + 2);
	dname_lower(&q->qname);
	return 0;
}

static void check_answer(const struct wire_answer *a)
{
	CHECK(a->chain_count <= WIRE_CHAIN_MAX && a->addr_count <= WIRE_ADDRS_MAX);
	CHECK(a->cache_ttl_s <= 0x7fffffff);
	for (unsigned i = 0; i < a->chain_count; i++) {
		struct dname lower = a->chain[i];

		CHECK(dname_wire_len(lower.wire, lower.len) == lower.len);
		dname_lower(&lower);
		CHECK(!memcmp(lower.wire, a->chain[i].wire, lower.len));
	}
	for (unsigned i = 0; i < a->addr_count; i++)
		CHECK(addr_len(&a->addrs[i].addr) && a->addrs[i].ttl_s <= 0x7fffffff);
}

/* What a stale answer tells besides. Only options grow, and never over max. */
static void check_ede(const uint8_t *reply, size_t len, size_t max, bool has_opt)
{
	static uint8_t told[WIRE_MAX + 1];
	size_t told_len;

	memcpy(told, reply, len);
	told[max] = 0x5a;
	told_len = wire_add_ede(told, len, max, EDE_STALE);
	CHECK(told_len == len || (has_opt && told_len == len + 6));
	CHECK(told_len <= max && told[max] == 0x5a);
	CHECK(answers_of_whole(told, told_len) == answers_of_whole(reply, len));
}

/* The same NXDOMAIN, for a name below. */
static void check_below(const uint8_t *reply, size_t len, const struct wire_question *q)
{
	static uint8_t below_prepared[WIRE_PREPARED_MAX];
	uint8_t below[WIRE_UDP_MAX + 1];
	struct wire_question sub = *q;
	struct wire_answer a;
	size_t below_len;

	if (q->qname.len + 2 > DNAME_MAX || (!q->qtype && !q->qclass)) /* none was read */
		return;
	memcpy(sub.qname.wire, "\1x", 2);
	memcpy(sub.qname.wire + 2, q->qname.wire, q->qname.len);
	sub.qname.len = (uint8_t)(q->qname.len + 2);
	below[WIRE_UDP_MAX] = 0x5a;
	below_len = wire_write_below(&sub, reply, len, below);
	CHECK(below[WIRE_UDP_MAX] == 0x5a);
	if (!below_len)
		return;
	CHECK(below_len <= WIRE_UDP_MAX && answers_of_whole(below, below_len) == 0);
	CHECK(!wire_parse_answer(below, below_len, &sub, &a));
	CHECK(a.rcode == RCODE_NXDOMAIN && a.negative);
	CHECK(wire_prepare(&sub, below, below_len, below_prepared));
}

static void fuzz_reply(const uint8_t *data, size_t size, uint8_t choice)
{
	static const size_t sizes[] = { 512, 513, 600, 1232, 4096, WIRE_MAX };
	size_t max = sizes[(choice >> 3) % ARRAY_SIZE(sizes)];
	struct wire_answer a;
	struct wire_question q;
	size_t len, reply_len;
	bool parsed;

	if (question_of(data, size, choice, &q) < 0)
		return;
	parsed = wire_parse_answer(data, size, &q, &a) == 0;
	if (parsed)
		check_answer(&a);
	len = wire_prepare(&q, data, size, prepared);
	CHECK(len <= WIRE_PREPARED_MAX && (len || !parsed));
	if (!len)
		return;
	out[max] = 0x5a;
	reply_len = wire_write_prepared(&q, prepared, len, choice, 3600, out, max);
	CHECK(reply_len >= WIRE_HEAD && reply_len <= max && out[max] == 0x5a);
	CHECK(load_be16(out) == q.id && out[2] & 0x80);
	CHECK(!memcmp(out + WIRE_HEAD, q.qname.wire, q.qname.len));
	if (answers_of_whole(out, reply_len) < load_be16(data + 6))
		CHECK(out[2] & 2); /* TC */
	check_ede(out, reply_len, max, q.has_opt);
	check_below(out, reply_len, &q);
	len = reply_len;
	CHECK(wire_write_reply(&q, data, size, choice, 3600, out, max) == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_walker w = { 0 };
	struct wire_rr rr;

	if (size < 2 || size > WIRE_MAX + 1)
		return 0;
	w.packet = data + 1;
	w.len = size - 1;
	while (wire_walk(&w, &rr) > 0)
		CHECK(w.at <= w.len);
	fuzz_question(data + 1, size - 1);
	fuzz_reply(data + 1, size - 1, data[0]);
	return 0;
}
