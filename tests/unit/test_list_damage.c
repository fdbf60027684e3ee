/*
 * A damaged index is refused; one whose checksum was made good again never leads a look-up
 * outside its bytes (AddressSanitizer watches: the image lies in memory of just its size).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "blocklists/list_image.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_spans.h"
#include "blocklists/list_walk.h"
#include "lib/util.h"
#include "tests/support/list_support.h"

#define ROUNDS 20000

static const char *const asked[] = {
	"a.example",	 "x.a.example",	 "m17.example.net", "x.y.m18.example.net",
	"zz.example",	 "example",	 "nothing.test",    "m39.example.net",
	"a.b.c.d.e.f.g", "q.d.e.f.g",	 "\\000.example",   ".",
};

/** Five lists, several blocks, deep names and all kinds of entries. */
static void *make_image(size_t *len)
{
	static char text[4096];
	struct conf_list_name name = { .text = "*.d.e.f.g" };
	struct list_source s[5];
	char *p = text;

	for (unsigned i = 0; i < 40; i++)
		p += sprintf(p, "%sm%u.example.net\n", i % 3 ? "" : "*.", i);
	s[0] = list_support_text("a", text);
	s[1] = list_support_text("b", "a.example\n*.a.example\nzz.example\na.b.c.d.e.f.g\n");
	s[2] = list_support_text("c", "m17.example.net\n*.example.net\n");
	s[3] = list_support_text("d", "||a.example^$important\n@@||x.a.example^\n"
				      "||zz.example^$badfilter\n||*.example.net^\n"
				      "||m1\nexam*le\n/m[0-9]+/\n@@/^x.[ay]/$important\n"
				      "*$denyallow=net,client=192.0.2.0/24|tv,dnstype=~A\n"
				      "||m1$badfilter\n");
	s[4] = list_support_text("e", "*.a.example CNAME .\nx.a.example CNAME rpz-passthru.\n"
				      "x.y.m18.example.net CNAME rpz-drop.\n"
				      "24.0.2.0.192.rpz-ip CNAME .\n"
				      "32.7.2.0.192.rpz-ip CNAME rpz-passthru.\n"
				      "64.zz.db8.2001.rpz-client-ip CNAME *.\n");
	s[1].names = &name;
	s[1].name_count = 1;
	return list_support_image(s, ARRAY_SIZE(s), len);
}

static void make_good(void *image, size_t len)
{
	const size_t skip = offsetof(struct list_image_head, bytes);
	struct list_image_head *head = image;

	head->checksum = list_image_checksum((uint8_t *)image + skip, len - skip);
}

/** Every entry of a list; as many as blocks of that many octets can hold at the most. */
static void walk_list(const struct list_index *x, const char *list)
{
	uint64_t n = 0, most = (list_index_names(x) + LIST_BLOCK) * LIST_RULES;
	struct list_walk w;
	struct list_entry e;
	uint32_t where;

	assert_true(list_walk_start(&w, x, list));
	while (list_walk_next(&w, &e, &where)) {
		assert_true(++n <= most);
		assert_int_equal(dname_wire_len(e.name.wire, e.name.len), e.name.len);
		assert_in_range(list_rule_of(&e), 0, LIST_RULES - 1);
	}
}

static void use_sides(const struct list_index *x, const char *name)
{
	static struct list_side side;
	const struct list_asking ask = { .device = "tv", .qtype = 28 };
	uint64_t found, said[LEVELS] = { 0 };
	struct list_match match;
	struct dname d;
	uint32_t where;

	assert_int_equal(dname_from_text(name, &d), 0);
	found = list_sides_find(x, &d, &ask, UINT64_MAX, said);
	assert_int_equal(found, said[0] | said[1] | said[2] | said[3]);
	if (list_sides_explain(x, &d, &ask, UINT64_MAX, said, &match))
		assert_true(found >> match.list & 1);
	for (uint32_t i = 0; list_sides_rule(x, 3, i / 2, i & 1, &side, &where) >= 0; i++)
		assert_in_range(i, 0, LIST_SIDES_MAX);
}

static void use_spans(const struct list_index *x, const char *text)
{
	uint64_t found, said[LEVELS], at = 0;
	struct list_match match;
	struct list_span s;
	struct addr a;
	uint32_t where;

	assert_int_equal(addr_from_text(text, &a), 0);
	for (unsigned client = 0; client < 2; client++) {
		found = list_spans_find(x, &a, client, UINT64_MAX, said);
		if (list_spans_explain(x, &a, client, said, &match))
			assert_true(found >> match.list & 1);
	}
	for (unsigned i = 0; list_spans_next(x, 4, &at, &s, &where); i++)
		assert_in_range(i, 0, 1000);
}

