/* Sets of lists' addresses, against the real kernel in a network namespace of its own; skipped
 * without root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/range_image.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_parts.h"
#include "nftsync/gate_ranges.h"
#include "tests/support/gate_rig.h"
#include "tests/support/nft_ns.h"

#define IN_SET "nft get element inet nameward $(nft list chain inet nameward lists_lan | " \
	       "grep -o 'list%c_[^ ]*_bad') '{ %s }' >/dev/null 2>&1"

static struct conf_list lists[] = { { .name = (char *)"bad" }, { .name = (char *)"none" } };

/* As nft_ns_conf(), where zone lan (off) refuses these lists. */
static struct conf conf_of(uint64_t refused)
{
	static struct conf_zone zones[3];
	struct conf c = *nft_ns_conf(false);

	memcpy(zones, c.zones, sizeof(zones));
	zones[0].refuse_lists = refused;
	c.zones = zones;
	c.lists = lists;
	c.list_count = ARRAY_SIZE(lists);
	return c;
}

/* 203.0.x.y, every second address, and 2a00:: and on. @param from  of the first */
static int image(uint32_t from, uint32_t count, uint32_t count6)
{
	struct addr a = { .family = AF_INET };
	struct range_build *b;
	int fd;

	assert_int_equal(range_build_new(&b), 0);
	assert_int_equal(range_build_set(b, "bad", AF_INET), 0);
	for (uint32_t i = 0; i < count; i++) {
		store_be32(a.bytes, 0xcb000000u + from + 2 * i);
		assert_int_equal(range_build_add(b, &a, &a), 0);
	}
	assert_int_equal(range_build_set(b, "bad", AF_INET6), 0);
	a = (struct addr){ .family = AF_INET6, .bytes = { 0x2a } };
	for (uint32_t i = 0; i < count6; i++) {
		store_be32(a.bytes + 12, 2 * i);
		assert_int_equal(range_build_add(b, &a, &a), 0);
	}
	assert_int_equal(range_build_finish(b, &fd), 0);
	range_build_free(b);
	return fd;
}

static void fill(struct gate *g)
{
	for (int i = 0; gate_tick(g, clock_mono_ms()); i++)
		assert_true(i < 1000);
	assert_int_equal(gate_state(g), GATE_LOADED);
}

static struct gate *load(struct told *told, const struct conf *c, int fd)
{
	struct gate *g = gate_rig_load(told, c);

	gate_take_ranges(g, fd);
	fill(g);
	return g;
}

static bool has(char family, const char *addr)
{
	char command[256];

	snprintf(command, sizeof(command), IN_SET, family, addr);
	return !system(command); /* NOLINT */
}

static long count_sets(void)
{
	char *text = nft_ns_run("nft list sets | grep -c 'set list' || true");
	long n = atol(text);

	free(text);
	return n;
}

static void addresses_of_lists_are_refused(void **state)
{
	struct conf c = conf_of(3);
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told, &c, image(1, 10000, 5));
	assert_int_equal(gate_ranges_count(g), 10005);
	assert_int_equal(count_sets(), 2); /* none for a list without addresses */
	assert_true(has('4', "203.0.0.1"));
	assert_false(has('4', "203.0.0.2"));
	assert_true(has('4', "203.0.78.31"));
	assert_false(has('4', "203.0.78.33"));
	assert_true(has('6', "2a00::8"));
	assert_false(has('6', "2a00::9"));
	free(nft_ns_run("nft list chain inet nameward lists_lan | "
			"grep -q 'ip daddr @list4_[0-9a-f]*_bad goto refuse'"));
	gate_remove(g);
	gate_free(g);
}

