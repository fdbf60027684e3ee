/* The table's owner, against the real kernel: others cannot change it, a killed process's table
 * is adopted, and a table changes between owned and not owned without losing a lease. */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_parts.h"
#include "nftsync/netlink.h"
#include "nftsync/nft_compat.h"
#include "nftsync/nl_attr.h"
#include "tests/support/gate_rig.h"
#include "tests/support/nft_ns.h"

#define OWNED (NFT_TABLE_F_OWNER | COMPAT_TABLE_F_PERSIST)

static struct conf conf_of(bool owner)
{
	struct conf c = *nft_ns_conf(false);

	c.gate.table_owner = owner ? SWITCH_ON : SWITCH_OFF;
	return c;
}

/* In a new namespace, on a kernel that can; otherwise the test is skipped. */
static void enter(void)
{
	struct batch_forms forms;
	bool can_own = false;

	if (!nft_ns_enter() || table_probe(&forms, &can_own) || !can_own)
		skip();
}

/* Flags as the kernel has them, seen from a socket of our own; -1: no such table. */
static long flags_now(void)
{
	struct nl_buf buf = { 0 };
	struct table_id id;
	struct netlink *nl;
	int rc;

	assert_int_equal(netlink_open(&nl), 0);
	rc = table_identify(nl, &buf, "nameward", &id);
	netlink_close(nl);
	nl_buf_fini(&buf);
	return rc ? -1 : (long)id.flags;
}

static int on_generation(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attrs[NFTA_GEN_ID + 1];

	nl_attrs_of_message(nlh, attrs, ARRAY_SIZE(attrs));
	*(uint32_t *)arg = nl_attr_be32(attrs[NFTA_GEN_ID]);
	return 0;
}

/* Counts the transactions of this namespace. */
static uint32_t generation_now(void)
{
	struct nl_buf buf = { 0 };
	struct netlink *nl;
	uint32_t generation = 0;
	struct nlmsghdr *nlh;

	assert_int_equal(netlink_open(&nl), 0);
	nl_buf_reset(&buf);
	nlh = nl_buf_open(&buf, NFT_MSG_GETGEN, NLM_F_ACK);
	assert_non_null(nlh);
	nl_buf_close(&buf, nlh);
	assert_int_equal(netlink_ask(nl, &buf, on_generation, &generation), 0);
	netlink_close(nl);
	nl_buf_fini(&buf);
	return generation;
}

/* A process with an owned table and leases in it, killed. */
static void leave_by_kill(const struct conf *c, uint32_t leases)
{
	int ready[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct told told;

		gate_rig_fill(gate_rig_load(&told, c), leases);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void probe_leaves_nothing_behind(void **state)
{
	(void)state;
	enter();
	free(nft_ns_run("test -z \"$(nft list tables)\""));
}

static void foreign_changes_are_refused_or_pass_it_by(void **state)
{
	static const struct {
		const char *command;
		bool fails;
	} cases[] = {
		{ "nft flush ruleset", false },
		{ "nft delete table inet nameward", true },
		{ "nft flush table inet nameward", true },
		{ "nft flush chain inet nameward forward", true },
		{ "nft flush set inet nameward lease4", true },
		{ "nft delete element inet nameward lease4 "
		  "'{ 02:00:00:00:00:01 . 203.0.113.4 }'", true },
		{ "nft add element inet nameward lease4 "
		  "'{ 02:00:00:00:00:09 . 203.0.113.4 timeout 1h }'", true },
		{ "nft add rule inet nameward forward accept", true },
		{ "nft 'flush ruleset; add table inet other; add chain inet other c'", false },
	};
	struct conf c = conf_of(true);
	struct told told;
	struct gate *g;
	char *before, *after, *a, *b;

	(void)state;
	enter();
	g = gate_rig_load(&told, &c);
	assert_int_equal(flags_now(), OWNED);
	gate_rig_fill(g, 80);
	before = nft_ns_run("nft -t list table inet nameward");
	a = nft_ns_ordered(before);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char command[256];

		print_message("  %s\n", cases[i].command);
		snprintf(command, sizeof(command), "%s %s 2>/dev/null",
			 cases[i].fails ? "!" : "", cases[i].command);
		free(nft_ns_run(command));
		gate_on_watch(g, clock_mono_ms());
		assert_int_equal(gate_stats(g)->restores, 0);
		assert_int_equal(gate_rig_elements(), 80);
	}
	after = nft_ns_run("nft -t list table inet nameward");
	b = nft_ns_ordered(after);
	assert_string_equal(a, b);
	assert_int_equal(told.events, 0);
	gate_remove(g); /* an orderly end takes it along */
	assert_int_equal(flags_now(), -1);
	gate_free(g);
	free(a);
	free(b);
	free(before);
	free(after);
}

static void table_of_a_killed_process_is_adopted(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 4);
	struct conf c = conf_of(true);
	struct told told;
	struct gate *g;

	(void)state;
	enter();
	leave_by_kill(&c, 400);
	assert_int_equal(flags_now(), COMPAT_TABLE_F_PERSIST);
	assert_int_equal(gate_rig_elements(), 400);
	g = gate_rig_load(&told, &c);
	assert_int_equal(gate_stats(g)->adopted, 400);
	assert_int_equal(lease_count(gate_ledger(g)), 400);
	assert_int_equal(flags_now(), OWNED);
	assert_int_equal(gate_rig_elements(), 400);
	free(nft_ns_run("! nft delete table inet nameward 2>/dev/null"));
	assert_int_equal(gate_rig_claim(g, &key, 60), GATE_DONE);
	assert_int_equal(gate_stats(g)->restores, 0);
	/* The identity taken at adoption is the one that stays. */
	free(nft_ns_run("nft add table inet other"));
	gate_on_watch(g, clock_mono_ms());
	assert_int_equal(gate_stats(g)->restores, 0);
	gate_remove(g);
	gate_free(g);
}

