/* What the control socket may ask of the history, and how a request to prune is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "db/prune_request.h"
#include "lib/util.h"
#include "resolver/history_request.h"

static char long_word[MSG_ASK_ARG_MAX + 1];

static void words_become_a_question(void **state)
{
	static const struct {
		const char *words[6];
		const char *why; /* part of it; NULL: fine */
		enum msg_question question;
		const char *arg;
	} cases[] = {
		{ { "forget", "client", "tv" }, NULL, ASK_FORGET, "client tv" },
		{ { "forget", "name", "x.example" }, NULL, ASK_FORGET, "name x.example" },
		{ { "forget", "all", "x" }, "usage", 0, NULL },
		{ { "forget", "name" }, "usage", 0, NULL },
		{ { "forget", "name", "x", "y" }, "usage", 0, NULL },
		{ { "forget", "name", long_word }, "too long", 0, NULL },
		{ { "prune" }, NULL, ASK_PRUNE, "" },
		{ { "prune", "before", "17", "lookups" }, NULL, ASK_PRUNE,
		  "before 17 lookups" },
		{ { "prune", "before", "17" }, "usage", 0, NULL },
		{ { "prune", "now" }, "usage", 0, NULL },
		{ { "pruning" }, NULL, ASK_PRUNING, "" },
		{ { "pruning", "x" }, "usage", 0, NULL },
		{ { "follow" }, NULL, ASK_FOLLOW, "" },
		{ { "drop" }, "usage", 0, NULL },
		{ { NULL }, "usage", 0, NULL },
	};

	(void)state;
	memset(long_word, 'x', sizeof(long_word) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct history_request r;
		const char *why = history_request_read((char **)cases[i].words, &r);

		if (!why != !cases[i].why || (why && !strstr(why, cases[i].why)))
			fail_msg("case %zu: %s", i, why ? why : "(fine)");
		if (why)
			continue;
		assert_int_equal(r.question, cases[i].question);
		assert_string_equal(r.arg, cases[i].arg);
		assert_true(*r.heading);
	}
}

static void a_prune_request_is_read_as_written(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int64_t before_us;
		unsigned kinds;
	} cases[] = {
		{ "", 0, 0, 0 },
		{ "before 1790000000000000 lookups", 0, 1790000000000000, 1 << PRUNE_LOOKUPS },
		{ "before 1 refusals,daily", 0, 1, 1 << PRUNE_REFUSALS | 1 << PRUNE_DAILY },
		{ "before 9 lookups,refusals,events,hourly,daily", 0, 9, (1 << PRUNE_KINDS) - 1 },
		{ "before 0 lookups", -EINVAL, 0, 0 },
		{ "before -5 lookups", -EINVAL, 0, 0 },
		{ "before 5", -EINVAL, 0, 0 },
		{ "before 5 ", -EINVAL, 0, 0 },
		{ "before 5 lookups,", -EINVAL, 0, 0 },
		{ "before 5 names", -EINVAL, 0, 0 },
		{ "before 5x lookups", -EINVAL, 0, 0 },
		{ "before 99999999999999999999 lookups", -EINVAL, 0, 0 },
		{ "after 5 lookups", -EINVAL, 0, 0 },
	};
	char text[PRUNE_REQUEST_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prune_request r = { 7, 7 };

		if (prune_request_from_text(cases[i].text, &r) != cases[i].rc)
			fail_msg("'%s'", cases[i].text);
		if (cases[i].rc)
			continue;
		assert_int_equal(r.before_us, cases[i].before_us);
		assert_int_equal(r.kinds, cases[i].kinds);
		assert_string_equal(prune_request_text(&r, text), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_question),
		cmocka_unit_test(a_prune_request_is_read_as_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
