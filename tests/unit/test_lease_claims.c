/* The ledger's claims by name: who holds a lease, caps of a name, use that keeps, withdrawal, and
 * a naive model beside it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/dname.h"
#include "lib/util.h"
#include "nftsync/lease_view.h"
#include "nftsync/lease_withdraw.h"

#define S 1000ull

static const struct lease_limits limits = {
	.min_s = 60, .max_s = 86400, .grace_s = 600, .max_leases = 1000, .max_device_leases = 200,
};

static struct lease_ledger *make(const struct lease_limits *l)
{
	struct lease_ledger *out;

	assert_int_equal(lease_ledger_new(l, &out), 0);
	return out;
}

static struct lease_key key_at(unsigned device, unsigned addr, uint8_t family)
{
	struct msg_device d = { .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, (uint8_t)device } };
	uint8_t bytes[16] = { 0x20, 1, 0x0d, 0xb8 };

	if (family == AF_INET)
		store_be32(bytes, 0xcb007100u + addr);
	else
		store_be32(bytes + 12, addr);
	return lease_key_make(&d, family, bytes);
}

static struct lease_key key_of(unsigned device, unsigned addr)
{
	return key_at(device, addr, AF_INET);
}

static struct dname name_of(unsigned i)
{
	struct dname name;
	char text[32];

	snprintf(text, sizeof(text), "n%u.example", i);
	assert_int_equal(dname_from_text(text, &name), 0);
	return name;
}

/* Claim and settle. */
static struct lease_change claim(struct lease_ledger *l, struct lease_key key, unsigned name,
				 uint32_t ttl_s, uint64_t now_ms)
{
	struct dname n = name_of(name);
	struct lease_change c;

	assert_int_equal(lease_claim(l, &key, ttl_s, n.wire, n.len, now_ms, &c), 0);
	lease_settle(l, &key, 0);
	return c;
}

/* How many leases ended; the last of them in *ended. */
static unsigned withdraw(struct lease_ledger *l, const struct lease_key *of, unsigned name,
			 uint64_t now_ms, struct lease_key *ended)
{
	struct dname n = name_of(name);
	struct lease_withdrawal w = {
		.device = of ? &of->device : NULL, .name = n.wire, .name_len = n.len,
	};
	unsigned count = 0;

	while (lease_withdraw_next(l, &w, now_ms, ended))
		count++;
	return count;
}

static uint64_t end_of(const struct lease_ledger *l, struct lease_key key)
{
	struct lease_view v;

	return lease_find(l, &key, &v) ? v.end_ms : 0;
}

