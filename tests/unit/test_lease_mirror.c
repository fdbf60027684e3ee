/* The copy of the leases in memory that outlives the process. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/util.h"
#include "nftsync/lease_mirror.h"
#include "nftsync/lease_view.h"
#include "nftsync/lease_withdraw.h"

#define S 1000ull

static const struct lease_limits limits = {
	.min_s = 60, .max_s = 86400, .grace_s = 600, .max_leases = 1000, .max_device_leases = 64,
};

static int memory(size_t bytes)
{
	int fd = memfd_create("leases", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	return fd;
}

static struct lease_mirror *open_mirror(int fd)
{
	struct lease_mirror *m;

	assert_int_equal(lease_mirror_open(fd, &m), 0);
	return m;
}

static struct lease_ledger *new_ledger(void)
{
	struct lease_ledger *l;

	assert_int_equal(lease_ledger_new(&limits, &l), 0);
	return l;
}

static struct lease_key key_of(uint32_t device, uint32_t n)
{
	struct msg_device d = { .kind = (uint8_t)(device % DEVICE_KIND_COUNT) };
	uint8_t addr[16] = { 0x20, 1 };

	d.id[0] = 2;
	d.id[3] = (uint8_t)device;
	if (d.kind == DEVICE_IP6 || n % 2) {
		store_be32(addr + 12, n);
		return lease_key_make(&d, d.kind == DEVICE_IP4 ? AF_INET : AF_INET6, addr);
	}
	return lease_key_make(&d, AF_INET, (const uint8_t[]){ 203, 0, 113, (uint8_t)n });
}

static size_t count(const struct lease_mirror *m)
{
	struct lease_key key;
	size_t cursor = 0, n = 0;
	uint64_t end_ms;

	while (lease_mirror_next(m, &cursor, &key, &end_ms))
		n++;
	return n;
}

/* What a next process reads, against a ledger whose leases end in the kernel when they say. */
static void assert_is_copy(int fd, const struct lease_ledger *l)
{
	struct lease_mirror *m = open_mirror(fd);
	struct lease_view view;
	struct lease_key key;
	size_t cursor = 0;
	uint64_t end_ms;

	assert_int_equal(count(m), lease_count(l));
	while (lease_mirror_next(m, &cursor, &key, &end_ms)) {
		assert_true(lease_find(l, &key, &view));
		assert_true(end_ms <= view.end_ms);
	}
	lease_mirror_close(m);
}

/* Claims, ends, withdrawals, evictions and refusals of the kernel, as they come. */
static void copy_follows_the_ledger(void **state)
{
	int fd = memory(65536);
	struct lease_mirror *m = open_mirror(fd);
	struct lease_ledger *l = new_ledger();
	struct lease_change change;
	struct lease_key key;
	uint64_t now_ms = 1000 * S;

	(void)state;
	srand(7);
	for (unsigned i = 0; i < 300; i++) { /* the copy begins when there is something */
		key = key_of((unsigned)rand() % 8, (unsigned)rand() % 200);
		if (!lease_claim(l, &key, 60, NULL, 0, now_ms, &change))
			lease_settle(l, &key, 0);
	}
	lease_set_mirror(l, m);
	assert_is_copy(fd, l);
	for (unsigned i = 0; i < 20000; i++) {
		const uint8_t name[] = { 1, (uint8_t)('a' + rand() % 5), 0 };

		now_ms += (unsigned)rand() % 2000;
		key = key_of((unsigned)rand() % 8, (unsigned)rand() % 200);
		if (!lease_claim(l, &key, (uint32_t)rand() % 300, name, sizeof(name), now_ms,
				 &change))
			lease_settle(l, &key, rand() % 10 ? 0 : -ENOSPC);
		while (lease_next_due(l, now_ms, &change))
			if (change.verdict == LEASE_REFRESH)
				lease_settle(l, &change.key, 0);
		if (rand() % 500 == 0) {
			struct lease_withdrawal w = { .name = name, .name_len = sizeof(name) };

			while (lease_withdraw_next(l, &w, now_ms, &key))
				;
		}
		if (i % 500 == 0)
			assert_is_copy(fd, l);
	}
	assert_is_copy(fd, l);
	assert_true(lease_count(l) > 50);
	lease_clear(l);
	assert_int_equal(count(m), 0);
	lease_ledger_free(l);
	lease_mirror_close(m);
	close(fd);
}

