/*
 * Tables of owners in MaxMind's format: they say what the same table says as text, and what is
 * damaged is refused whole.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "blocklists/list_file.h"
#include "blocklists/list_mmdb.h"
#include "blocklists/list_spans.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

#define ROWS	 1500
#define FILE_MAX (1u << 20)

/* libmaxminddb 1.7 forgets what it has of metadata that ends in the middle of a description. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

struct table {
	char *text;
	uint8_t *bytes; /* the same as MaxMind has it */
	size_t len;
};

/** What a program of ours makes of a text. */
static size_t convert(const char *text, const char *version_bits, uint8_t *out)
{
	char path[] = "/tmp/nameward-table-XXXXXX", line[256];
	int fd = mkstemp(path);
	size_t len;
	FILE *from;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	snprintf(line, sizeof(line), "perl tests/support/table_to_mmdb.pl %s <%s",
		 version_bits, path);
	from = popen(line, "r");
	assert_non_null(from);
	len = fread(out, 1, FILE_MAX, from);
	assert_int_equal(pclose(from), 0);
	unlink(path);
	return len;
}

static struct table make_table(const char *version_bits, char *text)
{
	struct table t = { .text = text, .bytes = malloc(FILE_MAX) };

	assert_non_null(t.bytes);
	t.len = convert(text, version_bits, t.bytes);
	assert_true(t.len > 100 && t.len < FILE_MAX);
	return t;
}

static void free_table(struct table *t)
{
	free(t->bytes);
	free(t->text);
}

/** A row of each of ROWS ranges, which follow one another or leave gaps, from base on. */
static char *rows_of(bool is_6, unsigned *seed)
{
	char *text = malloc(ROWS * 128), *p = text;
	uint32_t at = is_6 ? 0 : 0x08000000; /* 8.0.0.0 */

	assert_non_null(text);
	for (unsigned i = 0; i < ROWS; i++) {
		unsigned r = (unsigned)rand_r(seed), width = 1 + r % 700, as = 64496 + r % 9;
		uint32_t lo = at + (r >> 10) % 3 * 100, hi = lo + width - 1;

		if (is_6)
			p += sprintf(p, "2001:db8:%x:%x::\t2001:db8:%x:%x:ffff:ffff:ffff:ffff",
				     lo >> 16, lo & 0xffff, hi >> 16, hi & 0xffff);
		else
			p += sprintf(p, "%u.%u.%u.%u\t%u.%u.%u.%u", lo >> 24, lo >> 16 & 255,
				     lo >> 8 & 255, lo & 255, hi >> 24, hi >> 16 & 255,
				     hi >> 8 & 255, hi & 255);
		p += sprintf(p, "\t%u\t%s\tExample %c Networks, Inc.\n", as,
			     as % 2 ? "CH" : "DE", 'A' + (char)(as % 5));
		at = hi + 1;
	}
	return text;
}

static struct list_source owned(const char *const *owners, size_t count)
{
	struct list_source s = list_support_text("owned", "");

	s.format = LIST_OWNERS;
	s.owners = owners;
	s.owner_count = count;
	return s;
}

static struct list_index *index_of(struct list_source s, const void *bytes, size_t len)
{
	s.bytes = bytes;
	s.len = len;
	return list_support_index(&s, 1);
}

static bool holds(const struct list_index *x, const struct addr *a)
{
	uint64_t said[LEVELS];

	return list_spans_find(x, a, false, 1, said) != 0;
}

/** Around both ends of each row, and between. @return how many were blocked */
static size_t compare(const struct list_index *text, const struct list_index *mmdb,
		      const char *rows)
{
	size_t blocked = 0;

	for (const char *p = rows; *p; p = strchr(p, '\n') + 1) {
		char first[64], last[64];
		struct addr ends[2], a;

		assert_int_equal(sscanf(p, "%63s\t%63s", first, last), 2);
		assert_int_equal(addr_from_text(first, &ends[0]), 0);
		assert_int_equal(addr_from_text(last, &ends[1]), 0);
		for (int i = 0; i < 6; i++) {
			uint8_t *low = &a.bytes[addr_len(&ends[i / 3]) - 1];

			a = ends[i / 3];
			*low = (uint8_t)(*low + i % 3 - 1); /* also in a neighbour's row */
			if (holds(text, &a) != holds(mmdb, &a))
				fail_msg("%.60s: %d", p, i);
			blocked += holds(text, &a);
		}
	}
	return blocked;
}

