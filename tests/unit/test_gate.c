/* The gate against the real kernel, in a network namespace of its own; skipped without root. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_parts.h"
#include "tests/support/gate_rig.h"
#include "tests/support/nft_ns.h"

static struct gate *load(struct told *told)
{
	return gate_rig_load(told, nft_ns_conf(false));
}

static void settle_foreign(struct gate *g)
{
	gate_on_watch(g, clock_mono_ms());
}

static void claims_stand_in_the_kernel_when_they_are_answered(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 80);
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	assert_int_equal(gate_rig_claim(g, &key, 300), GATE_WAIT);
	free(nft_ns_run("nft list set inet nameward lease4 | grep -qE "
			"'02:00:00:00:00:01 . 203.0.113.80 timeout (16m30s|16m29s)'"));
	assert_int_equal(gate_rig_claim(g, &key, 300), GATE_DONE);
	assert_int_equal(gate_stats(g)->covered, 1);
	key = gate_rig_key(DEVICE_MAC, AF_INET, 0);
	key.addr.bytes[0] = 10;
	assert_int_equal(gate_rig_claim(g, &key, 300), GATE_DONE);
	assert_int_equal(lease_count(gate_ledger(g)), 1);
	gate_remove(g);
	free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
	gate_free(g);
}

/* Both forms: the second one is forced where the kernel has the first. */
static void refresh_prolongs_the_element(void **state)
{
	static const struct batch_forms forms[] = { { true, true }, { false, false } };
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET6, 80);
		struct gate *g;

		if (!nft_ns_enter())
			skip();
		g = load(&told);
		if (forms[i].update && !g->forms.update) {
			gate_free(g);
			continue; /* an older kernel */
		}
		g->forms = forms[i];
		assert_int_equal(gate_rig_claim(g, &key, 300), GATE_WAIT);
		assert_int_equal(gate_rig_claim(g, &key, 2000), GATE_WAIT);
		assert_int_equal(gate_stats(g)->refreshed, 1);
		free(nft_ns_run("nft list set inet nameward lease6 | grep -qE 'expires 44m[0-9]+s'"));
		assert_int_equal(gate_rig_claim(g, &key, 3000), GATE_WAIT);
		free(nft_ns_run("nft list set inet nameward lease6 | grep -qE 'expires 1h1m[0-9]+s'"));
		assert_int_equal(gate_rig_elements(), 1);
		gate_remove(g);
		gate_free(g);
	}
}

static void leases_end_by_our_hand(void **state)
{
	uint64_t now = clock_mono_ms();
	struct told told;
	struct gate *g;

	(void)state;
	for (int destroy = 0; destroy < 2; destroy++) {
		if (!nft_ns_enter())
			skip();
		g = load(&told);
		g->forms.destroy &= destroy;
		gate_rig_fill(g, 200);
		free(nft_ns_run("nft flush set inet nameward lease6")); /* some are gone already */
		assert_false(gate_tick(g, now + 4300000));
		assert_int_equal(lease_count(gate_ledger(g)), 0);
		assert_int_equal(gate_rig_elements(), 0);
		assert_int_equal(gate_stats(g)->ended, 200);
		assert_int_equal(gate_stats(g)->restores, 0);
		gate_remove(g);
		gate_free(g);
	}
}

