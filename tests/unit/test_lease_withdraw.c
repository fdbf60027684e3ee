/* Withdrawals from the ledger: by name, over CNAMEs, by destination and device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/dname.h"
#include "lib/util.h"
#include "nftsync/lease_view.h"
#include "nftsync/lease_withdraw.h"

#define S 1000ull

static struct lease_ledger *l;

static int setup(void **state)
{
	static const struct lease_limits limits = {
		.min_s = 60, .max_s = 86400, .grace_s = 600, .max_leases = 1000,
		.max_device_leases = 200,
	};

	(void)state;
	return lease_ledger_new(&limits, &l);
}

static int teardown(void **state)
{
	(void)state;
	lease_ledger_free(l);
	return 0;
}

static struct msg_device device_of(unsigned n)
{
	return (struct msg_device){ .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, 0, (uint8_t)n } };
}

static struct addr addr_of(unsigned n)
{
	uint8_t bytes[4] = { 203, 0, 113, (uint8_t)n };

	return addr_from_bytes(AF_INET, bytes);
}

static struct dname name_of(const char *text)
{
	struct dname n;

	assert_int_equal(dname_from_text(text, &n), 0);
	return n;
}

/* The device asks a name that leads to the address over up to two others. */
static void ask(unsigned device, const char *name, const char *over, const char *then,
		unsigned addr)
{
	struct msg_device d = device_of(device);
	struct addr a = addr_of(addr);
	struct lease_key key = lease_key_make(&d, a.family, a.bytes);
	struct dname n = name_of(name);
	uint8_t chain[2 * sizeof(struct dname)];
	struct lease_origin origin = { .chain = chain };
	struct lease_change c;

	for (const char *link = over; link; link = link == over ? then : NULL) {
		struct dname to = name_of(link);

		memcpy(chain + origin.chain_len, to.wire, to.len);
		origin.chain_len += to.len;
	}
	assert_int_equal(lease_claim(l, &key, 60, n.wire, n.len, 0, &c), 0);
	lease_settle(l, &key, 0);
	lease_note_origin(l, &d, n.wire, n.len, &origin);
}

/* Three devices, one address each name's; 9 is shared by two names. */
static void fill(void)
{
	for (unsigned d = 1; d <= 3; d++) {
		ask(d, "a.example", "cdn.example", "edge.example", 1);
		ask(d, "b.example", "cdn.example", NULL, 2);
		ask(d, "c.example", NULL, NULL, 3);
		ask(d, "c.example", NULL, NULL, 9);
		ask(d, "a.example", "cdn.example", "edge.example", 9);
	}
}

static void withdrawal_by_table(void **state)
{
	static const struct {
		const char *text, *name;
		unsigned device, dest; /* 0: any */
		bool deep;
		unsigned ended, kept;
	} cases[] = {
		{ "a name of all devices", "a.example", 0, 0, false, 3, 3 },
		{ "a name of one device", "a.example", 2, 0, false, 1, 1 },
		{ "a name to one address", "c.example", 0, 3, false, 3, 0 },
		{ "a name to an address that is another's", "b.example", 0, 3, false, 0, 0 },
		{ "a CNAME only looked up itself", "cdn.example", 0, 0, false, 0, 0 },
		{ "a CNAME", "cdn.example", 0, 0, true, 6, 3 },
		{ "the second CNAME of a chain", "edge.example", 0, 0, true, 3, 3 },
		{ "a CNAME of one device", "cdn.example", 3, 0, true, 2, 1 },
		{ "a CNAME of one device to one address", "cdn.example", 3, 2, true, 1, 0 },
		{ "part of a CNAME", "example", 0, 0, true, 0, 0 },
		{ "an address", NULL, 0, 9, false, 3, 0 },
		{ "an address of one device", NULL, 1, 9, false, 1, 0 },
		{ "a device", NULL, 1, 0, false, 4, 0 },
		{ "a device that is not there", NULL, 7, 0, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct msg_device d = device_of(cases[i].device);
		struct addr dest = addr_of(cases[i].dest);
		struct dname n = name_of(cases[i].name ? cases[i].name : ".");
		struct lease_withdrawal w = {
			.device = cases[i].device ? &d : NULL,
			.dest = cases[i].dest ? &dest : NULL,
			.name = n.wire,
			.name_len = cases[i].name ? n.len : 0,
			.deep = cases[i].deep,
		};
		struct lease_key ended;
		unsigned count = 0;

		lease_clear(l);
		fill();
		while (lease_withdraw_next(l, &w, S, &ended)) {
			struct lease_view v;

			assert_false(lease_find(l, &ended, &v));
			assert_true(!cases[i].device || ended.device.id[5] == cases[i].device);
			assert_true(!cases[i].dest || ended.addr.bytes[3] == cases[i].dest);
			count++;
		}
		if (count != cases[i].ended || w.kept != cases[i].kept)
			fail_msg("%s: %u ended, %zu kept", cases[i].text, count, w.kept);
		assert_int_equal(lease_count(l), 12 - count);
	}
}

static void earlier_names_of_a_chain_are_remembered_while_there_is_room(void **state)
{
	struct lease_holder h[LEASE_WALK_MIN * 2];
	struct dname old = name_of("old.example");
	struct lease_withdrawal w = { .name = old.wire, .name_len = old.len, .deep = true };
	struct lease_key ended;
	size_t cursor = 0;
	char text[80];

	(void)state;
	ask(1, "a.example", "old.example", NULL, 1);
	ask(1, "a.example", "new.example", NULL, 2);
	assert_int_equal(lease_walk_holders(l, &cursor, h, ARRAY_SIZE(h)), 1);
	assert_int_equal(h[0].chain_len, 2 * old.len);
	ask(1, "a.example", "new.example", NULL, 2);
	cursor = 0;
	lease_walk_holders(l, &cursor, h, ARRAY_SIZE(h));
	assert_int_equal(h[0].chain_len, 2 * old.len);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "rotating-name-%u.example", i);
		ask(1, "a.example", text, NULL, 3);
	}
	cursor = 0;
	lease_walk_holders(l, &cursor, h, ARRAY_SIZE(h));
	assert_true(h[0].chain_len <= MSG_CHAIN_MAX);
	assert_memory_equal(h[0].chain + 1, "rotating-name-59", 16);
	assert_false(lease_withdraw_next(l, &w, S, &ended));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(withdrawal_by_table, setup, teardown),
		cmocka_unit_test_setup_teardown(
			earlier_names_of_a_chain_are_remembered_while_there_is_room, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
