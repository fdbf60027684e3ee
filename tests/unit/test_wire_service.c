/* SVCB and HTTPS records in answers (RFC 9460). */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/wire.h"
#include "tests/support/answer_summary.h"
#include "tests/support/dns_message.h"

static struct dns_message packet;
static struct wire_answer answer;

/* A reply about www.example, which stands at 12. */
static void start(unsigned answers)
{
	dns_start(&packet, 1, 0x8180, 1, (uint16_t)answers, 0, 0);
	dns_question(&packet, "www.example", TYPE_HTTPS);
}

/* From a copy of exact size, so that the sanitizer sees each byte read too far. */
static int parse(void)
{
	struct wire_question q = { .qtype = TYPE_HTTPS, .qclass = CLASS_IN };
	uint8_t *copy = malloc(packet.len);
	int rc;

	assert_non_null(copy);
	assert_int_equal(dname_from_text("www.example", &q.qname), 0);
	memcpy(copy, packet.bytes, packet.len);
	rc = wire_parse_answer(copy, packet.len, &q, &answer);
	free(copy);
	return rc;
}

#define HINT4 "\0\4\0\10\300\0\2\1\300\0\2\2"
#define HINT6 "\0\6\0\20\x20\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"
#define ALPN  "\0\1\0\3\2h2"
#define CASE(bytes, text) { bytes, sizeof(bytes) - 1, text }

static void service_hints_and_targets_are_read(void **state)
{
	static const struct {
		const char *rdata;
		size_t len;
		const char *summary;
	} cases[] = {
		CASE("\0\1\0", "|"),
		CASE("\0\1\0" ALPN HINT4 HINT6,
		     "192.0.2.1/60h 192.0.2.2/60h 2001:db8::1/60h |"),
		CASE("\0\1\3CDN\7example\0" HINT6, "2001:db8::1/60h | cdn.example"),
		CASE("\0\1\3www\7example\0", "|"), /* the owner, spelled out */
		CASE("\0\0\3cdn\7example\0", "| cdn.example"), /* alias */
		CASE("\0\0\3cdn\7example\0" HINT4, "| cdn.example"),
		CASE("\0\0\0", "|"),		 /* no such service */
		CASE("\0\1\0" HINT6 HINT4, "|"), /* keys do not ascend */
		CASE("\0\1\0" HINT4 HINT4, "|"),
		CASE("\0\1\0" HINT4 "\0\5", "|"), /* cut short behind the hint */
		CASE("\0\1\0" HINT4 "\0\5\0\1", "|"),
		CASE("\0\1\0\0\4\0\0", "|"), /* empty hint */
		CASE("\0\1\0\0\4\0\5\1\2\3\4\5", "|"),
		CASE("\0\1\0\0\6\0\4\1\2\3\4", "|"),
		CASE("\0\1\300\14" HINT4,
		     "|"), /* compressed: not allowed, so unreadable */
		CASE("\0\1", "|"),
		CASE("", "|"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(1);
		dns_rr(&packet, "@12", TYPE_HTTPS, 60, cases[i].len);
		dns_bytes(&packet, cases[i].rdata, cases[i].len);
		assert_int_equal(parse(), 0);
		assert_string_equal(answer_summary(&answer), cases[i].summary);
		assert_false(answer.negative);
		assert_int_equal(answer.cache_ttl_s, 60);
	}
}

static void services_behind_a_chain_do_not_move_its_end(void **state)
{
	(void)state;
	start(3);
	dns_cname(&packet, "@12", TYPE_CNAME, 9, "e.example");
	for (unsigned i = 0; i < 2; i++) {
		dns_rr(&packet, "e.example", TYPE_HTTPS, 8, i ? 5 + 8 : 5);
		dns_bytes(&packet, i ? "\0\2\1b\0\0\4\0\4\300\0\2\7" : "\0\1\1a\0",
			     i ? 5 + 8 : 5);
	}
	assert_int_equal(parse(), 0);
	assert_string_equal(answer_summary(&answer), "192.0.2.7/8h | e.example a b");
}

static void too_many_service_targets_are_refused(void **state)
{
	(void)state;
	for (unsigned n = 16; n <= 17; n++) {
		start(n);
		for (unsigned i = 0; i < n; i++) {
			dns_rr(&packet, "@12", TYPE_HTTPS, 8, 5);
			dns_bytes(&packet, "\0\1\1", 3);
			dns_u8(&packet, 'a' + i);
			dns_u8(&packet, 0);
		}
		assert_int_equal(parse(), n == 16 ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service_hints_and_targets_are_read),
		cmocka_unit_test(services_behind_a_chain_do_not_move_its_end),
		cmocka_unit_test(too_many_service_targets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