static void foreign_changes_are_undone_by_table(void **state)
{
	static const struct {
		const char *command;
		bool restores;
	} cases[] = {
		{ "nft flush ruleset", true },
		{ "nft delete table inet nameward", true },
		{ "nft flush ruleset; nft add table inet nameward", true },
		{ "t=$(mktemp); nft list ruleset > $t; nft flush ruleset; nft -f $t; rm $t", true },
		{ "nft flush chain inet nameward forward", true },
		{ "nft flush table inet nameward", true },
		{ "nft flush set inet nameward lease4", true },
		{ "nft delete element inet nameward lease4 "
		  "'{ 02:00:00:00:00:01 . 203.0.113.4 }'", true },
		{ "nft add table inet other; nft delete table inet other", false },
		{ "nft add table ip nameward; nft delete table ip nameward", false },
	};
	struct told told;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct gate *g;
		char *before, *after, *a, *b;

		if (!nft_ns_enter())
			skip();
		print_message("  %s\n", cases[i].command);
		g = load(&told);
		gate_rig_fill(g, 80);
		before = nft_ns_run("nft -t list table inet nameward");
		free(nft_ns_run(cases[i].command));
		settle_foreign(g);
		assert_int_equal(gate_stats(g)->restores, cases[i].restores);
		assert_int_equal(told.events, cases[i].restores);
		if (cases[i].restores)
			assert_string_equal(told.kind, "gate-restored");
		after = nft_ns_run("nft -t list table inet nameward");
		a = nft_ns_ordered(before);
		b = nft_ns_ordered(after);
		assert_string_equal(a, b);
		assert_int_equal(gate_rig_elements(), 80);
		settle_foreign(g);
		assert_int_equal(gate_stats(g)->restores, cases[i].restores); /* no echo */
		gate_remove(g);
		gate_free(g);
		free(a);
		free(b);
		free(before);
		free(after);
	}
}

static void lost_notifications_lead_to_a_repair(void **state)
{
	struct told told;
	struct gate *g;
	int tiny = 1;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 80);
	assert_int_equal(setsockopt(gate_watch_fd(g), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)),
			 0);
	free(nft_ns_run("for i in 1 2 3 4 5 6 7 8; do nft add table inet t$i; done; "
			"nft flush set inet nameward lease4"));
	settle_foreign(g);
	assert_int_equal(gate_stats(g)->restores, 1);
	assert_int_equal(gate_rig_elements(), 80);
	gate_remove(g);
	gate_free(g);
}

/* Who deletes again and again costs four repairs a second, and none comes later than that. */
static void second_damage_waits_for_a_moment_only(void **state)
{
	uint64_t now_ms = clock_mono_ms();
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 80);
	free(nft_ns_run("nft flush set inet nameward lease4"));
	gate_on_watch(g, now_ms);
	assert_int_equal(gate_stats(g)->restores, 1);
	free(nft_ns_run("nft flush set inet nameward lease4"));
	gate_on_watch(g, now_ms + 100);
	assert_true(gate_tick(g, now_ms + 249)); /* soon again */
	assert_int_equal(gate_stats(g)->restores, 1);
	assert_false(gate_tick(g, now_ms + 250));
	assert_int_equal(gate_stats(g)->restores, 2);
	assert_int_equal(gate_rig_elements(), 80);
	gate_remove(g);
	gate_free(g);
}

static void many_leases_end_in_slices(void **state)
{
	uint64_t later = clock_mono_ms() + 4300000;
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 2 * GATE_TICK_SLICE + 8);
	assert_true(gate_tick(g, later));
	assert_int_equal(gate_rig_elements(), GATE_TICK_SLICE + 8);
	assert_true(gate_tick(g, later));
	assert_false(gate_tick(g, later));
	assert_int_equal(gate_rig_elements(), 0);
	gate_remove(g);
	gate_free(g);
}

static void commit_that_finds_no_table_restores_and_succeeds(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 77777);
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 40);
	free(nft_ns_run("nft flush ruleset"));
	assert_int_equal(gate_rig_claim(g, &key, 300), GATE_WAIT); /* before the watch was read */
	assert_int_equal(gate_rig_elements(), 41);
	assert_int_equal(told.lost, 0);
	gate_remove(g);
	gate_free(g);
}

