/* Generations: which index and which cache belong to a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "blocklists/compiler.h"
#include "lib/util.h"
#include "resolver/setup.h"
#include "tests/support/conf_text.h"

#define UPSTREAM   "upstream u {\n server 127.0.0.1:5300\n}\n"
#define LIST(name) "list " name " {\n name *.x.example\n}\n"

static struct conf *conf_with(const char *text)
{
	char all[4096];

	snprintf(all, sizeof(all), UPSTREAM "%s", text);
	return conf_of_text(all);
}

static struct list_index *index_of(const char *text)
{
	struct conf *conf = conf_with(text);
	struct list_index *x;
	int fd;

	assert_int_equal(compiler_build(conf, &fd), 0);
	assert_int_equal(list_index_open(fd, &x), 0);
	close(fd);
	conf_free(conf);
	return x;
}

/* A match tells its list by number: of another configuration it would be another list, or
 * none at all. */
static void index_of_other_lists_is_none(void **state)
{
	static const struct {
		const char *conf, *index;
		bool fits;
	} cases[] = {
		{ LIST("a") LIST("b"), LIST("a") LIST("b"), true },
		{ "", "", true },
		{ LIST("a") LIST("b"), LIST("b") LIST("a"), false },
		{ LIST("a") LIST("b"), LIST("a") LIST("c"), false },
		{ LIST("a"), LIST("a") LIST("b"), false },
		{ LIST("a") LIST("b"), LIST("a"), false },
		{ "", LIST("a"), false },
	};
	struct event_base *base = event_base_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct setup *s;

		assert_int_equal(setup_new(base, conf_with(cases[i].conf),
					   index_of(cases[i].index), 1, &s), 0);
		assert_int_equal(s->index != NULL, cases[i].fits);
		setup_free(s);
	}
	event_base_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_of_other_lists_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
