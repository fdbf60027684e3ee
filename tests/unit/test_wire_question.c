/* Reading clients' queries, writing upstream queries and replies of our own. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/wire_own.h"
#include "tests/support/dns_message.h"

#define RD 0x0100
#define AD 0x0020
#define CD 0x0010

static struct dns_message packet;

static enum wire_verdict parse(struct wire_question *q)
{
	return wire_parse_question(packet.bytes, packet.len, q);
}

static void assert_qname(const struct wire_question *q, const char *text)
{
	char buf[DNAME_TEXT_MAX];

	assert_string_equal(dname_to_text(&q->qname, buf), text);
}

static void plain_query_is_read(void **state)
{
	struct wire_question q;

	(void)state;
	dns_start(&packet, 0x1234, RD, 1, 0, 0, 0);
	dns_question(&packet, "WwW.Example.com", TYPE_AAAA);
	assert_int_equal(parse(&q), WIRE_OK);
	assert_int_equal(q.id, 0x1234);
	assert_true(q.rd);
	assert_false(q.cd || q.ad || q.has_opt || q.dnssec_ok);
	assert_int_equal(q.udp_size, 512);
	assert_int_equal(q.qtype, TYPE_AAAA);
	assert_int_equal(q.qclass, CLASS_IN);
	assert_qname(&q, "WwW.Example.com");
}

static void flags_and_opt_are_read(void **state)
{
	static const struct {
		unsigned size, flags, udp_size;
		bool dnssec_ok;
	} cases[] = {
		{ 0, 0, 512, false },	     { 511, 0x8000, 512, true },
		{ 512, 0x4000, 512, false }, { 1231, 0, 1231, false },
		{ 1232, 0xffff, 1232, true }, { 65535, 0, 1232, false },
	};
	static const uint8_t cookie[] = {
		0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 12, 0, 0
	};
	struct wire_question q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dns_start(&packet, 1, AD | CD, 1, 0, 0, 1);
		dns_question(&packet, ".", TYPE_NS);
		dns_opt(&packet, cases[i].size, 0, 0, cases[i].flags, cookie,
			   sizeof(cookie));
		assert_int_equal(parse(&q), WIRE_OK);
		assert_true(q.ad && q.cd && !q.rd && q.has_opt);
		assert_int_equal(q.udp_size, cases[i].udp_size);
		assert_int_equal(q.dnssec_ok, cases[i].dnssec_ok);
		assert_qname(&q, ".");
	}
}

static void head_decides_first(void **state)
{
	static const struct {
		unsigned flags, qd, an, ns, ar;
		enum wire_verdict verdict;
	} cases[] = {
		{ RD, 1, 0, 0, 0, WIRE_OK },
		{ 0x8000, 1, 0, 0, 0, WIRE_DROP }, /* a response: never answer one */
		{ 0x8000 | 1 << 11, 1, 0, 0, 0, WIRE_DROP },
		{ 1 << 11, 1, 0, 0, 0, WIRE_NOTIMP }, /* inverse query */
		{ 4 << 11, 1, 0, 0, 0, WIRE_NOTIMP }, /* notify */
		{ 5 << 11, 1, 1, 1, 1, WIRE_NOTIMP }, /* update */
		{ RD, 0, 0, 0, 0, WIRE_FORMERR },
		{ RD, 2, 0, 0, 0, WIRE_FORMERR },
		{ RD, 1, 1, 0, 0, WIRE_FORMERR },
		{ RD, 1, 0, 1, 0, WIRE_FORMERR },
		{ RD, 1, 0, 0, 1, WIRE_FORMERR }, /* counts a record that is not there */
		{ RD, 1, 0, 0, 65535, WIRE_FORMERR },
	};
	struct wire_question q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dns_start(&packet, 77, (uint16_t)cases[i].flags, (uint16_t)cases[i].qd,
			     (uint16_t)cases[i].an, (uint16_t)cases[i].ns,
			     (uint16_t)cases[i].ar);
		dns_question(&packet, "x.example", TYPE_A);
		assert_int_equal(parse(&q), cases[i].verdict);
		if (cases[i].verdict == WIRE_NOTIMP) {
			assert_int_equal(q.id, 77);
			assert_int_equal(q.opcode, cases[i].flags >> 11);
		}
	}
}