static void copy_outlives_its_ledger(void **state)
{
	int fd = memory(65536);
	struct lease_mirror *m = open_mirror(fd);
	struct lease_ledger *l = new_ledger();
	struct lease_key key = key_of(0, 1), read;
	struct lease_change change;
	size_t cursor = 0;
	uint64_t end_ms;

	(void)state;
	lease_set_mirror(l, m);
	assert_int_equal(lease_claim(l, &key, 300, NULL, 0, 5 * S, &change), 0);
	lease_ledger_free(l);
	lease_mirror_close(m);
	lease_mirror_close(NULL);

	m = open_mirror(fd);
	assert_true(lease_mirror_next(m, &cursor, &read, &end_ms));
	assert_memory_equal(&read, &key, sizeof(key));
	assert_int_equal(end_ms, change.end_ms);
	assert_false(lease_mirror_next(m, &cursor, &read, &end_ms));
	l = new_ledger();
	lease_set_mirror(l, m); /* another ledger, without it */
	assert_int_equal(count(m), 0);
	lease_ledger_free(l);
	lease_mirror_close(m);
	close(fd);
}

static void lease_without_a_place_is_not_copied(void **state)
{
	int fd = memory(512);
	struct lease_mirror *m = open_mirror(fd);
	struct lease_ledger *l = new_ledger();
	struct lease_change change;
	size_t places;

	(void)state;
	lease_set_mirror(l, m);
	for (uint32_t i = 0; i < 60; i++) {
		struct lease_key key = key_of(0, i);

		assert_int_equal(lease_claim(l, &key, 300, NULL, 0, 5 * S, &change), 0);
	}
	places = count(m);
	assert_in_range(places, 5, 30);
	while (lease_next_due(l, 2000 * S, &change))
		if (change.verdict == LEASE_REFRESH)
			lease_settle(l, &change.key, 0);
	assert_int_equal(lease_count(l), 0);
	assert_int_equal(count(m), 0);
	for (uint32_t i = 0; i < 60; i++) { /* the same places serve again */
		struct lease_key key = key_of(0, i);

		assert_int_equal(lease_claim(l, &key, 300, NULL, 0, 5000 * S, &change), 0);
	}
	assert_int_equal(count(m), places);
	lease_ledger_free(l);
	lease_mirror_close(m);
	close(fd);
}

static void memory_of_another_form_is_refused_or_empty(void **state)
{
	uint8_t garbage[4096];
	struct lease_mirror *m;
	struct lease_ledger *l;
	struct lease_key key;
	uint64_t end_ms;
	size_t cursor;
	int fd, pipes[2];

	(void)state;
	fd = memory(8);
	assert_int_equal(lease_mirror_open(fd, &m), -EINVAL);
	close(fd);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(lease_mirror_open(pipes[0], &m), -EINVAL);
	close(pipes[0]);
	close(pipes[1]);

	srand(11);
	for (unsigned round = 0; round < 2000; round++) {
		fd = memory(sizeof(garbage));
		m = open_mirror(fd); /* writes its form */
		lease_mirror_close(m);
		assert_int_equal(pread(fd, garbage, sizeof(garbage), 0), sizeof(garbage));
		for (size_t i = round % 2 ? 4 : 8; i < sizeof(garbage); i++)
			garbage[i] = (uint8_t)(rand() % (round % 3 ? 256 : 12));
		if (round % 2 == 0)
			store_be32(garbage + 4, (uint32_t)rand() % 3 << 24 | 0x20000000);
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 0), sizeof(garbage));
		m = open_mirror(fd);
		l = new_ledger();
		for (cursor = 0; lease_mirror_next(m, &cursor, &key, &end_ms);)
			lease_adopt(l, &key, 60 * S, 5 * S); /* must bear it */
		assert_true(lease_count(l) <= sizeof(garbage) / 40);
		lease_ledger_free(l);
		lease_mirror_close(m);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_follows_the_ledger),
		cmocka_unit_test(copy_outlives_its_ledger),
		cmocka_unit_test(lease_without_a_place_is_not_copied),
		cmocka_unit_test(memory_of_another_form_is_refused_or_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