static void full_set_is_told_to_the_claim_and_deletes_go_on(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 5);
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	free(nft_ns_run("nft 'delete table inet nameward; add table inet nameward; "
			"add set inet nameward lease4 { type ether_addr . ipv4_addr; size 2; "
			"flags timeout; }; "
			"add element inet nameward lease4 { 02:00:00:00:00:07 . 1.1.1.1, "
			"02:00:00:00:00:07 . 1.1.1.2 }'"));
	/* The watch has not been read: the gate still believes in its own table. */
	assert_int_equal(gate_rig_claim(g, &key, 300), -ENOSPC);
	assert_int_equal(lease_count(gate_ledger(g)), 0);
	assert_int_equal(gate_stats(g)->failed, 1);
	settle_foreign(g);
	assert_int_equal(gate_rig_claim(g, &key, 300), GATE_WAIT);
	gate_remove(g);
	gate_free(g);
}

static void new_process_adopts_what_the_old_one_left(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 4);
	struct lease_view view;
	struct told told;
	struct gate *g;
	char *before, *after, *a, *b;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 400);
	before = nft_ns_run("nft -t list table inet nameward");
	gate_free(g); /* killed: nothing was removed */
	assert_int_equal(gate_rig_elements(), 400);

	g = load(&told);
	assert_int_equal(lease_count(gate_ledger(g)), 400);
	assert_int_equal(gate_stats(g)->adopted, 400);
	assert_true(lease_find(gate_ledger(g), &key, &view));
	assert_in_range(view.end_ms, clock_mono_ms() + 4195000, clock_mono_ms() + 4200000);
	assert_int_equal(gate_rig_elements(), 400);
	after = nft_ns_run("nft -t list table inet nameward");
	a = nft_ns_ordered(before);
	b = nft_ns_ordered(after);
	assert_string_equal(a, b);
	assert_int_equal(gate_rig_claim(g, &key, 60), GATE_DONE);
	gate_remove(g);
	gate_free(g);
	free(a);
	free(b);
	free(before);
	free(after);
}

static struct gate *gate_with(int ledger, const struct conf *c, struct told *told)
{
	struct gate *g = gate_rig_make(told);
	char why[MSG_TEXT_MAX] = "";

	gate_take_ledger(g, ledger);
	assert_int_equal(gate_load(g, c, clock_mono_ms(), why), 0);
	return g;
}

/* Killed, and the table flushed before the next one is there: the leases come from the copy.
 * What the gate took away itself does not come back. */
static void flush_between_two_processes_loses_no_lease(void **state)
{
	struct conf off = { .gate = nft_ns_conf(false)->gate };
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 4);
	int ledger = memfd_create("leases", MFD_CLOEXEC);
	char why[MSG_TEXT_MAX] = "";
	struct lease_view view;
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	assert_int_equal(ftruncate(ledger, 1 << 20), 0);
	g = gate_with(ledger, nft_ns_conf(false), &told);
	gate_rig_fill(g, 400);
	for (unsigned life = 0; life < 3; life++) {
		gate_free(g);
		free(nft_ns_run("nft flush ruleset"));
		g = gate_with(ledger, nft_ns_conf(false), &told);
		assert_int_equal(lease_count(gate_ledger(g)), 400);
		assert_int_equal(gate_stats(g)->adopted, 400);
		assert_int_equal(gate_rig_elements(), 400);
		assert_true(lease_find(gate_ledger(g), &key, &view));
		assert_in_range(view.end_ms, clock_mono_ms() + 4195000,
				clock_mono_ms() + 4200000);
	}
	gate_free(g); /* and nobody flushed it */
	g = gate_with(ledger, nft_ns_conf(false), &told);
	assert_int_equal(gate_stats(g)->adopted, 400);
	assert_int_equal(gate_load(g, &off, clock_mono_ms(), why), 0);
	gate_free(g);
	g = gate_with(ledger, nft_ns_conf(false), &told);
	assert_int_equal(gate_stats(g)->adopted, 0);
	assert_int_equal(gate_rig_elements(), 0);
	gate_remove(g);
	gate_free(g);
	close(ledger);
}

