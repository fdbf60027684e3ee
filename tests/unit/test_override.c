/* Overrides: their text, and what they decide before lists and hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "conf/conf.h"
#include "conf/conf_override.h"
#include "lib/util.h"
#include "resolver/override.h"
#include "resolver/policy.h"
#include "tests/support/conf_text.h"

#define NOW_S 1795791600

static const char text[] =
	"upstream u {\n server 192.0.2.1\n}\n"
	"device tv {\n address 192.0.2.9\n}\n"
	"group kids {\n member 192.0.2.32/27 tv\n}\n"
	"group all {\n member 192.0.2.0/24\n}\n"
	"policy kids {\n for kids\n}\n";

static struct conf_overrides parsed;

static int parse(const char *lines)
{
	return conf_overrides_parse(lines, NOW_S, &parsed);
}

static void what_is_written_is_read_back(void **state)
{
	static const char lines[] =
		"allow all - 1795791601 x.example\n"
		"block client tv 1795791700 a\\032b\\.c.example\n"
		"allow client 2001:db8::1 1795791700 y.example\n"
		"block group kids 1795791700 z.example\n"
		"pause policy kids 1795791700 -\n"
		"pause all - 1795791700 -\n";
	char *buf = malloc(CONF_OVERRIDE_TEXT);

	(void)state;
	assert_non_null(buf);
	assert_int_equal(parse(lines), 0);
	assert_int_equal(parsed.count, 6);
	conf_overrides_text(&parsed, buf);
	assert_int_equal(parse(buf), 0);
	assert_int_equal(parsed.count, 6);
	assert_int_equal(parsed.items[1].action, OVERRIDE_BLOCK);
	assert_string_equal(parsed.items[2].who, "2001:db8::1");
	assert_int_equal(parse("allow all - 1795791600 over.example\n"), 0);
	assert_int_equal(parsed.count, 0);
	free(buf);
}

static void other_lines_are_refused_whole(void **state)
{
	static const char *const lines[] = {
		"allow all - 1795791700 x.example", /* no end */
		"\n",
		"allow all - 1795791700\n",
		"allow all - 1795791700 x.example y\n",
		"allow  all - 1795791700 x.example\n",
		"deny all - 1795791700 x.example\n",
		"allow some - 1795791700 x.example\n",
		"allow all tv 1795791700 x.example\n",
		"allow client t/v 1795791700 x.example\n",
		"allow client  1795791700 x.example\n",
		"allow all - -1 x.example\n",
		"allow all - 1795791700x x.example\n",
		"allow all - 99999999999999999999 x.example\n",
		"allow all - 1798383601 x.example\n", /* more than 30 days */
		"allow all - 1795791700 a..b\n",
		"allow all - 1795791700 .\n",
		"allow all - 1795791700 -\n\n",
		"pause all - 1795791700 x.example\n",
		"allow all - 1795791700 x.example\npause\n",
	};
	char *many = malloc(CONF_OVERRIDE_TEXT), *at = many;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (parse(lines[i]) != -EINVAL || parsed.count)
			fail_msg("taken: %s", lines[i]);
	for (int i = 0; i <= CONF_OVERRIDES_MAX; i++) {
		if (i == CONF_OVERRIDES_MAX)
			assert_int_equal(parse(many), 0);
		at += sprintf(at, "allow all - 1795791700 x%d.example\n", i);
	}
	assert_int_equal(parse(many), -EINVAL);
	free(many);
}

static void one_takes_the_place_of_the_same(void **state)
{
	struct conf_override o;

	(void)state;
	assert_int_equal(parse("allow all - 1795791700 x.example\n"
			       "pause all - 1795791700 -\n"), 0);
	o = parsed.items[0];
	o.action = OVERRIDE_BLOCK;
	assert_int_equal(conf_overrides_set(&parsed, &o), 0);
	assert_int_equal(parsed.count, 2);
	assert_int_equal(parsed.items[1].action, OVERRIDE_BLOCK);
	o.until_s = 0;
	assert_int_equal(conf_overrides_set(&parsed, &o), 0);
	assert_int_equal(parsed.count, 1);
	assert_int_equal(conf_overrides_set(&parsed, &o), -ENOENT);
	o.until_s = NOW_S + 1;
	while (parsed.count < CONF_OVERRIDES_MAX) {
		snprintf(o.who, sizeof(o.who), "c%zu", parsed.count);
		o.scope = OVERRIDE_CLIENT;
		assert_int_equal(conf_overrides_set(&parsed, &o), 0);
	}
	strcpy(o.who, "more");
	assert_int_equal(conf_overrides_set(&parsed, &o), -ENOSPC);
}