/* From what a former process left, owned or not, to what is configured now. */
static void owner_changes_between_processes_keep_all_leases(void **state)
{
	static const bool ways[][2] = { { false, true }, { true, false }, { false, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct conf old = conf_of(ways[i][0]), new = conf_of(ways[i][1]);
		struct told told;
		struct gate *g;

		print_message("  %s to %s\n", ways[i][0] ? "owned" : "plain",
			      ways[i][1] ? "owned" : "plain");
		enter();
		leave_by_kill(&old, 3000);
		g = gate_rig_load(&told, &new);
		assert_int_equal(lease_count(gate_ledger(g)), 3000);
		assert_int_equal(gate_rig_elements(), 3000);
		assert_int_equal(flags_now(), ways[i][1] ? OWNED : 0);
		gate_remove(g);
		gate_free(g);
	}
}

/* The same at a reload of a running process: one transaction, so that no packet can meet the
 * table half made. */
static void owner_changes_at_a_reload_in_one_transaction(void **state)
{
	struct conf off = conf_of(false), on = conf_of(true);
	char why[MSG_TEXT_MAX] = "";
	struct told told;
	struct gate *g;

	(void)state;
	enter();
	g = gate_rig_load(&told, &off);
	gate_rig_fill(g, 20000);
	for (int i = 0; i < 4; i++) {
		uint32_t generation = generation_now();

		assert_int_equal(gate_load(g, i % 2 ? &off : &on, clock_mono_ms(), why), 0);
		assert_int_equal(flags_now(), i % 2 ? 0 : OWNED);
		assert_int_equal(generation_now(), generation + 1);
		assert_int_equal(gate_rig_elements(), 20000);
	}
	assert_int_equal(told.lost, 0);
	assert_int_equal(told.events, 0);
	gate_remove(g);
	gate_free(g);
}

static void table_of_another_owner_is_told_and_taken_when_it_ends(void **state)
{
	struct conf c = conf_of(true), plain = conf_of(false);
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 4);
	char why[MSG_TEXT_MAX] = "";
	struct told told, told2;
	struct gate *owner, *g;

	(void)state;
	enter();
	owner = gate_rig_load(&told, &c);
	gate_rig_fill(owner, 40);
	g = gate_rig_make(&told2);
	assert_int_equal(gate_load(g, &plain, clock_mono_ms(), why), -EPERM);
	assert_non_null(strstr(why, "is owned by another process (netlink port "));
	assert_int_equal(gate_state(g), GATE_LOST);
	assert_int_equal(gate_rig_claim(g, &key, 60), -EPERM);
	gate_free(owner); /* without gate_remove(): killed */
	gate_tick(g, clock_mono_ms() + 60000);
	assert_int_equal(gate_state(g), GATE_LOADED);
	assert_int_equal(gate_rig_elements(), 40);
	gate_remove(g);
	gate_free(g);
}

/* A plain table that somebody else replaced by one of his own. */
static void commit_into_a_table_of_another_owner_is_told(void **state)
{
	struct lease_key key = gate_rig_key(DEVICE_MAC, AF_INET, 77);
	struct conf c = conf_of(true), plain = conf_of(false);
	struct told told, told2;
	struct gate *thief, *g;

	(void)state;
	enter();
	g = gate_rig_load(&told, &plain);
	gate_rig_fill(g, 40);
	free(nft_ns_run("nft delete table inet nameward"));
	thief = gate_rig_load(&told2, &c);
	assert_int_equal(gate_rig_claim(g, &key, 60), -EPERM);
	assert_int_equal(gate_state(g), GATE_LOST);
	assert_string_equal(told.kind, "gate-lost");
	assert_non_null(strstr(told.detail, "is owned by another process"));
	assert_int_equal(told.events, 1);
	gate_remove(thief);
	gate_free(thief);
	gate_tick(g, clock_mono_ms() + 60000);
	assert_int_equal(gate_state(g), GATE_LOADED);
	assert_int_equal(gate_rig_elements(), 40);
	gate_remove(g);
	gate_free(g);
}

static void dormant_table_is_noticed(void **state)
{
	struct conf plain = conf_of(false);
	struct told told;
	struct gate *g;

	(void)state;
	enter();
	g = gate_rig_load(&told, &plain);
	gate_rig_fill(g, 40);
	free(nft_ns_run("nft 'add table inet nameward { flags dormant; }'"));
	assert_int_equal(flags_now(), NFT_TABLE_F_DORMANT);
	gate_on_watch(g, clock_mono_ms());
	assert_int_equal(gate_stats(g)->restores, 1);
	assert_int_equal(flags_now(), 0);
	assert_int_equal(gate_rig_elements(), 40);
	gate_remove(g);
	gate_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probe_leaves_nothing_behind),
		cmocka_unit_test(foreign_changes_are_refused_or_pass_it_by),
		cmocka_unit_test(table_of_a_killed_process_is_adopted),
		cmocka_unit_test(owner_changes_between_processes_keep_all_leases),
		cmocka_unit_test(owner_changes_at_a_reload_in_one_transaction),
		cmocka_unit_test(table_of_another_owner_is_told_and_taken_when_it_ends),
		cmocka_unit_test(commit_into_a_table_of_another_owner_is_told),
		cmocka_unit_test(dormant_table_is_noticed),
	};

	return cmocka_run_group_tests_name("gate_owner", tests, NULL, NULL);
}