static void reload_changes_rules_and_no_lease(void **state)
{
	struct conf off = { .gate = nft_ns_conf(false)->gate }, smaller = *nft_ns_conf(true);
	struct conf renamed = *nft_ns_conf(true), larger = *nft_ns_conf(true);
	char why[MSG_TEXT_MAX] = "";
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 400);
	free(nft_ns_run("! nft list chain inet nameward forward | grep 'goto enforce'"));
	assert_int_equal(gate_load(g, nft_ns_conf(true), clock_mono_ms(), why), 0);
	free(nft_ns_run("nft list chain inet nameward forward | grep -q 'goto enforce'"));
	assert_int_equal(gate_rig_elements(), 400);

	smaller.gate.max_leases = 100;
	assert_int_equal(gate_load(g, &smaller, clock_mono_ms(), why), 0);
	assert_int_equal(gate_rig_elements(), 400);
	larger.gate.max_leases = 100000;
	assert_int_equal(gate_load(g, &larger, clock_mono_ms(), why), 0);
	assert_int_equal(gate_rig_elements(), 400);
	free(nft_ns_run("nft list set inet nameward lease4 | grep -q 'size 200000'"));

	renamed.gate.table = (char *)"other";
	assert_int_equal(gate_load(g, &renamed, clock_mono_ms(), why), 0);
	free(nft_ns_run("! nft list table inet nameward 2>/dev/null"));
	free(nft_ns_run("nft list set inet other lease4 | grep -q 203.0.113"));
	assert_string_equal(why, "");

	off.gate.table = (char *)"other";
	assert_int_equal(gate_load(g, &off, clock_mono_ms(), why), 0);
	assert_int_equal(gate_state(g), GATE_IDLE);
	free(nft_ns_run("! nft list table inet other 2>/dev/null"));
	gate_free(g);
}

static void failed_reload_keeps_what_was_in_force(void **state)
{
	struct conf bad = *nft_ns_conf(true);
	char why[MSG_TEXT_MAX] = "";
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 40);
	bad.gate.table = (char *)"not a name";
	assert_int_equal(gate_load(g, &bad, clock_mono_ms(), why), -EINVAL);
	assert_true(*why);
	assert_int_equal(gate_state(g), GATE_LOADED);
	free(nft_ns_run("nft flush ruleset"));
	settle_foreign(g); /* the watch is still on the old table */
	assert_int_equal(gate_rig_elements(), 40);
	gate_remove(g);
	gate_free(g);
}

static void ten_thousand_leases_are_restored_fast(void **state)
{
	struct told told;
	struct gate *g;

	(void)state;
	if (!nft_ns_enter())
		skip();
	g = load(&told);
	gate_rig_fill(g, 10000);
	free(nft_ns_run("nft flush ruleset"));
	settle_foreign(g);
	assert_int_equal(gate_stats(g)->restored, 10000);
	assert_int_equal(gate_rig_elements(), 10000);
	print_message("  10,000 leases restored in %llu us\n",
		      (unsigned long long)gate_stats(g)->restore_us);
	assert_true(gate_stats(g)->restore_us < 2000000); /* sanitizers, busy machines */
	gate_remove(g);
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_stand_in_the_kernel_when_they_are_answered),
		cmocka_unit_test(refresh_prolongs_the_element),
		cmocka_unit_test(leases_end_by_our_hand),
		cmocka_unit_test(foreign_changes_are_undone_by_table),
		cmocka_unit_test(lost_notifications_lead_to_a_repair),
		cmocka_unit_test(second_damage_waits_for_a_moment_only),
		cmocka_unit_test(many_leases_end_in_slices),
		cmocka_unit_test(commit_that_finds_no_table_restores_and_succeeds),
		cmocka_unit_test(full_set_is_told_to_the_claim_and_deletes_go_on),
		cmocka_unit_test(new_process_adopts_what_the_old_one_left),
		cmocka_unit_test(flush_between_two_processes_loses_no_lease),
		cmocka_unit_test(reload_changes_rules_and_no_lease),
		cmocka_unit_test(failed_reload_keeps_what_was_in_force),
		cmocka_unit_test(ten_thousand_leases_are_restored_fast),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
