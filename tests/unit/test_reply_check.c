/* Replies are told from what is not the reply to this question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/util.h"
#include "resolver/reply_check.h"

#define HEAD	 0x12, 0x34, 0x81, 0x80, 0, 1
#define NO_RR	 0, 0, 0, 0, 0, 0
#define QUESTION 3, 'W', 'w', 'w', 1, 'x', 0, 0, 1, 0, 1
#define A_RR	 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 198, 18, 0, 1
#define OPT	 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0
#define BYTES(...)                                                                         \
	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static const uint8_t question[] = { QUESTION };

static enum reply_verdict verdict_of(const uint8_t *packet, size_t len,
				     struct reply_facts *facts)
{
	enum reply_verdict v = reply_check_head(packet, len);

	if (v != REPLY_OK)
		return v;
	return reply_check(packet, len, question, sizeof(question), facts);
}

static void packet_is_the_reply_or_not(void **state)
{
	const struct {
		const char *what;
		const uint8_t *packet;
		size_t len;
		enum reply_verdict verdict;
	} cases[] = {
		{ "answer", BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, A_RR), REPLY_OK },
		{ "answer and OPT", BYTES(HEAD, 0, 1, 0, 0, 0, 1, QUESTION, A_RR, OPT), REPLY_OK },
		{ "no records", BYTES(HEAD, NO_RR, QUESTION), REPLY_OK },
		{ "nothing", BYTES(0), REPLY_SHORT },
		{ "five bytes", BYTES(0x12, 0x34, 0x81, 0x80, 0), REPLY_SHORT },
		{ "QR 0", BYTES(0x12, 0x34, 0x01, 0x80, 0, 1, NO_RR, QUESTION), REPLY_QUERY },
		{ "opcode 2", BYTES(0x12, 0x34, 0x91, 0x80, 0, 1, NO_RR, QUESTION),
		  REPLY_OPCODE },
		{ "no question", BYTES(0x12, 0x34, 0x81, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, A_RR),
		  REPLY_COUNT },
		{ "two questions",
		  BYTES(0x12, 0x34, 0x81, 0x80, 0, 2, NO_RR, QUESTION, QUESTION),
		  REPLY_COUNT },
		{ "head alone, NOERROR", BYTES(0x12, 0x34, 0x81, 0x80, 0, 0, NO_RR),
		  REPLY_COUNT },
		{ "head alone, FORMERR", BYTES(0x12, 0x34, 0x81, 0x81, 0, 0, NO_RR),
		  REPLY_BARE },
		{ "head alone with a count", BYTES(HEAD, NO_RR), REPLY_QUESTION },
		{ "other name",
		  BYTES(HEAD, NO_RR, 3, 'W', 'w', 'v', 1, 'x', 0, 0, 1, 0, 1),
		  REPLY_QUESTION },
		{ "longer name",
		  BYTES(HEAD, NO_RR, 3, 'W', 'w', 'w', 1, 'x', 1, 'y', 0, 0, 1, 0, 1),
		  REPLY_QUESTION },
		{ "other type",
		  BYTES(HEAD, NO_RR, 3, 'W', 'w', 'w', 1, 'x', 0, 0, 28, 0, 1),
		  REPLY_QUESTION },
		{ "other class",
		  BYTES(HEAD, NO_RR, 3, 'W', 'w', 'w', 1, 'x', 0, 0, 1, 0, 3),
		  REPLY_QUESTION },
		{ "type in another case is another type",
		  BYTES(HEAD, NO_RR, 3, 'W', 'w', 'w', 1, 'x', 0, 0, 'A', 0, 1),
		  REPLY_QUESTION },
		{ "other case", BYTES(HEAD, NO_RR, 3, 'w', 'w', 'w', 1, 'x', 0, 0, 1, 0, 1),
		  REPLY_CASE },
		{ "a record is missing", BYTES(HEAD, 0, 2, 0, 0, 0, 0, QUESTION, A_RR),
		  REPLY_RECORDS },
		{ "bytes left over", BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, A_RR, 0),
		  REPLY_RECORDS },
		{ "cut in the data",
		  BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44,
			0, 4, 198),
		  REPLY_RECORDS },
		{ "cut in the fixed part",
		  BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, 0xc0, 12, 0, 1, 0), REPLY_RECORDS },
		{ "cut in a pointer", BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, 0xc0),
		  REPLY_RECORDS },
		{ "name that points to itself",
		  BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, 0xc0, 23, 0, 1, 0, 1, 0, 0, 1, 44,
			0, 0),
		  REPLY_RECORDS },
		{ "label of an unknown type",
		  BYTES(HEAD, 0, 1, 0, 0, 0, 0, QUESTION, 0x80, 0, 0, 1, 0, 1, 0, 0, 1, 44, 0,
			0),
		  REPLY_RECORDS },
		{ "truncated inside a record",
		  BYTES(0x12, 0x34, 0x83, 0x80, 0, 1, 0, 2, 0, 0, 0, 0, QUESTION, A_RR),
		  REPLY_OK },
	};
	struct reply_facts facts;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("  %s\n", cases[i].what);
		assert_string_equal(
			reply_verdict_name(verdict_of(cases[i].packet, cases[i].len, &facts)),
			reply_verdict_name(cases[i].verdict));
	}
}

static void every_prefix_of_a_reply_is_refused(void **state)
{
	static const uint8_t whole[] = { HEAD, 0, 1, 0, 0, 0, 1, QUESTION, A_RR, OPT };
	struct reply_facts facts;

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++)
		assert_int_not_equal(verdict_of(whole, len, &facts), REPLY_OK);
	assert_int_equal(verdict_of(whole, sizeof(whole), &facts), REPLY_OK);
}

static void facts_are_read(void **state)
{
	static const uint8_t badvers[] = { HEAD, 0, 0, 0, 0, 0, 1, QUESTION,
					   0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0 };
	static const uint8_t cut[] = { 0x12, 0x34, 0x83, 0x82, 0, 1, 0, 1, 0, 0, 0, 0,
				       QUESTION };
	struct reply_facts facts;

	(void)state;
	assert_int_equal(verdict_of(badvers, sizeof(badvers), &facts), REPLY_OK);
	assert_int_equal(facts.rcode, 16);
	assert_true(facts.has_opt && facts.whole && !facts.truncated);
	assert_int_equal(verdict_of(cut, sizeof(cut), &facts), REPLY_OK);
	assert_int_equal(facts.rcode, 2);
	assert_true(!facts.has_opt && !facts.whole && facts.truncated);
}

/** A fixed sequence, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525u + 1013904223u;
	return *x >> 8;
}

static void mutated_replies_pass_only_with_their_question(void **state)
{
	static const uint8_t whole[] = { HEAD, 0, 2, 0, 0, 0, 1, QUESTION, A_RR, A_RR, OPT };
	uint32_t x = 1, passed = 0;
	struct reply_facts facts;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		size_t len = sizeof(whole) - next_random(&x) % 3;
		uint8_t *packet = malloc(len); /* so that reading behind it is seen */

		memcpy(packet, whole, len);
		for (unsigned n = next_random(&x) % 4; n; n--)
			packet[next_random(&x) % len] = (uint8_t)next_random(&x);
		if (verdict_of(packet, len, &facts) == REPLY_OK) {
			assert_memory_equal(packet + 12, question, sizeof(question));
			passed++;
		}
		free(packet);
	}
	assert_in_range(passed, 1, 99999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_is_the_reply_or_not),
		cmocka_unit_test(every_prefix_of_a_reply_is_refused),
		cmocka_unit_test(facts_are_read),
		cmocka_unit_test(mutated_replies_pass_only_with_their_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
