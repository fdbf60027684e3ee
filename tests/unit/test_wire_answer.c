/* What wire_parse_answer makes of replies, honest and not. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/wire.h"
#include "tests/support/answer_summary.h"
#include "tests/support/dns_message.h"

#define QR	0x8180
#define QUESTION "www.example" /* at 12, "example" at 16, root at 24 */

static struct dns_message packet;
static struct wire_answer answer;

static struct wire_question question(uint16_t qtype)
{
	struct wire_question q = { .qtype = qtype, .qclass = CLASS_IN };

	if (dname_from_text(QUESTION, &q.qname) < 0)
		abort();
	return q;
}

/* A copy of exact size, so that the sanitizer sees each byte read too far. */
static int parse_as(uint16_t qtype)
{
	struct wire_question q = question(qtype);
	uint8_t *copy = malloc(packet.len ? packet.len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, packet.bytes, packet.len);
	rc = wire_parse_answer(copy, packet.len, &q, &answer);
	free(copy);
	return rc;
}

static void start(unsigned flags, unsigned qtype, unsigned an, unsigned ns, unsigned ar)
{
	dns_start(&packet, 1, (uint16_t)flags, 1, (uint16_t)an, (uint16_t)ns,
		     (uint16_t)ar);
	dns_question(&packet, QUESTION, qtype);
}

static void addresses_and_lowest_ttl_are_read(void **state)
{
	(void)state;
	start(QR | 0x0420, TYPE_A, 2, 1, 1);
	dns_a(&packet, "@12", 300, "192.0.2.1");
	dns_a(&packet, "WWW.EXAMPLE", 60, "192.0.2.2");
	dns_rr(&packet, "@16", TYPE_NS, 5, 2);
	dns_name(&packet, "@16");
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_string_equal(answer_summary(&answer), "192.0.2.1/300 192.0.2.2/60 |");
	assert_int_equal(answer.cache_ttl_s, 60);
	assert_int_equal(answer.rcode, 0);
	assert_true(answer.aa && answer.authentic);
	assert_false(answer.truncated || answer.negative);
}

static void ipv6_and_mapped_addresses_are_read(void **state)
{
	(void)state;
	start(QR, TYPE_AAAA, 2, 0, 0);
	dns_aaaa(&packet, "@12", 300, "2001:db8::1");
	dns_aaaa(&packet, "@12", 300, "::ffff:192.0.2.9");
	assert_int_equal(parse_as(TYPE_AAAA), 0);
	assert_string_equal(answer_summary(&answer), "2001:db8::1/300 192.0.2.9/300 |");
}

static void chain_is_followed_in_any_order(void **state)
{
	/* each digit: which record comes next */
	static const char *const orders[] = { "0123", "3210", "2031", "1302" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		start(QR, TYPE_A, 4, 0, 0);
		for (const char *o = orders[i]; *o; o++) {
			if (*o == '0')
				dns_cname(&packet, "@12", TYPE_CNAME, 500, "CDN.example");
			else if (*o == '1')
				dns_cname(&packet, "cdn.Example", TYPE_CNAME, 400, "e.x");
			else if (*o == '2')
				dns_a(&packet, "e.X", 30, "192.0.2.1");
			else
				dns_a(&packet, "other.example", 40, "192.0.2.66");
		}
		assert_int_equal(parse_as(TYPE_A), 0);
		assert_string_equal(answer_summary(&answer), "192.0.2.1/30 | cdn.example e.x");
		assert_int_equal(answer.cache_ttl_s, 30);
		assert_false(answer.negative);
	}
}

static void compressed_targets_are_expanded(void **state)
{
	(void)state;
	start(QR, TYPE_A, 2, 0, 0);
	dns_cname(&packet, "@12", TYPE_CNAME, 9, "a.b@16");
	dns_a(&packet, "a.b@16", 8, "192.0.2.1");
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_string_equal(answer_summary(&answer), "192.0.2.1/8 | a.b.example");
}

static void address_of_a_name_outside_the_chain_does_not_count(void **state)
{
	(void)state;
	start(QR, TYPE_A, 3, 0, 1);
	dns_cname(&packet, "@12", TYPE_CNAME, 9, "b.example");
	dns_a(&packet, "@12", 9, "192.0.2.1");
	dns_a(&packet, "@16", 9, "192.0.2.2");
	dns_a(&packet, "b.example", 9, "192.0.2.3"); /* additional */
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_string_equal(answer_summary(&answer), "| b.example");
}

