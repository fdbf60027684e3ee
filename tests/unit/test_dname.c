/* Domain names: text, wire, compression, comparing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "lib/dname.h"
#include "lib/hash.h"
#include "lib/util.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void text_is_parsed_or_refused(void **state)
{
	static const struct { const char *text, *out; int rc; } cases[] = {
		{ ".", ".", 0 },
		{ "example.com", "example.com", 0 },
		{ "Example.COM.", "Example.COM", 0 },
		{ "_sip._udp.x", "_sip._udp.x", 0 },
		{ "a\\.b.c", "a\\046b.c", 0 },
		{ "a\\000b", "a\\000b", 0 },
		{ "a b", "a\\032b", 0 },
		{ "a\\255", "a\\255", 0 },
		{ L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61, 0 },
		{ L63 "." L63 "." L63 "." L61 "c", NULL, -ENAMETOOLONG },
		{ L63 "x", NULL, -ENAMETOOLONG },
		{ "", NULL, -EINVAL },
		{ "a..b", NULL, -EINVAL },
		{ ".a", NULL, -EINVAL },
		{ "..", NULL, -EINVAL },
		{ "a\\", NULL, -EINVAL },
		{ "a\\25", NULL, -EINVAL },
		{ "a\\256", NULL, -EINVAL },
	};
	char buf[DNAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dname d;

		assert_int_equal(dname_from_text(cases[i].text, &d), cases[i].rc);
		if (cases[i].rc)
			continue;
		assert_string_equal(dname_to_text(&d, buf), cases[i].out);
		assert_int_equal(dname_wire_len(d.wire, sizeof(d.wire)), d.len);
	}
}

static void every_octet_survives_text(void **state)
{
	char buf[DNAME_TEXT_MAX];

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		struct dname d = { .len = 3, .wire = { 1, (uint8_t)c, 0 } }, back;

		assert_int_equal(dname_from_text(dname_to_text(&d, buf), &back), 0);
		assert_memory_equal(&d.wire, &back.wire, 3);
	}
}

static void longest_text_fits_its_buffer(void **state)
{
	struct dname d = { .len = 255 };
	char buf[DNAME_TEXT_MAX];

	(void)state;
	memset(d.wire, 0xff, 254);
	d.wire[0] = d.wire[64] = d.wire[128] = 63;
	d.wire[192] = 61;
	d.wire[254] = 0;
	assert_int_equal(dname_wire_len(d.wire, 255), 255);
	assert_int_equal(strlen(dname_to_text(&d, buf)), 250 * 4 + 3);
}

static void packet_names_are_bounded(void **state)
{
	static const struct { const char *bytes; size_t len, at; int rc; size_t next; const char *out; } cases[] = {
		{ "\3www\7example\0", 13, 0, 0, 13, "www.example" },
		{ "\7example\0\3www\300\0", 15, 9, 0, 15, "www.example" },
		{ "\0", 1, 0, 0, 1, "." },
		{ "\300\0", 2, 0, -EBADMSG, 0, NULL },		/* points at itself */
		{ "\300\2\300\0", 4, 2, -EBADMSG, 0, NULL },	/* forwards again: a loop */
		{ "\1a\300\0", 4, 0, -EBADMSG, 0, NULL },	/* into itself */
		{ "\3ww", 3, 0, -EBADMSG, 0, NULL },
		{ "\3www", 4, 0, -EBADMSG, 0, NULL },
		{ "\300", 1, 0, -EBADMSG, 0, NULL },
		{ "\100a", 2, 0, -EBADMSG, 0, NULL },		/* reserved label types */
		{ "\200a", 2, 0, -EBADMSG, 0, NULL },
	};
	char buf[DNAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dname d;
		size_t next = 0;

		assert_int_equal(dname_from_packet((const uint8_t *)cases[i].bytes, cases[i].len,
						   cases[i].at, &d, &next), cases[i].rc);
		assert_int_equal(next, cases[i].next);
		if (!cases[i].rc)
			assert_string_equal(dname_to_text(&d, buf), cases[i].out);
	}
}

static void suffixes_match_whole_labels(void **state)
{
	static const struct { const char *name, *suffix; bool is; } cases[] = {
		{ "a.example", "example", true },
		{ "A.EXAMPLE", "example", true },
		{ "example", "example", true },
		{ "anexample", "example", false },
		{ "example", "a.example", false },
		{ "a.b", ".", true },
		{ ".", "example", false },
		{ "\\007example.x", "example.x", false }, /* a label that looks like two */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct dname n, s;

		assert_int_equal(dname_from_text(cases[i].name, &n), 0);
		assert_int_equal(dname_from_text(cases[i].suffix, &s), 0);
		assert_int_equal(dname_is_under(&n, &s), cases[i].is);
	}
}

static void labels_are_counted(void **state)
{
	uint8_t at[DNAME_LABELS];
	struct dname d;

	(void)state;
	assert_int_equal(dname_from_text("www.example.com", &d), 0);
	assert_int_equal(dname_label_offsets(&d, at), 3);
	assert_int_equal(at[0], 0);
	assert_int_equal(at[1], 4);
	assert_int_equal(at[2], 12);
	assert_int_equal(dname_from_text(".", &d), 0);
	assert_int_equal(dname_labels(&d), 0);
}

static void hash_depends_on_key_and_every_byte(void **state)
{
	struct hash_key a = { { 1, 2 } }, b = { { 1, 3 } };
	uint8_t data[32] = { 0 };

	(void)state;
	for (size_t len = 0; len <= sizeof(data); len++) {
		uint64_t h = hash_bytes(&a, data, len);

		assert_true(h != hash_bytes(&b, data, len));
		for (size_t i = 0; i < len; i++) {
			data[i] ^= 1;
			assert_true(h != hash_bytes(&a, data, len));
			data[i] ^= 1;
		}
		assert_true(len == sizeof(data) || h != hash_bytes(&a, data, len + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_parsed_or_refused),
		cmocka_unit_test(every_octet_survives_text),
		cmocka_unit_test(longest_text_fits_its_buffer),
		cmocka_unit_test(packet_names_are_bounded),
		cmocka_unit_test(suffixes_match_whole_labels),
		cmocka_unit_test(labels_are_counted),
		cmocka_unit_test(hash_depends_on_key_and_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