static void every_cut_is_refused(void **state)
{
	struct wire_question q;
	size_t whole;

	(void)state;
	dns_start(&packet, 1, RD, 1, 0, 0, 1);
	dns_question(&packet, "www.example.com", TYPE_A);
	dns_opt(&packet, 1232, 0, 0, 0, "\0\14\0\1x", 5);
	whole = packet.len;
	for (packet.len = 0; packet.len < whole; packet.len++)
		assert_int_equal(parse(&q), packet.len < 12 ? WIRE_DROP : WIRE_FORMERR);
	assert_int_equal(parse(&q), WIRE_OK);
	dns_u8(&packet, 0);
	assert_int_equal(parse(&q), WIRE_FORMERR); /* a byte left behind */
}

static void bad_names_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "\xc0\x0c", 2 },	  /* compressed: itself */
		{ "\3www\xc0\x0c", 6 },	  /* compressed: loop */
		{ "\xc0\x00", 2 },	  /* into the head */
		{ "\x40xx", 3 },	  /* reserved label types */
		{ "\x80xx", 3 },
		{ "\5ab", 3 },		  /* cut short */
	};
	static const uint8_t label[64] = { 63 };
	struct wire_question q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dns_start(&packet, 1, RD, 1, 0, 0, 0);
		dns_bytes(&packet, cases[i].bytes, cases[i].len);
		dns_u16(&packet, TYPE_A);
		dns_u16(&packet, CLASS_IN);
		assert_int_equal(parse(&q), WIRE_FORMERR);
		assert_qname(&q, ".");
	}
	dns_start(&packet, 1, RD, 1, 0, 0, 0);
	for (unsigned i = 0; i < 4; i++)
		dns_bytes(&packet, label, sizeof(label));
	dns_question(&packet, ".", TYPE_A); /* 257 octets */
	assert_int_equal(parse(&q), WIRE_FORMERR);
}

static void longest_name_is_read(void **state)
{
	uint8_t buf[WIRE_UDP_MAX];
	struct wire_question q;

	(void)state;
	dns_start(&packet, 1, RD, 1, 0, 0, 0);
	for (unsigned i = 0; i < 127; i++) {
		dns_u8(&packet, 1);
		dns_u8(&packet, 'x');
	}
	dns_question(&packet, ".", TYPE_A);
	assert_int_equal(parse(&q), WIRE_OK);
	assert_int_equal(q.qname.len, 255);
	assert_int_equal(wire_write_query(&q, buf), 12 + 255 + 4 + 11);
}

static void bad_opt_is_refused(void **state)
{
	struct wire_question q;

	(void)state;
	dns_start(&packet, 1, RD, 1, 0, 0, 2);
	dns_question(&packet, "x.example", TYPE_A);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	assert_int_equal(parse(&q), WIRE_FORMERR); /* RFC 6891 §6.1.1 */
	assert_qname(&q, "x.example");

	dns_start(&packet, 1, RD, 1, 0, 0, 1);
	dns_question(&packet, "x.example", TYPE_A);
	dns_rr(&packet, "y", TYPE_OPT, 0, 0);
	assert_int_equal(parse(&q), WIRE_FORMERR); /* owner is not the root */

	for (size_t len = 1; len < 6; len++) { /* option cut short, or its length a lie */
		dns_start(&packet, 1, RD, 1, 0, 0, 1);
		dns_question(&packet, "x.example", TYPE_A);
		dns_opt(&packet, 1232, 0, 0, 0, "\0\12\0\10\1\2", len);
		assert_int_equal(parse(&q), WIRE_FORMERR);
	}
}