static void dname_without_its_cname_is_followed(void **state)
{
	(void)state;
	start(QR, TYPE_A, 2, 0, 0);
	dns_cname(&packet, "@16", TYPE_DNAME, 9, "example.Net");
	dns_a(&packet, "www.example.net", 7, "192.0.2.1");
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_string_equal(answer_summary(&answer), "192.0.2.1/7 | www.example.net");

	start(QR, TYPE_A, 3, 0, 0); /* and with it, once */
	dns_cname(&packet, "@16", TYPE_DNAME, 9, "example.net");
	dns_cname(&packet, "@12", TYPE_CNAME, 9, "www.example.net");
	dns_a(&packet, "www.example.net", 7, "192.0.2.1");
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_string_equal(answer_summary(&answer), "192.0.2.1/7 | www.example.net");

	start(QR, TYPE_A, 1, 0, 0); /* not for the owner itself (RFC 6672 §2.3) */
	dns_cname(&packet, "@12", TYPE_DNAME, 9, "example.net");
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_string_equal(answer_summary(&answer), "|");
	assert_true(answer.negative);
}

static void chain_has_a_limit(void **state)
{
	char from[32], to[32];

	(void)state;
	for (unsigned n = 15; n <= 18; n++) {
		start(QR, TYPE_A, n + 1, 0, 0);
		for (unsigned i = 0; i < n; i++) {
			snprintf(from, sizeof(from), "n%u.example", i);
			snprintf(to, sizeof(to), "n%u.example", i + 1);
			dns_cname(&packet, i ? from : "@12", TYPE_CNAME, 9, to);
		}
		dns_a(&packet, to, 9, "192.0.2.1");
		assert_int_equal(parse_as(TYPE_A), n <= WIRE_CHAIN_MAX ? 0 : -EBADMSG);
		if (n <= WIRE_CHAIN_MAX) {
			assert_int_equal(answer.chain_count, n);
			assert_int_equal(answer.addr_count, 1);
		}
	}
	start(QR, TYPE_A, 2, 0, 0);
	dns_cname(&packet, "@12", TYPE_CNAME, 9, "b.example");
	dns_cname(&packet, "b.example", TYPE_CNAME, 9, "@12");
	assert_int_equal(parse_as(TYPE_A), -EBADMSG); /* a loop */

	start(QR, TYPE_A, 1, 0, 0);
	dns_cname(&packet, "@16", TYPE_DNAME, 9, "a@16");
	assert_int_equal(parse_as(TYPE_A), -EBADMSG); /* grows for ever */

	start(QR, TYPE_A, 33, 0, 0);
	for (unsigned i = 0; i < 33; i++)
		dns_cname(&packet, "x.example", TYPE_CNAME, 9, "y.example");
	assert_int_equal(parse_as(TYPE_A), -EBADMSG);
}

static void addresses_have_a_limit(void **state)
{
	(void)state;
	start(QR, TYPE_A, WIRE_ADDRS_MAX + 5, 0, 0);
	for (unsigned i = 0; i < WIRE_ADDRS_MAX + 5; i++)
		dns_a(&packet, "@12", 100 - i, "192.0.2.1");
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_int_equal(answer.addr_count, WIRE_ADDRS_MAX);
	assert_int_equal(answer.cache_ttl_s, 100 - WIRE_ADDRS_MAX - 4);
}

