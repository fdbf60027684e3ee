/* The ledger of leases: arithmetic, caps, refusal, ending, and a model of it run beside it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/util.h"
#include "nftsync/lease_view.h"

#define S 1000ull

static const struct lease_limits limits = {
	.min_s = 60, .max_s = 86400, .grace_s = 600, .max_leases = 1000, .max_device_leases = 64,
};

static struct lease_ledger *make(const struct lease_limits *l)
{
	struct lease_ledger *out;

	assert_int_equal(lease_ledger_new(l, &out), 0);
	return out;
}

static struct lease_key key_of(const char *device, const char *addr)
{
	struct msg_device d = { 0 };
	struct addr a, who;
	struct mac m;

	if (!mac_from_text(device, &m)) {
		memcpy(d.id, m.bytes, 6);
	} else {
		assert_int_equal(addr_from_text(device, &who), 0);
		d.kind = who.family == AF_INET ? DEVICE_IP4 : DEVICE_IP6;
		memcpy(d.id, who.bytes, sizeof(d.id));
	}
	assert_int_equal(addr_from_text(addr, &a), 0);
	return lease_key_make(&d, a.family, a.bytes);
}

#define TV "02:00:00:00:00:01"

static struct lease_key tv(unsigned i)
{
	struct lease_key key = key_of(TV, "198.51.0.0");

	store_be16(key.addr.bytes + 2, (uint16_t)i);
	return key;
}

static int claim(struct lease_ledger *l, const struct lease_key *key, uint32_t ttl_s,
		 uint64_t now_ms, struct lease_change *out)
{
	return lease_claim(l, key, ttl_s, NULL, 0, now_ms, out);
}

/* One lease, first claimed at 0 with ttl0 and settled; then a claim at now. */
static void second_claim_by_table(void **state)
{
	static const struct {
		const char *name;
		uint32_t ttl0, now_s, ttl;
		enum lease_verdict verdict;
		uint64_t end_s;
	} cases[] = {
		{ "the same at once",		  300, 0,   300,  LEASE_COVERED, 900 },
		{ "shorter never shortens",	  300, 10,  1,	  LEASE_COVERED, 900 },
		{ "longer by less than half",	  300, 100, 300,  LEASE_COVERED, 1000 },
		{ "half of its life is over",	  300, 451, 300,  LEASE_REFRESH, 1351 },
		{ "the answer would outlive it",  300, 0,   1000, LEASE_REFRESH, 1600 },
		{ "ends as the answer does",	  300, 0,   900,  LEASE_COVERED, 1500 },
		{ "TTL 0 lives the least",	  0,   0,   0,	  LEASE_COVERED, 660 },
		{ "TTL 0 late",			  0,   400, 0,	  LEASE_REFRESH, 1060 },
		{ "huge TTL is cut",		  300, 0,   UINT32_MAX, LEASE_REFRESH, 87000 },
		{ "short claim on a long lease",  86400, 86000, 60, LEASE_COVERED, 87000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lease_ledger *l = make(&limits);
		struct lease_key key = tv(1);
		struct lease_change c;

		print_message("  %s\n", cases[i].name);
		assert_int_equal(claim(l, &key, cases[i].ttl0, 0, &c), 0);
		assert_int_equal(c.verdict, LEASE_INSERT);
		lease_settle(l, &key, 0);
		assert_int_equal(claim(l, &key, cases[i].ttl, cases[i].now_s * S, &c), 0);
		assert_int_equal(c.verdict, cases[i].verdict);
		assert_int_equal(c.end_ms, cases[i].end_s * S);
		lease_ledger_free(l);
	}
}

static void what_is_leased_by_table(void **state)
{
	static const struct {
		const char *device, *addr;
		enum lease_verdict verdict;
	} cases[] = {
		{ TV, "203.0.113.80", LEASE_INSERT },	     { TV, "2001:db8::1", LEASE_INSERT },
		{ TV, "192.168.1.1", LEASE_REFUSED },	     { TV, "127.0.0.1", LEASE_REFUSED },
		{ TV, "224.0.0.251", LEASE_REFUSED },	     { TV, "0.0.0.0", LEASE_REFUSED },
		{ TV, "fe80::1", LEASE_REFUSED },	     { TV, "::1", LEASE_REFUSED },
		{ TV, "ff02::fb", LEASE_REFUSED },	     { TV, "fd00::1", LEASE_REFUSED },
		{ "10.0.0.2", "203.0.113.80", LEASE_INSERT }, { "10.0.0.2", "2001:db8::1", LEASE_REFUSED },
		{ "fd00::2", "2001:db8::1", LEASE_INSERT },  { "fd00::2", "203.0.113.80", LEASE_REFUSED },
	};
	struct lease_ledger *l = make(&limits);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lease_key key = key_of(cases[i].device, cases[i].addr);
		struct lease_change c;

		assert_int_equal(claim(l, &key, 1, 0, &c), 0);
		assert_int_equal(c.verdict, cases[i].verdict);
		assert_int_equal(lease_adopt(l, &key, 5, 0),
				 cases[i].verdict == LEASE_REFUSED ? -EINVAL : 0);
	}
	assert_int_equal(lease_count(l), 4);
	lease_ledger_free(l);
}

