/* Ranges of addresses in a sealed memfd: what is built can be opened, and nothing else can. */
#include <errno.h>
#include <fcntl.h>
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

#include "lib/addr.h"
#include "lib/range_image.h"
#include "lib/util.h"

#define HEAD_BYTES 16
#define ROW_BYTES  (RANGE_IMAGE_NAME + 8)

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_from_text(text, &a), 0);
	return a;
}

static int add(struct range_build *b, const char *lo, const char *hi)
{
	struct addr from = addr_of(lo), to = addr_of(hi);

	return range_build_add(b, &from, &to);
}

/* As "lo-hi lo-hi " in a buffer that is overwritten with the next call. */
static const char *text_of(const struct range_image *x, const char *name, uint8_t family)
{
	static char text[512];
	const uint8_t *p;
	size_t n = range_image_find(x, name, family, &p), len = 0;
	size_t bytes = family == AF_INET ? 4 : 16;
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];

	*text = '\0';
	for (size_t i = 0; i < n; i++, p += 2 * bytes) {
		struct addr lo = addr_from_bytes(family, p);
		struct addr hi = addr_from_bytes(family, p + bytes);

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s-%s ",
					addr_to_text(&lo, a), addr_to_text(&hi, b));
	}
	return text;
}

/* Two sets, of which the second has one range and is last in the image. */
static int two_sets(void)
{
	struct range_build *b;
	int fd;

	assert_int_equal(range_build_new(&b), 0);
	assert_int_equal(range_build_set(b, "six", AF_INET6), 0);
	assert_int_equal(add(b, "2001:db8::", "2001:db8::ff"), 0);
	assert_int_equal(range_build_set(b, "four", AF_INET), 0);
	assert_int_equal(add(b, "192.0.2.1", "192.0.2.9"), 0);
	assert_int_equal(add(b, "198.51.100.0", "198.51.100.255"), 0);
	assert_int_equal(range_build_finish(b, &fd), 0);
	range_build_free(b);
	return fd;
}

static void sets_are_found_by_name_and_family(void **state)
{
	struct range_image *x;
	int fd = two_sets();

	(void)state;
	assert_int_equal(range_image_open(fd, &x), 0);
	close(fd);
	assert_string_equal(text_of(x, "four", AF_INET),
			    "192.0.2.1-192.0.2.9 198.51.100.0-198.51.100.255 ");
	assert_string_equal(text_of(x, "six", AF_INET6), "2001:db8::-2001:db8::ff ");
	assert_string_equal(text_of(x, "six", AF_INET), "");
	assert_string_equal(text_of(x, "fou", AF_INET), "");
	range_image_close(x);
	range_image_close(NULL);
}

static void ranges_that_touch_become_one(void **state)
{
	struct range_build *b;
	struct range_image *x;
	int fd;

	(void)state;
	assert_int_equal(range_build_new(&b), 0);
	assert_int_equal(range_build_set(b, "x", AF_INET), 0);
	assert_int_equal(add(b, "192.0.2.0", "192.0.2.127"), 0);
	assert_int_equal(add(b, "192.0.2.128", "192.0.2.255"), 0);
	assert_int_equal(add(b, "192.0.4.0", "192.0.4.0"), 0);
	assert_int_equal(add(b, "192.0.4.2", "192.0.4.2"), 0);
	assert_int_equal(range_build_finish(b, &fd), 0);
	range_build_free(b);
	assert_int_equal(range_image_open(fd, &x), 0);
	close(fd);
	assert_string_equal(text_of(x, "x", AF_INET),
			    "192.0.2.0-192.0.2.255 192.0.4.0-192.0.4.0 192.0.4.2-192.0.4.2 ");
	range_image_close(x);
}