static void ttl_above_31_bits_is_0(void **state)
{
	static const struct {
		uint32_t ttl, expect;
	} cases[] = {
		{ 0, 0 }, { 1, 1 }, { 0x7fffffff, 0x7fffffff }, { 0x80000000, 0 },
		{ 0xffffffff, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(QR, TYPE_A, 1, 0, 0);
		dns_a(&packet, "@12", cases[i].ttl, "192.0.2.1");
		assert_int_equal(parse_as(TYPE_A), 0);
		assert_int_equal(answer.cache_ttl_s, cases[i].expect);
		assert_int_equal(answer.addrs[0].ttl_s, cases[i].expect);
	}
}

static void negative_ttl_comes_from_the_soa(void **state)
{
	static const struct {
		unsigned rcode;
		bool cname, soa;
		uint32_t soa_ttl, minimum, expect;
		bool negative;
	} cases[] = {
		{ RCODE_NXDOMAIN, false, true, 900, 300, 300, true },
		{ RCODE_NXDOMAIN, false, true, 200, 300, 200, true },
		{ RCODE_NXDOMAIN, false, true, 0x80000000, 300, 0, true },
		{ RCODE_NXDOMAIN, false, true, 900, 0xffffffff, 900, true },
		{ RCODE_NXDOMAIN, false, false, 0, 0, 0,
		  true }, /* §5: no SOA, not cached */
		{ RCODE_NXDOMAIN, true, true, 900, 300, 70, true },
		{ RCODE_NOERROR, false, true, 900, 300, 300, true },
		{ RCODE_NOERROR, true, true, 900, 60, 60, true },
		{ RCODE_NOERROR, true, false, 0, 0, 0, true },
		{ RCODE_NOERROR, false, false, 0, 0, 0, true }, /* a referral */
		{ RCODE_SERVFAIL, false, true, 900, 300, 0, false },
		{ RCODE_REFUSED, true, true, 900, 300, 0, false },
		{ 6, false, true, 900, 300, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(QR | cases[i].rcode, TYPE_A, cases[i].cname, cases[i].soa, 0);
		if (cases[i].cname)
			dns_cname(&packet, "@12", TYPE_CNAME, 70, "gone.example");
		if (cases[i].soa)
			dns_soa(&packet, "@16", cases[i].soa_ttl, cases[i].minimum);
		assert_int_equal(parse_as(TYPE_A), 0);
		assert_int_equal(answer.rcode, cases[i].rcode);
		assert_int_equal(answer.cache_ttl_s, cases[i].expect);
		assert_int_equal(answer.negative, cases[i].negative);
		assert_int_equal(answer.chain_count, cases[i].cname);
	}
}

static void answer_to_a_cname_question_is_positive(void **state)
{
	(void)state;
	start(QR, TYPE_CNAME, 1, 0, 0);
	dns_cname(&packet, "@12", TYPE_CNAME, 70, "b.example");
	assert_int_equal(parse_as(TYPE_CNAME), 0);
	assert_false(answer.negative);
	assert_int_equal(answer.cache_ttl_s, 70);
}

static void unknown_types_are_taken_as_they_are(void **state)
{
	(void)state;
	start(QR, 65280, 1, 0, 0); /* RFC 3597 */
	dns_rr(&packet, "@12", 65280, 50, 3);
	dns_bytes(&packet, "\xc0\x0c\xff", 3);
	assert_int_equal(parse_as(65280), 0);
	assert_false(answer.negative);
	assert_int_equal(answer.cache_ttl_s, 50);
	assert_string_equal(answer_summary(&answer), "|");
}

static void truncated_answer_is_not_cached(void **state)
{
	(void)state;
	start(QR | 0x0200, TYPE_A, 1, 0, 0);
	dns_a(&packet, "@12", 300, "192.0.2.1");
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_true(answer.truncated);
	assert_int_equal(answer.cache_ttl_s, 0);
}

static void addresses_under_an_error_do_not_count(void **state)
{
	static const unsigned rcodes[] = { RCODE_NXDOMAIN, RCODE_SERVFAIL,
					   RCODE_REFUSED };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rcodes); i++) {
		start(QR | rcodes[i], TYPE_A, 1, 0, 0);
		dns_a(&packet, "@12", 300, "192.0.2.1");
		assert_int_equal(parse_as(TYPE_A), 0);
		assert_string_equal(answer_summary(&answer), "|");
	}
}

static void extended_rcode_and_opt_places(void **state)
{
	(void)state;
	start(QR, TYPE_A, 0, 0, 1);
	dns_opt(&packet, 1232, 1, 0, 0, NULL, 0);
	assert_int_equal(parse_as(TYPE_A), 0);
	assert_int_equal(answer.rcode, RCODE_BADVERS);
	assert_int_equal(answer.cache_ttl_s, 0);

	start(QR, TYPE_A, 0, 0, 2);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	assert_int_equal(parse_as(TYPE_A), -EBADMSG);

	start(QR, TYPE_A, 1, 0, 0);
	dns_opt(&packet, 1232, 0, 0, 0, NULL, 0);
	assert_int_equal(parse_as(TYPE_A), -EBADMSG); /* not additional */

	start(QR, TYPE_A, 0, 0, 1);
	dns_rr(&packet, "x", TYPE_OPT, 0, 0);
	assert_int_equal(parse_as(TYPE_A), -EBADMSG); /* not at the root */
}

static void other_questions_and_queries_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		unsigned type, flags, qd;
		int rc;
	} cases[] = {
		{ "www.example", TYPE_A, QR, 1, 0 },
		{ "wWW.eXample", TYPE_A, QR, 1, 0 },
		{ "www.example", TYPE_AAAA, QR, 1, -EINVAL },
		{ "wwx.example", TYPE_A, QR, 1, -EINVAL },
		{ "www.example.", TYPE_A, QR, 0, -EINVAL },
		{ "www.example", TYPE_A, QR, 2, -EINVAL },
		{ "ww.example", TYPE_A, QR, 1, -EINVAL },
		{ "www.example.x", TYPE_A, QR, 1, -EINVAL },
		{ ".", TYPE_A, QR, 1, -EINVAL },
		{ "www@0", TYPE_A, QR, 1, -EINVAL },
		{ "www.example", TYPE_A, 0x0100, 1, -EBADMSG }, /* our own query */
		{ "www.example", TYPE_A, QR | 4 << 11, 1, -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dns_start(&packet, 1, (uint16_t)cases[i].flags, (uint16_t)cases[i].qd, 0,
			  0, 0);
		dns_question(&packet, cases[i].name, cases[i].type);
		assert_int_equal(parse_as(TYPE_A), cases[i].rc);
	}
}