static void mapped_addresses_and_stray_bytes_make_the_same_key(void **state)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 198, 51, 100, 7 };
	struct msg_device d = { .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, 0, 1, 77, 78 } };
	struct lease_key a = lease_key_make(&d, AF_INET6, mapped);
	struct lease_key b = key_of(TV, "198.51.100.7");

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
}

static void unsettled_lease_says_the_same_again(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key key = tv(1);
	struct lease_change c;

	(void)state;
	assert_int_equal(claim(l, &key, 300, 0, &c), 0);
	assert_int_equal(c.verdict, LEASE_INSERT);
	assert_int_equal(claim(l, &key, 60, 0, &c), 0);
	assert_int_equal(c.verdict, LEASE_INSERT); /* not in force yet: who asks must wait */
	assert_int_equal(c.end_ms, 900 * S);
	lease_settle(l, &key, 0);
	assert_int_equal(claim(l, &key, 60, 0, &c), 0);
	assert_int_equal(c.verdict, LEASE_COVERED);
	lease_ledger_free(l);
}

static void refused_insert_is_forgotten_and_refused_refresh_comes_again(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key key = tv(1);
	struct lease_change c;

	(void)state;
	assert_int_equal(claim(l, &key, 300, 0, &c), 0);
	lease_settle(l, &key, -ENOSPC);
	assert_int_equal(lease_count(l), 0);

	assert_int_equal(claim(l, &key, 300, 0, &c), 0);
	lease_settle(l, &key, 0);
	assert_int_equal(claim(l, &key, 300, 500 * S, &c), 0);
	assert_int_equal(c.verdict, LEASE_REFRESH);
	lease_settle(l, &key, -ENOMEM);
	assert_false(lease_next_due(l, 899 * S, &c));
	assert_true(lease_next_due(l, 900 * S, &c)); /* the kernel's old end */
	assert_int_equal(c.verdict, LEASE_REFRESH);
	assert_int_equal(c.end_ms, 1400 * S);
	lease_settle(l, &key, 0);
	assert_false(lease_next_due(l, 1399 * S, &c));
	assert_true(lease_next_due(l, 1400 * S, &c));
	assert_int_equal(c.verdict, LEASE_ENDED);
	assert_int_equal(lease_count(l), 0);
	lease_settle(l, &key, 0); /* unknown: nothing */
	lease_ledger_free(l);
}

static void claim_that_was_covered_still_counts_at_the_end(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key key = tv(1);
	struct lease_change c;

	(void)state;
	assert_int_equal(claim(l, &key, 300, 0, &c), 0);
	lease_settle(l, &key, 0);
	assert_int_equal(claim(l, &key, 300, 300 * S, &c), 0);
	assert_int_equal(c.verdict, LEASE_COVERED);
	assert_true(lease_next_due(l, 900 * S, &c));
	assert_int_equal(c.verdict, LEASE_REFRESH);
	assert_int_equal(c.end_ms, 1200 * S);
	lease_ledger_free(l);
}