static void other_additional_records_are_stepped_over(void **state)
{
	struct wire_question q;

	(void)state;
	dns_start(&packet, 1, RD, 1, 0, 0, 3);
	dns_question(&packet, "x.example", TYPE_A);
	dns_a(&packet, "@12", 0, "192.0.2.1");
	dns_opt(&packet, 1000, 0, 0, 0x8000, NULL, 0);
	dns_rr(&packet, "key.example", 250, 0, 0);
	assert_int_equal(parse(&q), WIRE_OK);
	assert_true(q.has_opt && q.dnssec_ok);
	assert_int_equal(q.udp_size, 1000);
}

static void cookies_and_keepalives_are_read(void **state)
{
	static const struct {
		unsigned len; /* of a cookie option in front of a keepalive; 0: no cookie */
		enum wire_verdict verdict;
	} cases[] = {
		{ 0, WIRE_OK },	       { 8, WIRE_OK },	     { 16, WIRE_OK },	    { 24, WIRE_OK },
		{ 40, WIRE_OK },       { 1, WIRE_FORMERR },  { 7, WIRE_FORMERR },   { 9, WIRE_FORMERR },
		{ 15, WIRE_FORMERR },  { 41, WIRE_FORMERR }, { 300, WIRE_FORMERR },
	};
	static struct dns_message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int has_question = 0; has_question <= 1; has_question++) {
			uint8_t rdata[400] = { 0, OPTION_COOKIE, 0, 0, 'c' };
			size_t len = cases[i].len ? cases[i].len + 4 : 0;
			struct wire_question q;
			enum wire_verdict want = cases[i].verdict;

			store_be16(rdata + 2, (uint16_t)cases[i].len);
			store_be16(rdata + len, OPTION_KEEPALIVE);
			store_be16(rdata + len + 2, 0);
			dns_start(&m, 7, 0x0100, (uint16_t)has_question, 0, 0, 1);
			if (has_question)
				dns_question(&m, "a.example", TYPE_A);
			else if (want == WIRE_OK) /* then only a cookie deserves an answer */
				want = cases[i].len ? WIRE_COOKIE : WIRE_FORMERR;
			dns_opt(&m, 1232, 0, 0, 0, rdata, len + 4);
			assert_int_equal(wire_parse_question(m.bytes, m.len, &q), want);
			if (want != WIRE_OK && want != WIRE_COOKIE)
				continue;
			assert_int_equal(q.cookie_len, cases[i].len);
			assert_true(!cases[i].len || q.cookie[0] == 'c');
			assert_true(q.keepalive);
			assert_int_equal(q.options_len, 0);
		}
	}
}

static void replies_carry_the_options_of_the_question_within_its_size(void **state)
{
	static const uint8_t cookie[24] = "0123456789abcdef0123456";
	static struct dns_message m;
	struct wire_question q;
	uint8_t buf[WIRE_UDP_MAX];
	size_t plain, len;

	(void)state;
	dns_start(&m, 7, 0x0100, 1, 0, 0, 1);
	dns_question(&m, "a.example", TYPE_A);
	dns_opt(&m, 512, 0, 0, 0, NULL, 0);
	assert_int_equal(wire_parse_question(m.bytes, m.len, &q), WIRE_OK);
	plain = wire_write_error(&q, RCODE_BADCOOKIE, EDE_NONE, NULL, buf);
	wire_add_option(&q, OPTION_COOKIE, cookie, sizeof(cookie));
	len = wire_write_error(&q, RCODE_BADCOOKIE, EDE_NONE, NULL, buf);
	assert_int_equal(len, plain + 4 + sizeof(cookie));
	assert_memory_equal(buf + len - sizeof(cookie), cookie, sizeof(cookie));
	assert_int_equal(load_be16(buf + len - sizeof(cookie) - 4), OPTION_COOKIE);
	assert_int_equal(buf[3] & 15, RCODE_BADCOOKIE & 15);
	assert_int_equal(buf[plain - 6], RCODE_BADCOOKIE >> 4);
	wire_add_option(&q, OPTION_COOKIE, cookie, sizeof(cookie)); /* no room for two */
	assert_int_equal(wire_write_error(&q, RCODE_BADCOOKIE, EDE_NONE, NULL, buf), len);
	q.has_opt = false;
	assert_int_equal(wire_write_error(&q, RCODE_BADCOOKIE, EDE_NONE, NULL, buf), plain - 11);
}

