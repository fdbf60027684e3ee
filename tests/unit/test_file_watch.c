/* Watched files: every way in which they change is told, what happens beside them is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file_watch.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "tests/support/test_folder.h"

#define LONG_MS 10000 /* for what is to come */

static struct event_base *base;
static struct file_watch *watch;
static unsigned changes;
static char folder[4096];

static void on_change(void *arg)
{
	(void)arg;
	changes++;
}

static void begin(const char *const *names, size_t count)
{
	static char paths[4][8192];
	const char *at[4];

	assert_non_null(getcwd(folder, sizeof(folder)));
	for (size_t i = 0; i < count; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, names[i]);
		at[i] = paths[i];
	}
	changes = 0;
	base = event_base_new();
	assert_int_equal(file_watch_new(base, on_change, NULL, &watch), 0);
	assert_int_equal(file_watch_set(watch, at, count), 0);
}

static int end(void **state)
{
	file_watch_free(watch);
	event_base_free(base);
	return test_folder_leave(state);
}

static void turns_until(unsigned wanted)
{
	uint64_t end_ms = clock_mono_ms() + LONG_MS;

	while (changes < wanted && clock_mono_ms() < end_ms)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
	assert_int_equal(changes, wanted);
}

static void append(const char *path)
{
	FILE *to = fopen(path, "a");

	assert_non_null(to);
	fputs("more\n", to);
	assert_int_equal(fclose(to), 0);
}

static void do_append(void) { append("f"); }
static void do_truncate(void) { assert_int_equal(truncate("f", 0), 0); }
static void do_delete(void) { assert_int_equal(unlink("f"), 0); }
static void do_make(void) { test_folder_put("f", "new"); }
static void do_rename_over(void)
{
	test_folder_put("f.new", "x");
	assert_int_equal(rename("f.new", "f"), 0);
}
static void do_move_away(void) { assert_int_equal(rename("f", "g"), 0); }
static void do_chmod(void) { assert_int_equal(chmod("f", 0600), 0); }

static void each_way_of_changing_is_told_in_turn(void **state)
{
	static void (*const ways[])(void) = {
		do_append, do_truncate, do_rename_over, do_append, do_delete, do_make, do_chmod,
		do_move_away, do_make,
	};
	static const char *const names[] = { "f" };

	(void)state;
	test_folder_put("f", "old");
	begin(names, 1);
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		ways[i]();
		turns_until(i + 1);
	}
}

/* Told once for each step, as the folders come to be: at the latest one holds the file. */
static void a_file_in_folders_that_are_not_there_yet_is_found(void **state)
{
	static const char *const names[] = { "a/b/f" };

	(void)state;
	begin(names, 1);
	assert_int_equal(mkdir("a", 0755), 0);
	turns_until(1);
	assert_int_equal(mkdir("a/b", 0755), 0);
	turns_until(2);
	test_folder_put("a/b/f", "x");
	turns_until(3);
	append("a/b/f");
	turns_until(4);
}

static void a_link_is_followed(void **state)
{
	static const char *const names[] = { "link" };

	(void)state;
	assert_int_equal(mkdir("else", 0755), 0);
	test_folder_put("else/f", "x");
	assert_int_equal(symlink("else/f", "link"), 0);
	begin(names, 1);
	append("else/f");
	turns_until(1);
}

/* What happens beside it before a change of its own is passed over: one call in all. */
static void other_files_of_the_folder_are_passed_over(void **state)
{
	static const char *const names[] = { "f", "h" };

	(void)state;
	test_folder_put("f", "old");
	begin(names, 2);
	append("g");
	append("ff");
	assert_int_equal(unlink("g"), 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 1);
	append("h");
	append("f");
	turns_until(1);
	assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 1);
}

static void setting_other_files_forgets_those_before(void **state)
{
	static const char *const names[] = { "f" };

	(void)state;
	begin(names, 1);
	assert_int_equal(file_watch_set(watch, NULL, 0), 0);
	append("f");
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, test_folder_enter, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_way_of_changing_is_told_in_turn),
		CASE(a_file_in_folders_that_are_not_there_yet_is_found),
		CASE(a_link_is_followed),
		CASE(other_files_of_the_folder_are_passed_over),
		CASE(setting_other_files_forgets_those_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