static void the_lan_and_half_the_world_are_left_out(void **state)
{
	static const struct {
		const char *lo, *hi;
		bool taken;
	} cases[] = {
		{ "10.0.0.0", "10.255.255.255", false },
		{ "9.0.0.0", "10.0.0.0", false },
		{ "192.168.1.1", "192.168.1.1", false },
		{ "127.0.0.1", "127.0.0.1", false },
		{ "224.0.0.0", "239.255.255.255", false },
		{ "0.0.0.0", "255.255.255.255", false },
		{ "12.0.0.0", "13.255.255.255", true }, /* a /7 */
		{ "12.0.0.0", "14.0.0.0", false },
		{ "fd00::", "fd00::ff", false },
		{ "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
		{ "2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false },
		{ "2a00::", "2a0f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true }, /* a /12 */
		{ "2a00::", "2a10::", false },
		{ "203.0.113.7", "203.0.113.7", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct range_build *b;

		assert_int_equal(range_build_new(&b), 0);
		assert_int_equal(range_build_set(b, "x", addr_of(cases[i].lo).family), 0);
		assert_int_equal(add(b, cases[i].lo, cases[i].hi), 0);
		assert_int_equal(range_build_left_out(b), !cases[i].taken);
		range_build_free(b);
	}
}

static void disorder_and_too_many_sets_are_errors(void **state)
{
	struct range_build *b;

	(void)state;
	assert_int_equal(range_build_new(&b), 0);
	assert_int_equal(range_build_set(b, "x", AF_INET), 0);
	assert_int_equal(add(b, "192.0.2.5", "192.0.2.4"), -EINVAL);
	assert_int_equal(add(b, "2001:db8::1", "2001:db8::1"), -EINVAL);
	assert_int_equal(add(b, "192.0.2.5", "192.0.2.9"), 0);
	assert_int_equal(add(b, "192.0.2.9", "192.0.2.9"), -EINVAL);
	for (size_t i = 1; i < RANGE_IMAGE_SETS; i++)
		assert_int_equal(range_build_set(b, "y", AF_INET), 0);
	assert_int_equal(range_build_set(b, "z", AF_INET), -E2BIG);
	range_build_free(b);
}

/* A copy of the image of two_sets() with one octet changed, or cut short, and sealed or not. */
static int open_changed(size_t at, uint8_t value, size_t cut, bool sealed)
{
	struct range_image *x;
	uint8_t bytes[1024];
	int from = two_sets(), fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING), rc;
	ssize_t len = pread(from, bytes, sizeof(bytes), 0);

	assert_true(fd >= 0 && len > 0 && at < (size_t)len);
	bytes[at] = value;
	len -= (ssize_t)cut;
	assert_int_equal(write(fd, bytes, (size_t)len), len);
	if (sealed)
		assert_int_equal(fcntl(fd, F_ADD_SEALS,
				       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	rc = range_image_open(fd, &x);
	if (!rc)
		range_image_close(x);
	close(fd);
	close(from);
	return rc;
}

static void a_damaged_image_is_refused(void **state)
{
	const size_t rows = HEAD_BYTES, ranges = HEAD_BYTES + 2 * ROW_BYTES;
	const size_t four = ranges + 32;
	const struct {
		size_t at;
		uint8_t value;
	} cases[] = {
		{ 0, 'x' },			     /* magic */
		{ 8, 2 },			     /* version */
		{ 12, 3 },			     /* sets: beyond the end */
		{ 13, 1 },			     /* 258 sets */
		{ rows, 0 },			     /* no name */
		{ rows + RANGE_IMAGE_NAME, 99 },     /* family */
		{ rows + RANGE_IMAGE_NAME + 4, 2 },  /* count: beyond the end */
		{ rows + RANGE_IMAGE_NAME + 7, 255 }, /* beyond the limit */
		{ rows + RANGE_IMAGE_NAME + 4, 0 },  /* count: something is left */
		{ four, 10 },			     /* 10.0.2.1-192.0.2.9 */
		{ four + 3, 10 },		     /* first behind last */
		{ four + 4, 199 },		     /* overlaps the next */
		{ four + 8, 193 },		     /* 193.51.100.0-198... is fine by itself */
	};

	(void)state;
	assert_int_equal(open_changed(0, 'n', 0, true), 0);
	assert_int_equal(open_changed(0, 'n', 0, false), -EBADMSG);
	for (size_t cut = 1; cut < 200; cut++)
		assert_int_equal(open_changed(0, 'n', cut, true), -EBADMSG);
	for (size_t i = 0; i + 1 < ARRAY_SIZE(cases); i++)
		assert_int_equal(open_changed(cases[i].at, cases[i].value, 0, true), -EBADMSG);
	assert_int_equal(open_changed(cases[12].at, cases[12].value, 0, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_found_by_name_and_family),
		cmocka_unit_test(ranges_that_touch_become_one),
		cmocka_unit_test(the_lan_and_half_the_world_are_left_out),
		cmocka_unit_test(disorder_and_too_many_sets_are_errors),
		cmocka_unit_test(a_damaged_image_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