static void edns_version_above_0_is_badvers(void **state)
{
	uint8_t buf[WIRE_UDP_MAX];
	struct wire_question q;
	size_t len;

	(void)state;
	dns_start(&packet, 1, RD, 1, 0, 0, 1);
	dns_question(&packet, "x.example", TYPE_A);
	dns_opt(&packet, 1232, 0, 1, 0, "new", 3);
	assert_int_equal(parse(&q), WIRE_BADVERS);
	assert_int_equal(q.edns_version, 1);
	len = wire_write_error(&q, RCODE_BADVERS, EDE_NONE, NULL, buf);
	assert_int_equal(buf[3] & 15, 0);
	assert_int_equal(buf[len - 6], 1); /* extended rcode 16 = 1 << 4 */
	assert_int_equal(buf[len - 5], 0); /* our version */
}

static void what_no_zone_holds_is_refused(void **state)
{
	static const struct {
		unsigned type, class;
		enum wire_verdict verdict;
	} cases[] = {
		{ TYPE_A, CLASS_IN, WIRE_OK },
		{ TYPE_ANY, CLASS_IN, WIRE_OK },
		{ TYPE_A, CLASS_ANY, WIRE_REFUSED },
		{ 127, CLASS_IN, WIRE_OK },
		{ 128, CLASS_IN, WIRE_REFUSED },
		{ 65535, CLASS_IN, WIRE_OK },
		{ 256, CLASS_IN, WIRE_OK },
		{ TYPE_AXFR, CLASS_IN, WIRE_REFUSED },
		{ TYPE_IXFR, CLASS_IN, WIRE_REFUSED },
		{ TYPE_OPT, CLASS_IN, WIRE_REFUSED },
		{ 249, CLASS_IN, WIRE_REFUSED },
		{ 254, CLASS_IN, WIRE_REFUSED },
		{ 0, CLASS_IN, WIRE_REFUSED },
		{ TYPE_TXT, CLASS_CH, WIRE_REFUSED },
		{ TYPE_A, 0, WIRE_REFUSED },
		{ TYPE_A, 254, WIRE_REFUSED },
	};
	struct wire_question q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dns_start(&packet, 1, RD, 1, 0, 0, 0);
		dns_name(&packet, "x.example");
		dns_u16(&packet, cases[i].type);
		dns_u16(&packet, cases[i].class);
		assert_int_equal(parse(&q), cases[i].verdict);
		assert_qname(&q, "x.example");
	}
}

static void upstream_query_carries_only_the_question(void **state)
{
	static const uint8_t expect[] = "\0\0\1\x30\0\1\0\0\0\0\0\1"
					"\3wWw\7example\0\0\1\0\1"
					"\0\0\x29\4\xd0\0\0\x80\0\0";
	uint8_t buf[WIRE_QUERY_MAX];
	struct wire_question q;

	(void)state;
	dns_start(&packet, 99, CD, 1, 0, 0, 1);
	dns_question(&packet, "wWw.example", TYPE_A);
	dns_opt(&packet, 4096, 0, 0, 0x8000, "\0\10\0\4\0\1\0\0", 8); /* client subnet */
	assert_int_equal(parse(&q), WIRE_OK);
	assert_int_equal(wire_write_query(&q, buf), sizeof(expect));
	assert_memory_equal(buf, expect, sizeof(expect));
}