/* The policy is outside of its hours, so what no override decides is blocked there. */
static void overrides_decide_before_all_else(void **state)
{
	static const struct {
		const char *lines;
		const char *from, *name;
		enum policy_action action;
		const char *entry;
	} cases[] = {
		{ "", "192.0.2.9", "x.example", POLICY_BLOCK, "x.example" },
		{ "allow all - %d x.example\n", "192.0.2.9", "x.example", POLICY_ALLOW, "*.x.example" },
		{ "allow all - %d x.example\n", "192.0.2.9", "A.X.Example", POLICY_ALLOW,
		  "*.x.example" },
		{ "allow all - %d x.example\n", "192.0.2.9", "yx.example", POLICY_BLOCK,
		  "yx.example" },
		{ "block all - %d x.example\nallow all - %d a.x.example\n", "192.0.2.9",
		  "b.a.x.example", POLICY_ALLOW, "*.a.x.example" },
		{ "allow all - %d a.x.example\nblock all - %d x.example\n", "192.0.2.200",
		  "x.example", POLICY_BLOCK, "*.x.example" },
		{ "allow group kids %d x.example\nblock all - %d x.example\n", "192.0.2.33",
		  "x.example", POLICY_ALLOW, "*.x.example" },
		{ "block all - %d x.example\nallow group kids %d x.example\n", "192.0.2.33",
		  "x.example", POLICY_ALLOW, "*.x.example" },
		{ "block client tv %d x.example\n", "192.0.2.9", "x.example", POLICY_BLOCK,
		  "*.x.example" },
		{ "block client tv %d x.example\n", "192.0.2.200", "x.example", POLICY_PASS, NULL },
		{ "block client 192.0.2.200 %d x.example\n", "192.0.2.200", "x.example",
		  POLICY_BLOCK, "*.x.example" },
		{ "block group all %d x.example\n", "192.0.2.200", "x.example", POLICY_BLOCK,
		  "*.x.example" }, /* a group of no policy */
		{ "block group none %d x.example\n", "192.0.2.200", "x.example", POLICY_PASS, NULL },
		{ "block policy default %d x.example\n", "192.0.2.200", "x.example", POLICY_BLOCK,
		  "*.x.example" },
		{ "pause policy kids %d -\nblock all - %d x.example\n", "192.0.2.9", "x.example",
		  POLICY_PASS, NULL },
		{ "block all - %d x.example\npause group kids %d -\n", "192.0.2.200", "x.example",
		  POLICY_BLOCK, "*.x.example" },
		{ "pause all - %d -\n", "192.0.2.200", "x.example", POLICY_PASS, NULL },
	};
	struct conf *c = conf_of_text(text);

	(void)state;
	c->policies[0].closed = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char lines[256], entry[POLICY_ENTRY_TEXT];
		struct policy_client place;
		struct policy_asker asker = { .place = &place };
		struct list_match match;
		struct overrides *o;
		struct dname name;
		struct addr from;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(lines, sizeof(lines), cases[i].lines, NOW_S + 9, NOW_S + 9);
#pragma GCC diagnostic pop
		assert_int_equal(parse(lines), 0);
		assert_int_equal(addr_from_text(cases[i].from, &from), 0);
		assert_int_equal(dname_from_text(cases[i].name, &name), 0);
		place = policy_find_client(c, &from, NULL, NULL);
		asker.addr = &from;
		asker.overrides = o = overrides_new(c, &parsed);
		if (policy_decide(c, NULL, &asker, &name, &match) != cases[i].action)
			fail_msg("row %zu", i);
		if (cases[i].entry)
			assert_string_equal(policy_entry_text(&match, entry), cases[i].entry);
		overrides_free(o);
	}
	conf_free(c);
}

static void each_ends_at_its_time(void **state)
{
	struct conf *c = conf_of_text(text);
	struct overrides *o;
	bool changed = false;

	(void)state;
	assert_int_equal(parse("block all - 1795791610 x.example\n"
			       "block all - 1795791620 y.example\n"), 0);
	o = overrides_new(c, &parsed);
	assert_int_equal(overrides_apply(o, NOW_S, &changed), NOW_S + 10);
	assert_int_equal(overrides_apply(o, NOW_S + 9, &changed), NOW_S + 10);
	assert_false(changed);
	assert_int_equal(overrides_apply(o, NOW_S + 10, &changed), NOW_S + 20);
	assert_true(changed);
	assert_non_null(overrides_at(o, 0));
	assert_null(overrides_at(o, 1));
	assert_true(overrides_apply(o, NOW_S + 20, &changed) == INT64_MAX);
	assert_null(overrides_at(o, 0));
	assert_true(overrides_apply(NULL, NOW_S, &changed) == INT64_MAX);
	overrides_free(o);
	conf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(other_lines_are_refused_whole),
		cmocka_unit_test(one_takes_the_place_of_the_same),
		cmocka_unit_test(overrides_decide_before_all_else),
		cmocka_unit_test(each_ends_at_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