/** Ask for all that can be asked; any answer is right, as long as it is within the lists. */
static void use(const struct list_index *x)
{
	struct list_match match;
	unsigned lists = list_index_list_count(x);

	assert_in_range(lists, 0, LIST_INDEX_LISTS);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct dname d;
		uint64_t found, said[LEVELS];

		assert_int_equal(dname_from_text(asked[i], &d), 0);
		found = list_index_find(x, &d, UINT64_MAX, said);
		assert_true(lists == 64 || !(found >> lists));
		if (list_index_explain(x, &d, UINT64_MAX, said, &match)) {
			assert_in_range(match.list, 0, lists - 1);
			assert_int_equal(dname_wire_len(match.key.wire, match.key.len),
					 match.key.len);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		use_sides(x, asked[i]);
	use_spans(x, "192.0.2.7");
	use_spans(x, "2001:db8::1");
	for (unsigned i = 0; i < lists; i++) {
		assert_in_range(strlen(list_index_stats(x, i)->name), 0, 63);
		walk_list(x, list_index_stats(x, i)->name);
	}
}

/** @retval true  it was taken for an index */
static bool try_image(const void *image, size_t len)
{
	struct list_index *x;

	if (list_index_attach(image, len, &x))
		return false;
	use(x);
	list_index_close(x);
	return true;
}

static void whole_image_is_taken(void **state)
{
	size_t len;
	void *image = make_image(&len);

	(void)state;
	assert_true(try_image(image, len));
	make_good(image, len);
	assert_true(try_image(image, len));
	free(image);
}

static void every_shorter_image_is_refused(void **state)
{
	size_t len;
	uint8_t *image = make_image(&len);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		assert_non_null(cut);
		memcpy(cut, image, n);
		assert_false(try_image(cut, n));
		if (n >= sizeof(struct list_image_head)) {
			((struct list_image_head *)cut)->bytes = n;
			make_good(cut, n);
			assert_false(try_image(cut, n));
		}
		free(cut);
	}
	free(image);
}

static void a_longer_image_is_refused(void **state)
{
	size_t len;
	uint8_t *image = make_image(&len);
	uint8_t *longer = calloc(1, len + 8);

	(void)state;
	assert_non_null(longer);
	memcpy(longer, image, len);
	assert_false(try_image(longer, len + 8));
	free(longer);
	free(image);
}

static void every_flipped_bit_is_refused(void **state)
{
	size_t len;
	uint8_t *image = make_image(&len);

	(void)state;
	for (size_t i = 0; i < len * 8; i++) {
		image[i / 8] ^= (uint8_t)(1 << i % 8);
		if (try_image(image, len))
			fail_msg("bit %zu of byte %zu", i % 8, i / 8);
		image[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	free(image);
}

static void changed_octets_with_a_good_checksum_do_no_harm(void **state)
{
	static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff };
	unsigned taken = 0;
	size_t len;
	uint8_t *image = make_image(&len);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		uint8_t was = image[i];

		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			image[i] = values[v];
			make_good(image, len);
			taken += try_image(image, len);
		}
		image[i] = was;
	}
	assert_true(taken > len); /* most of it can only be seen when it is followed */
	free(image);
}

static void many_changed_octets_do_no_harm(void **state)
{
	uint64_t random = 88172645463325252ull;
	size_t len;
	uint8_t *image = make_image(&len);
	uint8_t *copy = malloc(len);

	(void)state;
	assert_non_null(copy);
	for (unsigned i = 0; i < ROUNDS; i++) {
		memcpy(copy, image, len);
		for (unsigned k = 0; k < 1 + i % 30; k++) {
			size_t at = sizeof(struct list_image_head) * (i & 1);

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			copy[at + (random >> 16) % (len - at)] = (uint8_t)random;
		}
		make_good(copy, len);
		try_image(copy, len);
	}
	free(copy);
	free(image);
}

static void sizes_that_no_index_has_are_refused(void **state)
{
	static const struct {
		size_t at, bytes;
	} fields[] = {
		{ offsetof(struct list_image_head, names), 4 },
		{ offsetof(struct list_image_head, sides), 4 },
		{ offsetof(struct list_image_head, side_bits), 4 },
		{ offsetof(struct list_image_head, segments), 4 },
		{ offsetof(struct list_image_head, span_classes), 4 },
		{ offsetof(struct list_image_head, span_rows), 4 },
		{ offsetof(struct list_image_head, side_rows), 4 },
		{ offsetof(struct list_image_head, side_texts), 4 },
		{ offsetof(struct list_image_head, classes), 4 },
		{ offsetof(struct list_image_head, shard_bits), 4 },
		{ offsetof(struct list_image_head, lists), 4 },
		{ offsetof(struct list_image_head, stats_bytes), 4 },
		{ offsetof(struct list_image_head, order), 4 },
		{ offsetof(struct list_image_head, version), 4 },
		{ offsetof(struct list_image_head, lines), 8 },
		{ offsetof(struct list_image_head, blocks_bytes), 8 },
		{ offsetof(struct list_image_head, filter_bytes), 8 },
		{ offsetof(struct list_image_head, words), 8 },
		{ offsetof(struct list_image_head, bytes), 8 },
		{ offsetof(struct list_image_head, magic), 8 },
	};
	size_t len;
	uint8_t *image = make_image(&len);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint8_t was[8];

		memcpy(was, image + fields[i].at, fields[i].bytes);
		memset(image + fields[i].at, 0xff, fields[i].bytes);
		make_good(image, len);
		assert_false(try_image(image, len));
		memset(image + fields[i].at, 0, fields[i].bytes);
		image[fields[i].at + fields[i].bytes - 1] = 0x7f;
		make_good(image, len);
		assert_false(try_image(image, len));
		memcpy(image + fields[i].at, was, fields[i].bytes);
	}
	make_good(image, len);
	assert_true(try_image(image, len));
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_image_is_taken),
		cmocka_unit_test(every_shorter_image_is_refused),
		cmocka_unit_test(a_longer_image_is_refused),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(changed_octets_with_a_good_checksum_do_no_harm),
		cmocka_unit_test(many_changed_octets_do_no_harm),
		cmocka_unit_test(sizes_that_no_index_has_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