static void a_table_says_the_same_in_both_formats(void **state)
{
	static const char *const owners[][2] = {
		{ "AS64496", NULL }, { "CH", NULL }, { "b networks", NULL }, { "DE", "AS64497" },
		{ "nobody", NULL },
	};
	static const struct {
		bool is_6;
		const char *version_bits;
	} cases[] = { { false, "4 24" }, { false, "6 28" }, { true, "6 32" } };
	unsigned seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct table t = make_table(cases[i].version_bits,
					    rows_of(cases[i].is_6, &seed));

		for (size_t k = 0; k < ARRAY_SIZE(owners); k++) {
			struct list_source s = owned(owners[k], owners[k][1] ? 2 : 1);
			struct list_index *text = index_of(s, t.text, strlen(t.text));
			struct list_index *mmdb = index_of(s, t.bytes, t.len);
			size_t blocked = compare(text, mmdb, t.text);

			assert_int_equal(list_index_stats(mmdb, 0)->rc, 0);
			assert_int_equal(list_index_stats(mmdb, 0)->read_as, SHAPE_OWNERS);
			assert_true(blocked < ROWS * 6);
			assert_true(k == 4 ? !blocked : blocked > ROWS / 4);
			assert_int_equal(list_index_stats(mmdb, 0)->spans > 0, k != 4);
			list_index_close(text);
			list_index_close(mmdb);
		}
		free_table(&t);
	}
}

static void the_owner_of_an_address_is_found(void **state)
{
	struct table t = make_table("6 28", strdup("8.8.0.0\t8.8.3.255\t64496\tCH\tExample Net\n"
						   "2001:db8::\t2001:db8::ff\t64497\tDE\tOther\n"));
	static const struct {
		const char *addr, *name; /* name NULL: nobody's */
		uint64_t number;
	} cases[] = {
		{ "8.8.0.0", "Example Net", 64496 }, { "8.8.3.255", "Example Net", 64496 },
		{ "8.8.4.0", NULL, 0 },		     { "2001:db8::80", "Other", 64497 },
		{ "2001:db8::100", NULL, 0 },
	};
	struct list_mmdb *m;

	(void)state;
	assert_int_equal(list_mmdb_open(-1, t.bytes, t.len, &m), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct list_mmdb_owner o;
		struct addr a;

		assert_int_equal(addr_from_text(cases[i].addr, &a), 0);
		assert_int_equal(list_mmdb_find(m, &a, &o), cases[i].name != NULL);
		if (!cases[i].name)
			continue;
		assert_true(o.owner.has_number && o.owner.number == cases[i].number);
		assert_int_equal(o.owner.count, 2);
		assert_memory_equal(o.texts[1].at, cases[i].name, strlen(cases[i].name));
	}
	list_mmdb_close(m);
	free_table(&t);
}

/** A build of what is left of a good table, which held 8.0.0.0, after that one. */
static void refuse(const struct list_index *old, const uint8_t *bytes, size_t len, int rc)
{
	static const char *const owner = "CH";
	const struct addr in = { AF_INET, { 8, 8, 1, 1 } };
	struct list_source s = owned(&owner, 1);
	struct list_index *x;

	s.old = old;
	x = index_of(s, bytes, len);
	if (rc)
		assert_int_equal(list_index_stats(x, 0)->rc, rc);
	if (list_index_stats(x, 0)->rc) {
		assert_int_equal(list_index_stats(x, 0)->kept, 1);
		assert_true(holds(x, &in));
	}
	list_index_close(x);
}

static void what_is_damaged_is_refused_and_the_last_good_one_stays(void **state)
{
	static const char *const owner = "CH";
	struct table t = make_table("6 28", strdup("8.8.0.0\t8.8.3.255\t64496\tCH\tExample Net\n"
						   "8.9.0.0\t8.9.0.6\t64497\tDE\tOther\n"));
	struct list_index *old = index_of(owned(&owner, 1), t.bytes, t.len);
	uint8_t *bytes = malloc(t.len);
	unsigned seed = 7;

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(list_index_stats(old, 0)->spans, 1);
	for (size_t cut = 1; cut < t.len; cut += 1 + cut / 8) { /* from its end */
		memcpy(bytes, t.bytes, t.len);
		refuse(old, bytes, t.len - cut, cut > 200 ? -ENODATA : 0);
		refuse(old, bytes + cut, t.len - cut, 0);
	}
	for (unsigned i = 0; i < 400; i++) {
		memcpy(bytes, t.bytes, t.len);
		for (unsigned k = 0; k < 4; k++)
			bytes[(unsigned)rand_r(&seed) % t.len] = (uint8_t)rand_r(&seed);
		refuse(old, bytes, t.len, 0);
	}
	memcpy(bytes, t.bytes, t.len);
	memset(bytes, 0, 7 * 2); /* both records of the first two nodes lead to the first */
	refuse(old, bytes, t.len, -EBADMSG);
	list_index_close(old);
	free(bytes);
	free_table(&t);
}

static void what_is_too_large_is_refused(void **state)
{
	int fd = memfd_create("large", MFD_CLOEXEC);
	struct list_mmdb *m;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)LIST_MMDB_MAX + 1), 0);
	assert_false(list_mmdb_is(fd, NULL, 0));
	assert_int_equal(list_mmdb_open(fd, NULL, 0, &m), -EOVERFLOW);
	assert_string_equal(list_rc_text(-EOVERFLOW), "A MaxMind file larger than 256 MiB");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_says_the_same_in_both_formats),
		cmocka_unit_test(the_owner_of_an_address_is_found),
		cmocka_unit_test(what_is_damaged_is_refused_and_the_last_good_one_stays),
		cmocka_unit_test(what_is_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
