/*
 * Any bytes as an upstream's answer, all the way: read, noted, kept, found again, rendered for
 * clients of each kind. Another name's entry in the same cache must stay as it is.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/util.h"
#include "resolver/cache.h"
#include "resolver/offer.h"
#include "resolver/wire.h"

#define CHECK(what)              \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)
#define CACHE_BYTES (1 << 20)
#define NOW_MS	    1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t clean[] = "\1\2\x81\x80\0\1\0\1\0\0\0\0\5clean\7example\0\0\1\0\1"
			       "\xc0\x0c\0\1\0\1\0\0\16\20\0\4\xc6\x12\0\1";
static const struct conf_cache limits = {
	.size_bytes = CACHE_BYTES, .ttl_max_s = 86400, .negative_max_s = 3600,
};

static struct cache *cache;
static struct offer_room *room;
static struct wire_question clean_question;

static bool read_question(const uint8_t *wire, size_t len, struct wire_question *q)
{
	size_t next;

	*q = (struct wire_question){ .id = 7, .has_opt = true, .udp_size = WIRE_UDP_MAX };
	if (len < WIRE_HEAD || dname_from_packet(wire, len, WIRE_HEAD, &q->qname, &next) < 0 ||
	    next + 4 > len)
		return false;
	q->qtype = load_be16(wire + next);
	q->qclass = load_be16(wire + next + 2);
	return true;
}

static void begin(void)
{
	struct offer o;

	if (cache)
		return;
	CHECK(!cache_new(CACHE_BYTES, &cache) && !offer_room_new(&room));
	CHECK(read_question(clean, sizeof(clean) - 1, &clean_question));
	CHECK(offer_from_reply(cache, room, &clean_question, &limits, clean, sizeof(clean) - 1,
			       NOW_MS, &o));
}

static bool is_address(const void *arg, const uint8_t *reply, const struct wire_rr *rr)
{
	(void)arg;
	(void)reply;
	return rr->type == TYPE_A || rr->type == TYPE_AAAA;
}

static void check_whole(const uint8_t *packet, size_t len)
{
	struct wire_walker w = { .packet = packet, .len = len };
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(&w, &rr)) > 0)
		;
	CHECK(rc == 0);
}

/* As clients of two sizes hear it, and one that the gate lets hear no address. */
static void render(struct wire_question *q, const struct offer *o)
{
	static const size_t sizes[] = { 512, WIRE_UDP_MAX, WIRE_MAX };
	static uint8_t buf[WIRE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = wire_write_prepared(q, o->prepared, o->len, o->age_s, o->ttl_max_s,
						 buf, sizes[i]);

		CHECK(len >= WIRE_HEAD && len <= sizes[i]);
		CHECK(load_be16(buf) == q->id && buf[2] & 0x80);
		CHECK(!memcmp(buf + WIRE_HEAD, q->qname.wire, q->qname.len));
		check_whole(buf, len);
		check_whole(buf, wire_leave_out(buf, len, is_address, NULL));
	}
}

static void check_note(const struct note *n)
{
	const uint8_t *rdata;
	struct msg_rr rr;
	size_t at = 0;

	while (note_next(n, &at, &rr, &rdata))
		CHECK(at <= n->len && rr.ttl_s <= 0x7fffffff);
	CHECK(at == n->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_question q;
	struct offer o;

	begin();
	if (size > WIRE_MAX || !read_question(data, size, &q))
		return 0;
	if (q.qtype == TYPE_A && q.qclass == CLASS_IN && dname_equal(&q.qname, &clean_question.qname))
		return 0;
	if (offer_from_reply(cache, room, &q, &limits, data, size, NOW_MS, &o)) {
		check_note(o.note);
		render(&q, &o);
	}
	if (offer_from_cache(cache, &q, &limits, NOW_MS, &o)) {
		check_note(o.note);
		render(&q, &o);
	}
	CHECK(offer_from_cache(cache, &clean_question, &limits, NOW_MS, &o));
	render(&clean_question, &o);
	CHECK(!memcmp(o.prepared + o.len - 4, "\xc6\x12\0\1", 4));
	return 0;
}