static void withdrawn_name_ends_what_only_it_held_by_table(void **state)
{
	static const struct {
		const char *text;
		uint32_t other_ttl; /* another name holds it too; 0: none */
		uint64_t other_s;   /* asked then */
		bool kept;	    /* in use until 5000 s */
		uint64_t at_s;	    /* withdrawn then */
		uint64_t end_s;	    /* 0: it ends */
	} cases[] = {
		{ "alone",			   0,	 0,   false, 10,   0 },
		{ "alone and in use",		   0,	 0,   true,  10,   0 },
		{ "another holds it, shorter",	   60,	 0,   false, 10,   660 },
		{ "another holds it, longer",	   9000, 0,   false, 10,   9600 },
		{ "another has ended",		   60,	 0,   false, 1000, 0 },
		{ "another has ended, but in use", 60,	 0,   true,  1000, 5000 },
		{ "another later",		   300,	 500, false, 600,  1400 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lease_ledger *l = make(&limits);
		struct lease_key key = key_of(1, 80), ended;
		struct lease_change c;

		print_message("  %s\n", cases[i].text);
		claim(l, key, 1, 3600, 0);
		if (cases[i].other_ttl)
			claim(l, key, 2, cases[i].other_ttl, cases[i].other_s * S);
		if (cases[i].kept)
			assert_true(lease_keep(l, &key, 5000 * S));
		assert_int_equal(withdraw(l, &key, 1, cases[i].at_s * S, &ended),
				 !cases[i].end_s);
		assert_int_equal(end_of(l, key), cases[i].end_s * S);
		if (!cases[i].end_s)
			assert_memory_equal(&ended, &key, sizeof(key));
		assert_int_equal(withdraw(l, &key, 1, cases[i].at_s * S, &ended), 0);
		/* It is over in time, whatever the kernel was told before. */
		if (cases[i].end_s)
			assert_true(lease_next_due(l, cases[i].end_s * S, &c));
		assert_int_equal(lease_count(l), 0);
		lease_ledger_free(l);
	}
}

static void withdrawal_is_of_one_device_or_of_all(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key ended, one = key_of(1, 1);

	(void)state;
	for (unsigned d = 1; d <= 5; d++) {
		for (unsigned a = 0; a < 10; a++) {
			claim(l, key_of(d, a), 7, 300, 0);
			claim(l, key_at(d, a, AF_INET6), 7, 300, 0);
		}
		claim(l, key_of(d, 100), 8, 300, 0);
	}
	assert_int_equal(lease_count(l), 105);
	assert_int_equal(withdraw(l, &one, 7, 1 * S, &ended), 20);
	assert_int_equal(withdraw(l, NULL, 9, 1 * S, &ended), 0);
	assert_int_equal(withdraw(l, NULL, 7, 1 * S, &ended), 80);
	assert_int_equal(lease_count(l), 5);
	assert_int_equal(withdraw(l, NULL, 8, 1 * S, &ended), 5);
	assert_int_equal(lease_count(l), 0);
	lease_ledger_free(l);
}

static void adopted_lease_outlasts_the_withdrawal_of_a_name(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key key = key_of(1, 80), ended;

	(void)state;
	assert_int_equal(lease_adopt(l, &key, 400 * S, 0), 0); /* by a name nobody knows */
	claim(l, key, 1, 3600, 0);
	assert_int_equal(withdraw(l, &key, 1, 10 * S, &ended), 0);
	assert_int_equal(end_of(l, key), 400 * S);
	lease_ledger_free(l);
}

static void many_names_on_one_lease_keep_its_end(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_claim_view claims[LEASE_CLAIMS + 1];
	struct lease_key key = key_of(1, 80), ended;
	unsigned nameless = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		claim(l, key, i, 1000 - 10 * i, 0);
	assert_int_equal(lease_claims(l, &key, claims), LEASE_CLAIMS + 1);
	for (unsigned i = 0; i <= LEASE_CLAIMS; i++)
		nameless += !claims[i].name;
	assert_int_equal(nameless, 1);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(withdraw(l, &key, i, 10 * S, &ended), 0);
	/* Those without a name cannot be withdrawn: nobody who may is shut out. */
	assert_in_range(end_of(l, key), 1400 * S, 1600 * S);
	lease_ledger_free(l);
}

static void claims_say_who_asked_when_and_until(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_claim_view claims[LEASE_CLAIMS + 1];
	struct lease_key key = key_of(1, 80), none = key_of(1, 81);
	struct lease_view v;

	(void)state;
	claim(l, key, 1, 3600, 5 * S);
	claim(l, key, 2, 60, 6 * S);
	claim(l, key, 2, 60, 7 * S);
	assert_int_equal(lease_claims(l, &none, claims), 0);
	assert_int_equal(lease_claims(l, &key, claims), 2);
	for (unsigned i = 0; i < 2; i++) {
		struct dname first = name_of(1);
		bool is_first = claims[i].name_len == first.len &&
				!memcmp(claims[i].name, first.wire, first.len);

		assert_int_equal(claims[i].asked_ms, (is_first ? 5 : 7) * S);
		assert_int_equal(claims[i].end_ms, (is_first ? 4205 : 667) * S);
	}
	assert_true(lease_find(l, &key, &v));
	assert_memory_equal(v.name, name_of(1).wire, v.name_len);
	lease_ledger_free(l);
}

static void name_has_its_most_addresses_of_each_family(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key shared = key_of(1, 3);
	struct lease_change c;

	(void)state;
	for (unsigned i = 0; i < LEASE_NAME_ADDRS; i++) {
		c = claim(l, key_of(1, i), 1, 300 + i, 0);
		assert_false(c.has_evicted);
		c = claim(l, key_at(1, i, AF_INET6), 1, 300 + i, 0);
		assert_false(c.has_evicted);
	}
	claim(l, shared, 2, 300, 0);
	for (unsigned i = 0; i < 3; i++) { /* the first to end goes */
		struct lease_key gone = key_of(1, i);

		c = claim(l, key_of(1, 100 + i), 1, 3600, 0);
		assert_true(c.has_evicted);
		assert_memory_equal(&c.evicted, &gone, sizeof(gone));
	}
	/* The fourth is another name's too: it stays, with that one's end. */
	c = claim(l, key_of(1, 103), 1, 3600, 0);
	assert_false(c.has_evicted);
	assert_int_equal(end_of(l, shared), 900 * S);
	/* Known addresses, other names and other devices are as before. */
	assert_false(claim(l, key_of(1, 103), 1, 7200, 0).has_evicted);
	assert_false(claim(l, key_of(1, 104), 2, 3600, 0).has_evicted);
	assert_false(claim(l, key_of(2, 104), 1, 3600, 0).has_evicted);
	/* A lease that was there counts for the name that comes to hold it. */
	c = claim(l, key_of(1, 104), 1, 3600, 0);
	assert_int_equal(c.verdict, LEASE_COVERED);
	assert_true(c.has_evicted);
	lease_ledger_free(l);
}

static void cap_of_a_name_never_takes_what_is_being_written(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct dname name = name_of(1);
	struct lease_change c;

	(void)state;
	for (unsigned i = 0; i < LEASE_NAME_ADDRS + 5; i++) {
		struct lease_key key = key_of(1, i);

		assert_int_equal(lease_claim(l, &key, 300, name.wire, name.len, 0, &c), 0);
		assert_int_equal(c.verdict, LEASE_INSERT);
		assert_false(c.has_evicted);
	}
	lease_ledger_free(l);
}

static void both_caps_at_once_let_one_lease_go(void **state)
{
	struct lease_limits few = limits;
	struct lease_ledger *l;
	struct lease_change c;

	(void)state;
	few.max_device_leases = LEASE_NAME_ADDRS;
	l = make(&few);
	for (unsigned i = 0; i < LEASE_NAME_ADDRS; i++)
		claim(l, key_of(1, i), 1, 300 + i, 0);
	c = claim(l, key_of(1, 100), 1, 300, 0);
	assert_true(c.has_evicted);
	assert_int_equal(lease_count(l), LEASE_NAME_ADDRS);
	claim(l, key_of(1, 1), 2, 9000, 0);
	c = claim(l, key_of(1, 101), 1, 300, 0); /* its first is held by another: the device's goes */
	assert_true(c.has_evicted);
	assert_int_equal(lease_count(l), LEASE_NAME_ADDRS);
	lease_ledger_free(l);
}

static void use_keeps_a_lease_up_to_the_longest_by_table(void **state)
{
	static const struct {
		uint64_t until_s;
		bool keeps;
		uint64_t end_s;
	} cases[] = {
		{ 500, false, 900 },	{ 900, false, 900 },	   { 1020, true, 1020 },
		{ 87000, true, 87000 }, { 1000000, true, 87000 },
	};
	struct lease_key none = key_of(1, 81);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lease_ledger *l = make(&limits);
		struct lease_key key = key_of(1, 80);
		struct lease_change c;

		claim(l, key, 1, 300, 0);
		assert_false(lease_keep(l, &none, 1000 * S));
		assert_int_equal(lease_keep(l, &key, cases[i].until_s * S), cases[i].keeps);
		assert_int_equal(end_of(l, key), cases[i].end_s * S);
		assert_false(lease_next_due(l, 900 * S - 1, &c));
		assert_true(lease_next_due(l, 900 * S, &c)); /* the kernel's end */
		assert_int_equal(c.verdict, cases[i].keeps ? LEASE_REFRESH : LEASE_ENDED);
		if (cases[i].keeps) {
			lease_settle(l, &key, 0);
			assert_true(lease_ends_by(l, cases[i].end_s * S));
			assert_false(lease_ends_by(l, cases[i].end_s * S - 1));
			assert_true(lease_next_due(l, cases[i].end_s * S, &c));
			assert_int_equal(c.verdict, LEASE_ENDED);
		}
		lease_ledger_free(l);
	}
}

