/* The client's reply from an upstream's or a cached one. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/wire.h"
#include "tests/support/dns_message.h"

#define QR	  0x8180
#define NO_MAX	  UINT32_MAX

static struct dns_message packet;
static uint8_t prepared[WIRE_PREPARED_MAX];
static uint8_t reply[WIRE_MAX];

/* The client's side: "www.example" in its own case, id 7. */
static struct wire_question question(uint16_t qtype, bool has_opt)
{
	struct wire_question q = {
		.id = 7,
		.rd = true,
		.has_opt = has_opt,
		.qtype = qtype,
		.qclass = CLASS_IN,
	};

	if (dname_from_text("Www.Example", &q.qname) < 0)
		abort();
	return q;
}

static void start(unsigned flags, unsigned an, unsigned ns, unsigned ar)
{
	dns_start(&packet, 1, (uint16_t)flags, 1, (uint16_t)an, (uint16_t)ns,
		     (uint16_t)ar);
	dns_question(&packet, "wWw.eXample", TYPE_A); /* 0x20; records at 29 */
}

/* Write packet for q into exactly max bytes, so that the sanitizer sees one too many. */
static size_t write_reply(const struct wire_question *q, uint32_t age_s,
			  uint32_t ttl_max_s, size_t max)
{
	uint8_t *source = malloc(packet.len), *buf = malloc(max);
	size_t len;

	assert_non_null(source);
	assert_non_null(buf);
	memcpy(source, packet.bytes, packet.len);
	len = wire_write_reply(q, source, packet.len, age_s, ttl_max_s, buf, max);
	assert_true(len <= max);
	memcpy(reply, buf, len);
	free(source);
	free(buf);
	return len;
}

/* Records of each section; fails unless the reply is well-formed. */
static void count_records(size_t len, unsigned n[4])
{
	struct wire_walker w = { .packet = reply, .len = len };
	struct wire_rr rr;
	int rc;

	memset(n, 0, 4 * sizeof(*n));
	while ((rc = wire_walk(&w, &rr)) > 0)
		n[rr.section]++;
	assert_int_equal(rc, 0);
}

static void reply_is_the_clients_own(void **state)
{
	struct wire_question q = question(TYPE_A, false);
	size_t len;

	(void)state;
	start(QR | 0x0430, 1, 0, 1); /* AA, AD, CD */
	dns_a(&packet, "@12", 300, "192.0.2.1");
	dns_opt(&packet, 4096, 0, 0, 0x8000, "\0\12\0\10\1\2\3\4\5\6\7\10", 12);
	len = write_reply(&q, 100, NO_MAX, 512);
	assert_int_equal(len, 29 + 16);
	assert_memory_equal(reply, "\0\7\x81\x80\0\1\0\1\0\0\0\0\3Www\7Example\0", 25);
	assert_int_equal(load_be32(reply + 29 + 6), 200);
	assert_memory_equal(reply + 29 + 12, "\300\0\2\1", 4);
}