static void error_repeats_id_question_and_opcode(void **state)
{
	uint8_t buf[WIRE_UDP_MAX];
	struct wire_question q;

	(void)state;
	dns_start(&packet, 7, RD | CD | AD, 1, 0, 0, 0);
	dns_question(&packet, "x.eXample", TYPE_A);
	assert_int_equal(parse(&q), WIRE_OK);
	assert_int_equal(wire_write_error(&q, RCODE_SERVFAIL, EDE_NETWORK, "down", buf),
			 packet.len); /* without OPT there is no EDE */
	assert_int_equal(load_be16(buf + 2), 0x8000 | RD | 0x80 | CD | RCODE_SERVFAIL);
	assert_memory_equal(buf + 4, packet.bytes + 4, packet.len - 4);

	dns_start(&packet, 8, 4 << 11, 1, 0, 0, 0);
	dns_question(&packet, "x.example", TYPE_SOA);
	assert_int_equal(parse(&q), WIRE_NOTIMP);
	assert_int_equal(wire_write_error(&q, RCODE_NOTIMP, EDE_NONE, NULL, buf), 12);
	assert_memory_equal(buf, "\0\10\xa0\x84\0\0\0\0\0\0\0\0", 12);
}

static void error_text_never_passes_what_the_client_takes(void **state)
{
	static char text[3001];
	uint8_t buf[WIRE_UDP_MAX];
	struct wire_walker w;
	struct wire_question q;
	struct wire_rr rr;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2); /* e with acute */
	for (unsigned size = 512; size <= 1232; size++) {
		dns_start(&packet, 7, RD, 1, 0, 0, 1);
		dns_question(&packet, "x.example", TYPE_A);
		dns_opt(&packet, size, 0, 0, 0, NULL, 0);
		assert_int_equal(parse(&q), WIRE_OK);
		w = (struct wire_walker){ .packet = buf };
		w.len = wire_write_error(&q, RCODE_SERVFAIL, EDE_OTHER, text, buf);
		assert_in_range(w.len, size - 1, size);
		assert_int_equal(wire_walk(&w, &rr), 1);
		assert_int_equal(rr.rdata_len % 2, 0); /* whole characters */
		assert_int_equal(wire_walk(&w, &rr), 0);
	}
}

static void extended_error_is_added_where_it_fits(void **state)
{
	static const uint8_t stale[] = { 0, 15, 0, 2, 0, EDE_STALE };
	static const struct {
		bool has_opt;
		size_t room;
		unsigned times, added;
	} cases[] = { { true, 6, 1, 6 }, { true, 12, 2, 12 }, { true, 5, 1, 0 }, { true, 0, 1, 0 },
		      { false, 12, 1, 0 } };
	struct wire_question q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t buf[WIRE_UDP_MAX];
		struct wire_walker w = { .packet = buf };
		struct wire_rr rr;
		size_t len, now;

		dns_start(&packet, 7, RD, 1, 0, 0, cases[i].has_opt);
		dns_question(&packet, "x.example", TYPE_A);
		if (cases[i].has_opt)
			dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
		assert_int_equal(parse(&q), WIRE_OK);
		now = len = wire_write_error(&q, RCODE_SERVFAIL, EDE_NONE, NULL, buf);
		for (unsigned n = 0; n < cases[i].times; n++)
			now = wire_add_ede(buf, now, len + cases[i].room, EDE_STALE);
		assert_int_equal(now, len + cases[i].added);
		for (size_t at = len; at < now; at += sizeof(stale))
			assert_memory_equal(buf + at, stale, sizeof(stale));
		w.len = now;
		assert_int_equal(wire_walk(&w, &rr), cases[i].has_opt);
		assert_int_equal(wire_walk(&w, &rr), 0);
	}
}

struct shape {
	enum wire_block how;
	uint16_t qtype;
	unsigned rcode, answers, soas;
};