static void holders_are_walked_once_each(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_holder views[LEASE_WALK_MIN];
	unsigned seen[8] = { 0 };
	size_t cursor = 0, n;

	(void)state;
	for (unsigned i = 0; i < 160; i++)
		claim(l, key_of(1 + i % 4, i / 8), i % 8, 300, 0);
	while ((n = lease_walk_holders(l, &cursor, views, ARRAY_SIZE(views))))
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(views[i].name_len, name_of(1).len);
			seen[views[i].name[2] - '0']++;
		}
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(seen[i], 1); /* name i is asked by device 1 + i % 4 alone */
	lease_ledger_free(l);
}

static void room_for_names_is_bounded(void **state)
{
	struct lease_limits few = limits;
	struct lease_claim_view claims[LEASE_CLAIMS + 1];
	struct lease_ledger *l;
	size_t named = 0;

	(void)state;
	few.max_leases = 10;
	l = make(&few);
	for (unsigned a = 0; a < 10; a++)
		for (unsigned i = 0; i < LEASE_CLAIMS; i++)
			claim(l, key_of(1, a), i, 300, 0);
	for (unsigned a = 0; a < 10; a++) {
		struct lease_key key = key_of(1, a);
		size_t n = lease_claims(l, &key, claims);

		assert_true(n > 0);
		for (size_t i = 0; i < n; i++)
			named += claims[i].name != NULL;
	}
	assert_int_equal(named, 20); /* the rest holds without its name */
	lease_ledger_free(l);
}