static void flags_are_as_asked(void **state)
{
	static const struct {
		bool rd, cd, ad, dnssec_ok, has_opt;
		unsigned from, to;
	} cases[] = {
		{ false, false, false, false, false, 0x85b0, 0x8080 },
		{ true, false, false, false, false, 0x8180, 0x8180 },
		{ false, true, false, false, false, 0x8180, 0x8090 },
		{ false, false, true, false, false, 0x81a0, 0x80a0 },
		{ false, false, true, false, false, 0x8180, 0x8080 },
		{ false, false, false, true, true, 0x81a0, 0x80a0 },
		{ true, false, false, false, true, 0x83c3, 0x8383 }, /* TC, Z, NXDOMAIN */
		{ true, false, false, false, true, 0x8182, 0x8182 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_question q = question(TYPE_A, cases[i].has_opt);

		q.rd = cases[i].rd;
		q.cd = cases[i].cd;
		q.ad = cases[i].ad;
		q.dnssec_ok = cases[i].dnssec_ok;
		start(cases[i].from, 0, 0, 0);
		assert_int_not_equal(write_reply(&q, 0, NO_MAX, 512), 0);
		assert_int_equal(load_be16(reply + 2), cases[i].to);
	}
}

static void our_opt_replaces_the_upstreams(void **state)
{
	struct wire_question q = question(TYPE_A, true);
	size_t len;

	(void)state;
	q.dnssec_ok = true;
	start(QR, 1, 0, 1);
	dns_a(&packet, "@12", 300, "192.0.2.1");
	dns_opt(&packet, 4096, 0, 0, 0, "\0\3\0\2id", 6);
	len = write_reply(&q, 0, NO_MAX, 512);
	assert_int_equal(len, 29 + 16 + 11);
	assert_int_equal(reply[11], 1);
	assert_memory_equal(reply + len - 11, "\0\0\x29\4\xd0\0\0\x80\0\0\0", 11);

	start(QR, 1, 0, 0); /* also where there was none */
	dns_a(&packet, "@12", 300, "192.0.2.1");
	assert_int_equal(write_reply(&q, 0, NO_MAX, 512), len);
	assert_int_equal(reply[11], 1);
}

/* Its code tells why; its text is left behind. */
static void extended_error_of_the_upstream_is_passed_on(void **state)
{
	static const struct {
		const char *options;
		size_t len;
		int code; /* -1: none */
	} cases[] = {
		{ "", 0, -1 },
		{ "\0\17\0\2\0\6", 6, 6 },
		{ "\0\17\0\7\0\6bogus", 11, 6 },
		{ "\0\12\0\2id\0\17\0\2\0\7\0\17\0\2\0\6", 18, 7 },
		{ "\0\17\0\2\377\377", 6, 65535 },
		/* cut */
		{ "\0\17\0\1\0", 5, -1 },
		{ "\0\17\0\2\0", 5, -1 },
		{ "\0\17\0", 3, -1 },
		{ "\0\12\377\377\0\17\0\2\0\6", 10, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_question q = question(TYPE_A, true);
		size_t len, more = cases[i].code < 0 ? 0 : 6;

		start(QR | RCODE_SERVFAIL, 0, 0, 1);
		dns_opt(&packet, 1232, 0, 0, 0, cases[i].options, cases[i].len);
		len = write_reply(&q, 0, NO_MAX, 512);
		assert_int_equal(len, 29 + 11 + more);
		assert_int_equal(load_be16(reply + 29 + 9), more);
		if (more) {
			assert_memory_equal(reply + 40, "\0\17\0\2", 4);
			assert_int_equal(load_be16(reply + 44), cases[i].code);
		}
		q.has_opt = false;
		assert_int_equal(write_reply(&q, 0, NO_MAX, 512), 29);
	}
}

static void cut_reply_has_room_for_the_extended_error(void **state)
{
	struct wire_question q = question(TYPE_A, true);
	unsigned n[4];

	(void)state;
	wire_add_option(&q, OPTION_COOKIE, "0123456789abcdef01234567", 24);
	start(QR, 60, 0, 1);
	for (unsigned i = 0; i < 60; i++)
		dns_a(&packet, "@12", 300, "192.0.2.1");
	dns_opt(&packet, 1232, 0, 0, 0, "\0\17\0\2\0\3", 6);
	for (size_t max = 512; max < 512 + 16; max++) {
		count_records(write_reply(&q, 0, NO_MAX, max), n);
		assert_in_range(n[1], (max - 29 - 45) / 16, (max - 29 - 45) / 16);
		assert_int_equal(n[3], 1);
	}
}

static void rcode_of_this_hop_becomes_servfail(void **state)
{
	struct wire_question q = question(TYPE_A, true);

	(void)state;
	start(QR, 0, 0, 1);
	dns_opt(&packet, 4096, 1, 0, 0, NULL, 0); /* BADVERS */
	assert_int_not_equal(write_reply(&q, 0, NO_MAX, 512), 0);
	assert_int_equal(reply[3] & 15, RCODE_SERVFAIL);
}

static void every_ttl_is_lowered_and_limited(void **state)
{
	static const struct {
		uint32_t ttl, age, max, expect;
	} cases[] = {
		{ 300, 0, NO_MAX, 300 },      { 300, 299, NO_MAX, 1 },
		{ 300, 300, NO_MAX, 1 },      { 300, 90000, NO_MAX, 1 },
		{ 0, 0, NO_MAX, 0 },	      { 0, 10, NO_MAX, 0 },
		{ 0x80000000, 0, NO_MAX, 0 }, { 0x7fffffff, 1, NO_MAX, 0x7ffffffe },
		{ 86400, 0, 3600, 3600 },     { 86400, 86000, 3600, 400 },
		{ 20, 0, 3600, 20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_question q = question(TYPE_A, false);
		struct wire_walker w = { .packet = reply };
		struct wire_rr rr;

		start(QR, 1, 1, 1);
		dns_a(&packet, "@12", cases[i].ttl, "192.0.2.1");
		dns_soa(&packet, "@16", cases[i].ttl, 0x7fffffff);
		dns_aaaa(&packet, "ns@16", cases[i].ttl, "2001:db8::1");
		w.len = write_reply(&q, cases[i].age, cases[i].max, 512);
		for (unsigned n = 0; n < 3; n++) {
			assert_int_equal(wire_walk(&w, &rr), 1);
			assert_int_equal(rr.ttl_s, cases[i].expect);
		}
		assert_int_equal(wire_walk(&w, &rr), 0);
	}
}

/* RFC 2308 §5: a client takes the lower of the two, so both must count down. */
static void nothing_is_kept_for_the_lower_of_the_soas_times(void **state)
{
	static const struct {
		uint32_t ttl, minimum, age, expect;
	} cases[] = {
		{ 3600, 60, 0, 60 }, { 3600, 60, 59, 1 }, { 60, 3600, 59, 1 },
		{ 60, 3600, 0, 60 }, { 3600, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_question q = question(TYPE_A, false);
		struct wire_walker w = { .packet = reply };
		struct wire_rr rr;

		start(QR | RCODE_NXDOMAIN, 0, 1, 0);
		dns_soa(&packet, "@16", cases[i].ttl, cases[i].minimum);
		w.len = write_reply(&q, cases[i].age, NO_MAX, 512);
		assert_int_equal(wire_walk(&w, &rr), 1);
		assert_int_equal(rr.type, TYPE_SOA);
		assert_int_equal(rr.ttl_s, cases[i].expect);
	}
}

static bool is_type(const void *arg, const uint8_t *wire, const struct wire_rr *rr)
{
	(void)wire;
	return rr->type == *(const unsigned *)arg;
}

static void part_of_an_answer_is_not_authentic(void **state)
{
	static const struct {
		unsigned type;
		bool authentic;
	} cases[] = { { TYPE_A, false }, { TYPE_NS, false }, { TYPE_AAAA, true }, { TYPE_MX, true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_question q = question(TYPE_A, true);
		size_t len;

		q.ad = true;
		start(QR | 0x20, 2, 1, 1);
		dns_a(&packet, "@12", 300, "192.0.2.1");
		dns_a(&packet, "@12", 300, "192.0.2.2");
		dns_cname(&packet, "@16", TYPE_NS, 300, "ns@16");
		dns_aaaa(&packet, "ns@16", 300, "2001:db8::1");
		len = write_reply(&q, 0, NO_MAX, 512);
		assert_true(reply[3] & 0x20);
		wire_leave_out(reply, len, is_type, &cases[i].type);
		assert_int_equal(!!(reply[3] & 0x20), cases[i].authentic);
	}
}

static void upstreams_case_does_not_reach_the_client(void **state)
{
	static const char *const owners[] = { "@12", "wWw.eXample", "wWw@16",
					      "wWw.eXample@24" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		struct wire_question q = question(TYPE_A, false);
		struct wire_walker w = { .packet = reply };
		struct dname owner;
		struct wire_rr rr;
		size_t next;

		start(QR, 2, 0, 0);
		dns_a(&packet, owners[i], 300, "192.0.2.1");
		dns_a(&packet, "@29", 300, "192.0.2.2"); /* through the first owner */
		w.len = write_reply(&q, 0, NO_MAX, 512);
		assert_int_equal(w.len, packet.len);
		for (unsigned n = 0; n < 2; n++) {
			assert_int_equal(wire_walk(&w, &rr), 1);
			assert_int_equal(dname_from_packet(reply, w.len, rr.name_at,
							   &owner, &next),
					 0);
			assert_memory_equal(&owner, &q.qname, q.qname.len + 1u);
		}
	}
}

static void names_of_others_keep_their_case(void **state)
{
	struct wire_question q = question(TYPE_A, false);

	(void)state;
	start(QR, 2, 0, 0);
	dns_cname(&packet, "@12", TYPE_CNAME, 300, "CDN.eXample");
	dns_a(&packet, "CDN.eXample", 300, "192.0.2.1");
	assert_int_equal(write_reply(&q, 0, NO_MAX, 512), packet.len);
	assert_memory_equal(reply + 29, packet.bytes + 29, packet.len - 29);
}

static void opt_before_other_records_is_cut_out(void **state)
{
	struct wire_question q = question(TYPE_A, false);
	struct wire_walker w = { .packet = reply };
	struct dname owner, expect;
	struct wire_rr rr;
	unsigned n[4];
	size_t next;

	(void)state;
	start(QR, 1, 0, 6);
	dns_a(&packet, "@12", 300, "192.0.2.1");
	dns_opt(&packet, 1232, 0, 0, 0, "\0\12\0\0", 4);
	dns_a(&packet, "ns@16", 300, "192.0.2.2");	   /* at 60; moves */
	dns_aaaa(&packet, "@60", 300, "2001:db8::1");   /* points behind: cannot */
	dns_cname(&packet, "x@16", 5, 300, "y@60");	/* may hold pointers: left out */
	dns_a(&packet, "full.name", 300, "192.0.2.3");  /* moves */
	dns_a(&packet, "b@60", 300, "192.0.2.4");
	w.len = write_reply(&q, 0, NO_MAX, 512);
	count_records(w.len, n);
	assert_int_equal(n[1], 1);
	assert_int_equal(n[3], 2);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const names[] = { "Www.Example", "ns.Example",
						     "full.name" };

		assert_int_equal(wire_walk(&w, &rr), 1);
		assert_int_equal(dname_from_text(names[i], &expect), 0);
		assert_int_equal(
			dname_from_packet(reply, w.len, rr.name_at, &owner, &next), 0);
		assert_memory_equal(&owner, &expect, expect.len + 1u);
		assert_int_equal(reply[rr.rdata_at + 3], i + 1);
	}
}

static void long_reply_is_cut_at_a_record(void **state)
{
	unsigned n[4];

	(void)state;
	for (unsigned has_opt = 0; has_opt <= 1; has_opt++) {
		struct wire_question q = question(TYPE_A, has_opt);

		start(QR, 100, 0, 1);
		for (unsigned i = 0; i < 100; i++)
			dns_a(&packet, "@12", 300, "192.0.2.1");
		dns_opt(&packet, 4096, 0, 0, 0, NULL, 0);
		for (size_t max = 512; max < 1700; max++) {
			size_t len = write_reply(&q, 1, NO_MAX, max);
			size_t fit = (max - 29 - 11 * has_opt) / 16;
			bool whole = fit >= 100;

			count_records(len, n);
			assert_int_equal(n[1], whole ? 100 : fit);
			assert_int_equal(n[3], has_opt);
			assert_int_equal(!!(reply[2] & 2), !whole); /* TC */
			assert_int_equal(load_be32(reply + 29 + 16 * (n[1] - 1) + 6),
					 299);
		}
	}
}

static void only_needed_records_set_tc(void **state)
{
	struct wire_question q = question(TYPE_A, true);
	unsigned n[4];

	(void)state;
	start(QR, 20, 1, 40);
	for (unsigned i = 0; i < 20; i++)
		dns_a(&packet, "@12", 300, "192.0.2.1"); /* up to 349 */
	dns_soa(&packet, "@16", 300, 300);		    /* up to 383 */
	for (unsigned i = 0; i < 40; i++)
		dns_a(&packet, "@12", 300, "192.0.2.1");
	count_records(write_reply(&q, 0, NO_MAX, 512), n);
	assert_int_equal(n[2], 1);
	assert_int_equal(n[3], (512 - 11 - 383) / 16 + 1);
	assert_false(reply[2] & 2); /* RFC 2181 section 9 */

	start(QR, 1, 40, 0);
	dns_a(&packet, "@12", 300, "192.0.2.1");
	for (unsigned i = 0; i < 40; i++)
		dns_cname(&packet, "@16", TYPE_NS, 300, "ns.example");
	count_records(write_reply(&q, 0, NO_MAX, 512), n);
	assert_int_equal(n[1], 1);
	assert_in_range(n[2], 1, 39);
	assert_true(reply[2] & 2);
}

static void largest_reply_passes(void **state)
{
	struct wire_question q = question(TYPE_A, false);
	unsigned n[4], count = (WIRE_MAX - 29) / 11;

	(void)state;
	start(QR, count, 0, 0);
	for (unsigned i = 0; i < count; i++)
		dns_rr(&packet, ".", 65280, 300, 0);
	count_records(write_reply(&q, 0, NO_MAX, WIRE_MAX), n);
	assert_int_equal(n[1], count);
}

static void prepared_reply_serves_clients_of_different_case(void **state)
{
	struct wire_question one = question(TYPE_A, false), other = one;
	size_t len, n;

	(void)state;
	assert_int_equal(dname_from_text("www.EXAMPLE", &other.qname), 0);
	other.id = 9;
	start(QR, 1, 0, 0);
	dns_a(&packet, "@12", 300, "192.0.2.1");
	len = wire_prepare(&one, packet.bytes, packet.len, prepared);
	assert_int_equal(len, packet.len + 12 + 4);
	n = wire_write_prepared(&other, prepared, len, 0, NO_MAX, reply, 512);
	assert_int_equal(n, packet.len);
	assert_int_equal(load_be16(reply), 9);
	assert_memory_equal(reply + 12, other.qname.wire, other.qname.len);
	assert_int_equal(
		wire_write_prepared(&one, prepared, len - 1, 0, NO_MAX, reply, 512), 0);
	assert_int_equal(wire_write_prepared(&one, prepared, 3, 0, NO_MAX, reply, 512),
			 0);
	assert_int_equal(dname_from_text("w.example", &other.qname), 0);
	assert_int_equal(
		wire_write_prepared(&other, prepared, len, 0, NO_MAX, reply, 512), 0);
}

static void malformed_reply_is_refused(void **state)
{
	struct wire_question q = question(TYPE_A, false);
	size_t whole;

	(void)state;
	start(QR, 1, 1, 1);
	dns_a(&packet, "wWw.eXample", 300, "192.0.2.1");
	dns_soa(&packet, "@16", 300, 300);
	dns_opt(&packet, 1232, 0, 0, 0, "\0\12\0\0", 4);
	whole = packet.len;
	for (packet.len = 1; packet.len < whole; packet.len++)
		assert_int_equal(write_reply(&q, 0, NO_MAX, 512), 0);
	assert_int_not_equal(write_reply(&q, 0, NO_MAX, 512), 0);

	start(QR, 0, 0, 2);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	assert_int_equal(write_reply(&q, 0, NO_MAX, 512), 0);

	start(QR, 65535, 65535, 65535);
	assert_int_equal(write_reply(&q, 0, NO_MAX, 512), 0);

	dns_start(&packet, 1, QR, 1, 0, 0, 0);
	dns_question(&packet, "wWw.other.name", TYPE_A);
	assert_int_equal(write_reply(&q, 0, NO_MAX, 512), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_is_the_clients_own),
		cmocka_unit_test(flags_are_as_asked),
		cmocka_unit_test(our_opt_replaces_the_upstreams),
		cmocka_unit_test(extended_error_of_the_upstream_is_passed_on),
		cmocka_unit_test(cut_reply_has_room_for_the_extended_error),
		cmocka_unit_test(rcode_of_this_hop_becomes_servfail),
		cmocka_unit_test(every_ttl_is_lowered_and_limited),
		cmocka_unit_test(nothing_is_kept_for_the_lower_of_the_soas_times),
		cmocka_unit_test(part_of_an_answer_is_not_authentic),
		cmocka_unit_test(upstreams_case_does_not_reach_the_client),
		cmocka_unit_test(names_of_others_keep_their_case),
		cmocka_unit_test(opt_before_other_records_is_cut_out),
		cmocka_unit_test(long_reply_is_cut_at_a_record),
		cmocka_unit_test(only_needed_records_set_tc),
		cmocka_unit_test(largest_reply_passes),
		cmocka_unit_test(prepared_reply_serves_clients_of_different_case),
		cmocka_unit_test(malformed_reply_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