static void leases_end_in_their_order_over_all_devices(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_change c;
	uint64_t last = 0;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		struct lease_key key = tv(i);

		key.device.id[5] = (uint8_t)(i % 13);
		assert_int_equal(claim(l, &key, 60 + i * 7919 % 5000, i, &c), 0);
		lease_settle(l, &key, 0);
	}
	for (uint64_t now = 0; now < 6000 * S; now += 500) {
		while (lease_next_due(l, now, &c)) {
			assert_int_equal(c.verdict, LEASE_ENDED);
			assert_true(now >= last);
			last = now;
			n++;
		}
	}
	assert_int_equal(n, 600);
	lease_ledger_free(l);
}

static void full_ledger_refuses_and_full_device_lets_its_first_go(void **state)
{
	struct lease_limits few = limits;
	struct lease_ledger *l;
	struct lease_change c;
	struct lease_key key, first = tv(2);

	(void)state;
	few.max_leases = 10;
	few.max_device_leases = 4;
	l = make(&few);
	for (unsigned i = 0; i < 4; i++) {
		key = tv(i);
		assert_int_equal(claim(l, &key, i == 2 ? 100 : 1000 + i, 0, &c), 0);
		lease_settle(l, &key, 0);
	}
	key = tv(9);
	assert_int_equal(claim(l, &key, 60, 0, &c), 0); /* ends before all the others */
	assert_int_equal(c.verdict, LEASE_INSERT);
	assert_true(c.has_evicted);
	assert_memory_equal(&c.evicted, &first, sizeof(first));
	assert_int_equal(lease_count(l), 4);
	key = tv(10); /* tv(9) is unsettled and so not the one to go */
	assert_int_equal(claim(l, &key, 60, 0, &c), 0);
	assert_true(c.has_evicted);
	assert_int_equal(c.evicted.addr.bytes[3], 0);

	for (unsigned i = 0; i < 6; i++) {
		key = tv(100 + i);
		key.device.id[5] = (uint8_t)(10 + i / 3);
		assert_int_equal(claim(l, &key, 60, 0, &c), 0);
	}
	key.device.id[5] = 99;
	assert_int_equal(claim(l, &key, 60, 0, &c), -ENOSPC);
	assert_int_equal(lease_count(l), 10);
	key = tv(9); /* known leases go on */
	assert_int_equal(claim(l, &key, 600, 0, &c), 0);
	lease_ledger_free(l);
}

static void device_with_only_unsettled_leases_is_full(void **state)
{
	struct lease_limits few = limits;
	struct lease_ledger *l;
	struct lease_change c;

	(void)state;
	few.max_device_leases = 2;
	l = make(&few);
	for (unsigned i = 0; i < 3; i++) {
		struct lease_key key = tv(i);

		assert_int_equal(claim(l, &key, 60, 0, &c), i < 2 ? 0 : -ENOSPC);
	}
	lease_ledger_free(l);
}

static void name_is_of_the_claim_that_ends_last(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key key = tv(1);
	struct lease_change c;
	struct lease_view v;

	(void)state;
	lease_claim(l, &key, 300, (const uint8_t *)"\1a", 3, 0, &c);
	lease_claim(l, &key, 60, (const uint8_t *)"\1b", 3, 0, &c);
	assert_true(lease_find(l, &key, &v));
	assert_memory_equal(v.name, "\1a", 3);
	lease_claim(l, &key, 400, (const uint8_t *)"\2cc", 4, 0, &c);
	assert_true(lease_find(l, &key, &v));
	assert_int_equal(v.name_len, 4);
	assert_memory_equal(v.name, "\2cc", 4);
	lease_ledger_free(l);
}

static void walk_sees_each_lease_once(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_view views[LEASE_WALK_MIN + 3];
	struct lease_change c;
	unsigned seen[1000] = { 0 };
	size_t cursor = 0, n;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct lease_key key = tv(i);

		key.device.id[5] = (uint8_t)(i % 50);
		assert_int_equal(claim(l, &key, 60, 0, &c), 0);
	}
	while ((n = lease_walk(l, &cursor, views, ARRAY_SIZE(views))))
		for (size_t i = 0; i < n; i++)
			seen[load_be16(views[i].key.addr.bytes + 2)]++;
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(seen[i], 1);
	lease_ledger_free(l);
}