static void every_cut_and_extra_byte_is_malformed(void **state)
{
	size_t whole;

	(void)state;
	start(QR, TYPE_A, 2, 1, 1);
	dns_cname(&packet, "@12", TYPE_CNAME, 9, "b.example");
	dns_a(&packet, "b.example", 9, "192.0.2.1");
	dns_soa(&packet, "@16", 9, 9);
	dns_opt(&packet, 1232, 0, 0, 0, "\0\12\0\0", 4);
	whole = packet.len;
	for (packet.len = 0; packet.len < whole; packet.len++)
		assert_true(parse_as(TYPE_A) < 0);
	assert_int_equal(parse_as(TYPE_A), 0);
	dns_u8(&packet, 0);
	assert_int_equal(parse_as(TYPE_A), -EBADMSG);
}

static void malformed_records_are_refused(void **state)
{
	static const struct {
		unsigned type;
		const char *owner, *rdata;
		size_t len;
	} cases[] = {
		{ TYPE_A, "@12", "\1\2\3", 3 },
		{ TYPE_A, "@12", "\1\2\3\4\5", 5 },
		{ TYPE_AAAA, "@12", "\1\2\3\4", 4 },
		{ TYPE_A, "@29", "\1\2\3\4", 4 },	/* points to itself */
		{ TYPE_A, "@40", "\1\2\3\4", 4 },	/* forwards */
		{ TYPE_A, "@3", "\1\2\3\4", 4 },	/* into the head */
		{ TYPE_CNAME, "@12", "\1x", 2 },	/* target cut short */
		{ TYPE_CNAME, "@12", "\1x\0\0", 4 },	/* bytes behind it */
		{ TYPE_CNAME, "@12", "\xc0\x29", 2 },	/* itself */
		{ TYPE_CNAME, "@12", "\x7fx", 2 },
		{ TYPE_CNAME, "@12", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(QR, TYPE_A, 1, 0, 0);
		dns_rr(&packet, cases[i].owner, cases[i].type, 9, cases[i].len);
		dns_bytes(&packet, cases[i].rdata, cases[i].len);
		assert_int_equal(parse_as(TYPE_A), -EBADMSG);
	}
	start(QR | RCODE_NXDOMAIN, TYPE_A, 0, 1, 0); /* SOA without its numbers */
	dns_rr(&packet, "@12", TYPE_SOA, 9, 2);
	dns_bytes(&packet, "\0\0", 2);
	assert_int_equal(parse_as(TYPE_A), -EBADMSG);
}

static void counts_cannot_promise_more_than_the_bytes_hold(void **state)
{
	(void)state;
	start(QR, TYPE_A, 65535, 65535, 65535);
	dns_a(&packet, "@12", 9, "192.0.2.1");
	assert_int_equal(parse_as(TYPE_A), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_lowest_ttl_are_read),
		cmocka_unit_test(ipv6_and_mapped_addresses_are_read),
		cmocka_unit_test(chain_is_followed_in_any_order),
		cmocka_unit_test(compressed_targets_are_expanded),
		cmocka_unit_test(address_of_a_name_outside_the_chain_does_not_count),
		cmocka_unit_test(dname_without_its_cname_is_followed),
		cmocka_unit_test(chain_has_a_limit),
		cmocka_unit_test(addresses_have_a_limit),
		cmocka_unit_test(ttl_above_31_bits_is_0),
		cmocka_unit_test(negative_ttl_comes_from_the_soa),
		cmocka_unit_test(answer_to_a_cname_question_is_positive),
		cmocka_unit_test(unknown_types_are_taken_as_they_are),
		cmocka_unit_test(truncated_answer_is_not_cached),
		cmocka_unit_test(addresses_under_an_error_do_not_count),
		cmocka_unit_test(extended_rcode_and_opt_places),
		cmocka_unit_test(other_questions_and_queries_are_told_apart),
		cmocka_unit_test(every_cut_and_extra_byte_is_malformed),
		cmocka_unit_test(malformed_records_are_refused),
		cmocka_unit_test(counts_cannot_promise_more_than_the_bytes_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
