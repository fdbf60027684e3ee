/* Generations: which index and which cache belong to a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "blocklists/list_compile.h"
#include "lib/util.h"
#include "resolver/setup.h"
#include "tests/support/conf_text.h"

#define UPSTREAM   "upstream u {\n server 192.0.2.1:5300\n}\n"
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

	assert_int_equal(list_compile_all(conf, NULL, &fd), 0);
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
					   index_of(cases[i].index), 1, NULL, &s), 0);
		assert_int_equal(s->index != NULL, cases[i].fits);
		setup_free(s);
	}
	event_base_free(base);
}

#define UP(name, servers)      "upstream " name " {\n " servers "\n}\n"
#define FORWARD(suffix, group) "forward " suffix " " group "\n"
#define TWO		       UP("a", "server 192.0.2.1") UP("b", "server 192.0.2.2")

/* What other servers said is not what these would say. */
static void same_names_at_the_same_servers_keep_the_cache(void **state)
{
	static const struct {
		const char *old, *new;
		bool same;
	} cases[] = {
		{ TWO, TWO, true },
		{ TWO, TWO LIST("ads") "cache {\n ttl-max 60s\n}\n", true },
		{ TWO, UP("a", "server 192.0.2.1\n timeout 1s") UP("b", "server 192.0.2.2"), true },
		{ TWO, UP("a", "server 192.0.2.3") UP("b", "server 192.0.2.2"), false },
		{ TWO, UP("a", "server 192.0.2.1:54") UP("b", "server 192.0.2.2"), false },
		{ TWO, UP("a", "server 192.0.2.1\n server 192.0.2.3")
		       UP("b", "server 192.0.2.2"), false },
		{ TWO, TWO FORWARD("lan", "b"), false },
		{ TWO FORWARD("lan", "b"), TWO FORWARD("lan", "a"), false },
		{ TWO FORWARD("lan", "b"), TWO FORWARD("home", "b"), false },
		{ TWO FORWARD("lan", "b"), TWO, false },
		{ TWO FORWARD("lan", "b"),
		  UP("a", "server 192.0.2.1") UP("c", "server 192.0.2.2") FORWARD("lan", "c"),
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf *old = conf_of_text(cases[i].old), *new = conf_of_text(cases[i].new);

		assert_int_equal(setup_asks_the_same(old, new), cases[i].same);
		conf_free(old);
		conf_free(new);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_of_other_lists_is_none),
		cmocka_unit_test(same_names_at_the_same_servers_keep_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