static void adopted_lease_has_the_rest_of_its_life(void **state)
{
	struct lease_ledger *l = make(&limits);
	struct lease_key key = tv(1);
	struct lease_change c;
	struct lease_view v;

	(void)state;
	assert_int_equal(lease_adopt(l, &key, 50 * S, 7 * S), 0);
	assert_int_equal(lease_adopt(l, &key, 20 * S, 7 * S), 0);
	assert_true(lease_find(l, &key, &v));
	assert_int_equal(v.end_ms, 57 * S);
	assert_null(v.name);
	assert_int_equal(claim(l, &key, 60, 8 * S, &c), 0);
	assert_int_equal(c.verdict, LEASE_REFRESH);
	lease_ledger_free(l);
}

/* --- the model ---------------------------------------------------------------------- */

#define M_DEVICES 7
#define M_ADDRS	  13

/* Naive: a table of every possible lease. */
struct model {
	struct {
		bool there;
		uint64_t end, kernel, undo;
		int unsettled;
	} at[M_DEVICES][M_ADDRS];
	size_t count;
};

static uint64_t rand_state = 1;

static uint32_t below(uint32_t n)
{
	rand_state = rand_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rand_state >> 33) % n;
}

static struct lease_key model_key(unsigned d, unsigned a)
{
	struct lease_key key = tv(a);

	key.device.id[4] = (uint8_t)d;
	return key;
}

static void model_where(const struct lease_key *key, unsigned *d, unsigned *a)
{
	*d = key->device.id[4];
	*a = load_be16(key->addr.bytes + 2);
}

static void model_forget(struct model *m, unsigned d, unsigned a)
{
	m->at[d][a].there = false;
	m->count--;
}

static void model_claim(struct model *m, struct lease_ledger *l, const struct lease_limits *lim,
			uint64_t now)
{
	unsigned d = below(M_DEVICES), a = below(M_ADDRS), first = M_ADDRS, has = 0;
	uint32_t ttl = below(4) ? below(300) : below(5000);
	uint64_t ttl_ms = S * MIN(MAX(ttl, lim->min_s), lim->max_s);
	uint64_t life = ttl_ms + S * lim->grace_s, end = now + life;
	struct lease_key key = model_key(d, a);
	struct lease_change c;
	int rc = claim(l, &key, ttl, now, &c), want = 0;

	for (unsigned i = 0; i < M_ADDRS; i++) {
		if (!m->at[d][i].there)
			continue;
		has++;
		if (!m->at[d][i].unsettled &&
		    (first == M_ADDRS || m->at[d][i].kernel < m->at[d][first].kernel))
			first = i;
	}
	if (!m->at[d][a].there) {
		if (has >= lim->max_device_leases)
			want = first == M_ADDRS ? -ENOSPC : 0;
		else if (m->count >= lim->max_leases)
			want = -ENOSPC;
		assert_int_equal(rc, want);
		if (rc)
			return;
		assert_int_equal(c.has_evicted, has >= lim->max_device_leases);
		if (c.has_evicted) {
			unsigned ed, ea;

			model_where(&c.evicted, &ed, &ea);
			assert_int_equal(ed, d);
			assert_int_equal(m->at[d][ea].kernel, m->at[d][first].kernel);
			model_forget(m, ed, ea);
		}
		m->at[d][a].there = true;
		m->at[d][a].end = m->at[d][a].kernel = end;
		m->at[d][a].unsettled = LEASE_INSERT;
		m->count++;
		assert_int_equal(c.verdict, LEASE_INSERT);
		assert_int_equal(c.end_ms, end);
		return;
	}
	assert_int_equal(rc, 0);
	m->at[d][a].end = MAX(m->at[d][a].end, end);
	end = m->at[d][a].end;
	if (m->at[d][a].unsettled) {
		assert_int_equal(c.verdict, m->at[d][a].unsettled);
		m->at[d][a].kernel = end;
	} else {
		uint64_t kernel = m->at[d][a].kernel, left = kernel > now ? kernel - now : 0;

		if (end > kernel && (left < life / 2 || left < ttl_ms)) {
			assert_int_equal(c.verdict, LEASE_REFRESH);
			m->at[d][a].unsettled = LEASE_REFRESH;
			m->at[d][a].undo = kernel;
			m->at[d][a].kernel = end;
		} else {
			assert_int_equal(c.verdict, LEASE_COVERED);
		}
	}
	assert_int_equal(c.end_ms, end);
}