/* --- the model ---------------------------------------------------------------------- */

#define M_DEVICES 3
#define M_ADDRS	  12
#define M_NAMES	  7 /* fewer than LEASE_CLAIMS, so that nothing is nameless */

struct cell {
	uint64_t names[M_NAMES]; /* ends; 0: does not hold it */
	uint64_t end, kernel, kept, asked;
	bool there;
};

struct model {
	struct cell at[M_DEVICES][M_ADDRS];
	uint64_t now;
};

static uint32_t below(uint32_t n)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32) % n;
}

static void model_claim(struct model *m, struct lease_ledger *l)
{
	unsigned d = below(M_DEVICES), a = below(M_ADDRS), name = below(M_NAMES);
	uint32_t ttl = below(2000);
	struct cell *c = &m->at[d][a];
	uint64_t end = m->now + (MAX(ttl, limits.min_s) + limits.grace_s) * S;
	struct lease_change got = claim(l, key_of(d, a), name, ttl, m->now);

	c->names[name] = MAX(c->names[name], end);
	c->end = MAX(c->end, end);
	c->asked = m->now;
	if (got.verdict != LEASE_COVERED)
		c->kernel = c->end;
	c->there = true;
	assert_int_equal(got.end_ms, c->end);
}

static void model_withdraw(struct model *m, struct lease_ledger *l)
{
	unsigned d = below(M_DEVICES + 1), name = below(M_NAMES), expected = 0;
	struct lease_key key = key_of(d, 0), ended;

	for (unsigned i = 0; i < M_DEVICES; i++) {
		for (unsigned a = 0; a < M_ADDRS; a++) {
			struct cell *c = &m->at[i][a];
			uint64_t end = 0;

			if ((d < M_DEVICES && d != i) || !c->names[name])
				continue;
			c->names[name] = 0;
			for (unsigned n = 0; n < M_NAMES; n++)
				end = MAX(end, c->names[n]);
			if (end)
				end = MAX(end, c->kept);
			if (end <= m->now) {
				expected++;
				*c = (struct cell){ 0 };
				continue;
			}
			c->end = end;
			c->kernel = MIN(c->kernel, end);
		}
	}
	assert_int_equal(withdraw(l, d < M_DEVICES ? &key : NULL, name, m->now, &ended),
			 expected);
}