static void assert_blocked(const struct shape *s, const uint8_t *buf, size_t len,
			   const struct wire_question *q)
{
	static const uint8_t zero[16];
	struct wire_walker w = { .packet = buf, .len = len };
	unsigned n[4] = { 0 };
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(&w, &rr)) > 0) {
		n[rr.section]++;
		if (rr.section == 1) {
			assert_int_equal(rr.rdata_len, s->qtype == TYPE_A ? 4 : 16);
			assert_memory_equal(buf + rr.rdata_at, zero, rr.rdata_len);
			assert_int_equal(rr.ttl_s, 30);
		}
		if (rr.section == 2)
			assert_int_equal(load_be32(buf + w.at - 4), 30);
		if (rr.section == 3)
			assert_memory_equal(buf + rr.rdata_at, "\0\17\0\5\0\17ads", 9);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(load_be16(buf + 2) & 15, s->rcode);
	assert_int_equal(n[1], s->answers);
	assert_int_equal(n[2], s->soas);
	assert_int_equal(n[3], q->has_opt);
}

static void blocked_name_is_answered_in_each_way(void **state)
{
	static const struct shape cases[] = {
		{ WIRE_BLOCK_NXDOMAIN, TYPE_A, RCODE_NXDOMAIN, 0, 1 },
		{ WIRE_BLOCK_NXDOMAIN, TYPE_HTTPS, RCODE_NXDOMAIN, 0, 1 },
		{ WIRE_BLOCK_NULL, TYPE_A, RCODE_NOERROR, 1, 0 },
		{ WIRE_BLOCK_NULL, TYPE_AAAA, RCODE_NOERROR, 1, 0 },
		{ WIRE_BLOCK_NULL, TYPE_HTTPS, RCODE_NOERROR, 0, 1 },
		{ WIRE_BLOCK_NODATA, TYPE_A, RCODE_NOERROR, 0, 1 },
		{ WIRE_BLOCK_REFUSED, TYPE_A, RCODE_REFUSED, 0, 0 },
	};
	static const char *const names[] = { "ads.tracker.example", "zip", "." };
	struct wire_answer answer;
	uint8_t buf[WIRE_UDP_MAX];
	struct wire_question q;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(names) * 2; i++) {
		const struct shape *s = &cases[i % ARRAY_SIZE(cases)];
		size_t len;

		dns_start(&packet, 7, RD, 1, 0, 0, i & 1);
		dns_question(&packet, names[i / 2 % ARRAY_SIZE(names)], s->qtype);
		if (i & 1)
			dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
		assert_int_equal(parse(&q), WIRE_OK);
		len = wire_write_blocked(&q, s->how, 30, EDE_BLOCKED, "ads", buf);
		assert_blocked(s, buf, len, &q);
		assert_int_equal(wire_parse_answer(buf, len, &q, &answer), 0);
		if (s->soas)
			assert_int_equal(answer.cache_ttl_s, 30);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_query_is_read),
		cmocka_unit_test(flags_and_opt_are_read),
		cmocka_unit_test(head_decides_first),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(bad_names_are_refused),
		cmocka_unit_test(longest_name_is_read),
		cmocka_unit_test(bad_opt_is_refused),
		cmocka_unit_test(other_additional_records_are_stepped_over),
		cmocka_unit_test(cookies_and_keepalives_are_read),
		cmocka_unit_test(replies_carry_the_options_of_the_question_within_its_size),
		cmocka_unit_test(edns_version_above_0_is_badvers),
		cmocka_unit_test(what_no_zone_holds_is_refused),
		cmocka_unit_test(upstream_query_carries_only_the_question),
		cmocka_unit_test(error_repeats_id_question_and_opcode),
		cmocka_unit_test(error_text_never_passes_what_the_client_takes),
		cmocka_unit_test(extended_error_is_added_where_it_fits),
		cmocka_unit_test(blocked_name_is_answered_in_each_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