static void model_settle(struct model *m, struct lease_ledger *l)
{
	unsigned d = below(M_DEVICES), a = below(M_ADDRS);
	int rc = below(5) ? 0 : -ENOMEM;
	struct lease_key key = model_key(d, a);

	lease_settle(l, &key, rc);
	if (!m->at[d][a].there || !m->at[d][a].unsettled)
		return;
	if (rc && m->at[d][a].unsettled == LEASE_INSERT)
		model_forget(m, d, a);
	else if (rc)
		m->at[d][a].kernel = m->at[d][a].undo;
	m->at[d][a].unsettled = 0;
}

static void model_due(struct model *m, struct lease_ledger *l, uint64_t now)
{
	struct lease_change c;
	uint64_t first = UINT64_MAX;
	unsigned d, a;

	for (d = 0; d < M_DEVICES; d++)
		for (a = 0; a < M_ADDRS; a++)
			if (m->at[d][a].there)
				first = MIN(first, m->at[d][a].kernel);
	assert_int_equal(lease_next_due(l, now, &c), first <= now);
	if (first > now)
		return;
	model_where(&c.key, &d, &a);
	assert_true(m->at[d][a].there);
	assert_int_equal(m->at[d][a].kernel, first);
	if (m->at[d][a].end <= now) {
		assert_int_equal(c.verdict, LEASE_ENDED);
		model_forget(m, d, a);
		return;
	}
	assert_int_equal(c.verdict, LEASE_REFRESH);
	assert_int_equal(c.end_ms, m->at[d][a].end);
	m->at[d][a].unsettled = LEASE_REFRESH;
	m->at[d][a].undo = first;
	m->at[d][a].kernel = m->at[d][a].end;
}

static void model_compare(const struct model *m, const struct lease_ledger *l)
{
	assert_int_equal(lease_count(l), m->count);
	for (unsigned d = 0; d < M_DEVICES; d++) {
		for (unsigned a = 0; a < M_ADDRS; a++) {
			struct lease_key key = model_key(d, a);
			struct lease_view v;
			bool there = lease_find(l, &key, &v);

			assert_int_equal(there, m->at[d][a].there);
			if (there)
				assert_int_equal(v.end_ms, m->at[d][a].end);
		}
	}
}

static void million_random_events_agree_with_a_naive_ledger(void **state)
{
	static const struct lease_limits tight = {
		.min_s = 20, .max_s = 3000, .grace_s = 30, .max_leases = 40, .max_device_leases = 8,
	};
	struct lease_ledger *l = make(&tight);
	struct model m;
	uint64_t now = 0;

	(void)state;
	memset(&m, 0, sizeof(m));
	for (unsigned i = 0; i < 1000000; i++) {
		switch (below(8)) {
		case 0:
			now += below(20) ? below(3000) : below(300000);
			break;
		case 1:
			model_due(&m, l, now);
			break;
		case 2:
		case 3:
			model_settle(&m, l);
			break;
		default:
			model_claim(&m, l, &tight, now);
		}
		if (i % 1000 == 0)
			model_compare(&m, l);
	}
	lease_settle_all(l);
	lease_clear(l);
	assert_int_equal(lease_count(l), 0);
	lease_ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_claim_by_table),
		cmocka_unit_test(what_is_leased_by_table),
		cmocka_unit_test(mapped_addresses_and_stray_bytes_make_the_same_key),
		cmocka_unit_test(unsettled_lease_says_the_same_again),
		cmocka_unit_test(refused_insert_is_forgotten_and_refused_refresh_comes_again),
		cmocka_unit_test(claim_that_was_covered_still_counts_at_the_end),
		cmocka_unit_test(leases_end_in_their_order_over_all_devices),
		cmocka_unit_test(full_ledger_refuses_and_full_device_lets_its_first_go),
		cmocka_unit_test(device_with_only_unsettled_leases_is_full),
		cmocka_unit_test(name_is_of_the_claim_that_ends_last),
		cmocka_unit_test(walk_sees_each_lease_once),
		cmocka_unit_test(adopted_lease_has_the_rest_of_its_life),
		cmocka_unit_test(million_random_events_agree_with_a_naive_ledger),
	};

	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