static void model_due(struct model *m, struct lease_ledger *l)
{
	struct lease_change got;

	while (lease_next_due(l, m->now, &got)) {
		struct cell *c = &m->at[got.key.device.id[4]]
				       [load_be32(got.key.addr.bytes) - 0xcb007100u];

		assert_true(c->there);
		assert_true(c->kernel <= m->now);
		assert_int_equal(got.verdict, c->end <= m->now ? LEASE_ENDED : LEASE_REFRESH);
		if (got.verdict == LEASE_ENDED) {
			*c = (struct cell){ 0 };
			continue;
		}
		lease_settle(l, &got.key, 0);
		c->kernel = c->end;
	}
}

static void model_keep(struct model *m, struct lease_ledger *l)
{
	unsigned d = below(M_DEVICES), a = below(M_ADDRS);
	struct cell *c = &m->at[d][a];
	struct lease_key key = key_of(d, a);
	uint64_t until = MIN(m->now + below(3000000), c->asked + 87000 * S);
	bool keeps = c->there && until > c->end;

	assert_int_equal(lease_keep(l, &key, until), keeps);
	if (keeps)
		c->end = c->kept = until;
}

static void model_compare(const struct model *m, const struct lease_ledger *l)
{
	for (unsigned d = 0; d < M_DEVICES; d++) {
		for (unsigned a = 0; a < M_ADDRS; a++) {
			const struct cell *c = &m->at[d][a];
			struct lease_claim_view claims[LEASE_CLAIMS + 1];
			struct lease_key key = key_of(d, a);
			size_t n = lease_claims(l, &key, claims), names = 0;

			assert_int_equal(end_of(l, key), c->end);
			for (unsigned i = 0; i < M_NAMES; i++)
				names += c->names[i] != 0;
			assert_int_equal(n, names);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(claims[i].end_ms,
						 c->names[claims[i].name[2] - '0']);
		}
	}
}

static void million_random_events_agree_with_a_naive_ledger(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct model m = { .now = 0 };

	(void)state;
	for (unsigned i = 0; i < 1000000; i++) {
		switch (below(8)) {
		case 0:
			m.now += below(20) ? below(30000) : below(1000000);
			model_due(&m, l);
			break;
		case 1:
			model_withdraw(&m, l);
			break;
		case 2:
			model_keep(&m, l);
			break;
		default:
			model_claim(&m, l);
		}
		if (i % 500 == 0)
			model_compare(&m, l);
	}
	lease_ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(withdrawn_name_ends_what_only_it_held_by_table),
		cmocka_unit_test(withdrawal_is_of_one_device_or_of_all),
		cmocka_unit_test(adopted_lease_outlasts_the_withdrawal_of_a_name),
		cmocka_unit_test(many_names_on_one_lease_keep_its_end),
		cmocka_unit_test(claims_say_who_asked_when_and_until),
		cmocka_unit_test(name_has_its_most_addresses_of_each_family),
		cmocka_unit_test(cap_of_a_name_never_takes_what_is_being_written),
		cmocka_unit_test(both_caps_at_once_let_one_lease_go),
		cmocka_unit_test(use_keeps_a_lease_up_to_the_longest_by_table),
		cmocka_unit_test(holders_are_walked_once_each),
		cmocka_unit_test(room_for_names_is_bounded),
		cmocka_unit_test(million_random_events_agree_with_a_naive_ledger),
	};

	return cmocka_run_group_tests_name("lease_claims", tests, NULL, NULL);
}