static void another_image_takes_the_place_of_the_first(void **state)
{
	struct conf c = conf_of(1);
	struct told told;
	struct gate *g;
	char *before, *after;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told, &c, image(1, 5000, 1));
	gate_take_ranges(g, image(2, 5000, 1));
	assert_true(gate_tick(g, clock_mono_ms()));
	assert_true(has('4', "203.0.0.1")); /* while the new set is being filled */
	fill(g);
	assert_false(has('4', "203.0.0.1"));
	assert_true(has('4', "203.0.0.2"));
	assert_int_equal(count_sets(), 2);
	before = nft_ns_run("nft list sets | grep 'set list'");
	gate_take_ranges(g, image(2, 5000, 1));
	fill(g);
	after = nft_ns_run("nft list sets | grep 'set list'");
	assert_string_equal(before, after); /* the same again is no work */
	gate_take_ranges(g, image(2, 0, 1));
	fill(g);
	assert_int_equal(count_sets(), 1);
	free(before);
	free(after);
	gate_remove(g);
	gate_free(g);
}

static void a_reload_keeps_the_sets_that_it_wants(void **state)
{
	struct conf with = conf_of(1), without = *nft_ns_conf(false);
	char why[MSG_TEXT_MAX] = "";
	struct told told;
	struct gate *g;
	char *before, *after;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told, &with, image(1, 100, 1));
	before = nft_ns_run("nft list sets | grep 'set list'");
	assert_int_equal(gate_load(g, &with, clock_mono_ms(), why), 0);
	after = nft_ns_run("nft list sets | grep 'set list'");
	assert_string_equal(before, after);
	assert_int_equal(gate_load(g, &without, clock_mono_ms(), why), 0);
	assert_int_equal(count_sets(), 0);
	free(before);
	free(after);
	gate_remove(g);
	gate_free(g);
}

/* A half full set beside it is one that was being filled when the process died. */
static void sets_of_a_process_before_us_hold_until_ours_are_full(void **state)
{
	struct conf c = conf_of(1);
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	c.gate.table_owner = SWITCH_OFF;
	g = load(&told, &c, image(1, 5000, 1));
	gate_take_ranges(g, image(2, 5000, 1));
	assert_true(gate_tick(g, clock_mono_ms()));
	gate_free(g);
	assert_int_equal(count_sets(), 3);
	g = gate_rig_load(&told, &c);
	assert_int_equal(count_sets(), 2);
	assert_true(has('4', "203.0.0.1"));
	gate_take_ranges(g, image(2, 5000, 1));
	fill(g);
	assert_true(has('4', "203.0.0.2"));
	assert_false(has('4', "203.0.0.1"));
	assert_int_equal(count_sets(), 2);
	assert_int_equal(gate_stats(g)->restores, 0);
	gate_remove(g);
	gate_free(g);
}

static void what_others_take_away_is_filled_again(void **state)
{
	static const char *const commands[] = {
		"nft flush ruleset",
		"nft delete table inet nameward",
		"nft flush set inet nameward $(nft list sets | grep -o 'list4_[^ ]*_bad')",
	};
	struct conf c = conf_of(1);

	(void)state;
	c.gate.table_owner = SWITCH_OFF;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct told told;
		struct gate *g;

		if (!nft_ns_enter())
			skip();
		g = load(&told, &c, image(1, 5000, 1));
		free(nft_ns_run(commands[i]));
		gate_on_watch(g, clock_mono_ms());
		fill(g);
		assert_true(has('4', "203.0.0.1"));
		assert_true(has('6', "2a00::"));
		assert_int_equal(count_sets(), 2);
		assert_int_equal(gate_stats(g)->restores, 1);
		gate_remove(g);
		gate_free(g);
	}
}

static void what_is_no_image_changes_nothing(void **state)
{
	struct conf c = conf_of(1);
	struct told told;
	struct gate *g;
	int fds[2];

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told, &c, image(1, 10, 1));
	assert_int_equal(pipe(fds), 0);
	close(fds[1]);
	gate_take_ranges(g, fds[0]);
	fill(g);
	assert_int_equal(gate_ranges_count(g), 11);
	gate_remove(g);
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_lists_are_refused),
		cmocka_unit_test(another_image_takes_the_place_of_the_first),
		cmocka_unit_test(a_reload_keeps_the_sets_that_it_wants),
		cmocka_unit_test(sets_of_a_process_before_us_hold_until_ours_are_full),
		cmocka_unit_test(what_others_take_away_is_filled_again),
		cmocka_unit_test(what_is_no_image_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
