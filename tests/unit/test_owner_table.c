/* Whom addresses belong to, by tables of text and in MaxMind's format. */
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

#include "blocklists/owner_table.h"
#include "lib/addr.h"
#include "lib/util.h"

static const char table[] = "start\tend\tasn\tcountry\tname\n"
			    "8.9.0.0\t8.9.255.255\t64500\tDE\tSecond GmbH\n" /* not in order */
			    "8.8.0.0\t8.8.3.255\t64496\tCH\tExample Net\n"
			    "8.8.4.0\t8.8.4.255\t0\t\tNot routed\n"
			    "8.8.5.0\t8.8.5.255\t64497\tFR\t\n"
			    "2001:db8::\t2001:db8::ff\t64498\tIT\tThird, \x1b[31m S.p.A.\n"
			    "10.0.0.0\t10.255.255.255\t1\tUS\tPrivate\n"
			    "nonsense\n";

static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("table", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	return fd;
}

static struct owner_table *open_text(const char *text)
{
	int fd = file_of(text, strlen(text));
	struct owner_table *t;

	assert_int_equal(owner_table_open(fd, &t), 0);
	close(fd);
	return t;
}

static const char *find(const struct owner_table *t, const char *addr)
{
	static char text[OWNER_TEXT_MAX];
	struct addr a;

	assert_int_equal(addr_from_text(addr, &a), 0);
	strcpy(text, "nobody");
	owner_table_find(t, &a, text);
	return text;
}

static void owners_are_found_by_address(void **state)
{
	static const struct {
		const char *addr, *owner;
	} cases[] = {
		{ "8.7.255.255", "nobody" },
		{ "8.8.0.0", "AS64496 Example Net, CH" },
		{ "8.8.3.255", "AS64496 Example Net, CH" },
		{ "8.8.4.7", "Not routed" },
		{ "8.8.5.7", "AS64497, FR" },
		{ "8.8.6.0", "nobody" },
		{ "8.9.128.1", "AS64500 Second GmbH, DE" },
		{ "8.10.0.0", "nobody" },
		{ "10.1.1.1", "nobody" },
		{ "2001:db8::80", "AS64498 Third,  [31m S.p.A., IT" },
		{ "2001:db8::100", "nobody" },
		{ "::1", "nobody" },
	};
	struct owner_table *t = open_text(table);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(find(t, cases[i].addr), cases[i].owner);
	owner_table_close(t);
}

static void a_long_owner_is_cut(void **state)
{
	char text[600], *p = text;
	struct owner_table *t;

	(void)state;
	p += sprintf(p, "8.8.0.0,8.8.0.9,64496,");
	memset(p, 'x', 400);
	strcpy(p + 400, ",CH\n");
	t = open_text(text);
	assert_int_equal(strlen(find(t, "8.8.0.1")), OWNER_TEXT_MAX - 1);
	owner_table_close(t);
}

static void the_same_in_maxminds_format(void **state)
{
	FILE *from = popen("printf '8.8.0.0\\t8.8.3.255\\t64496\\tCH\\tExample Net\\n' |"
			   " perl tests/support/table_to_mmdb.pl 6 28", "r");
	static char bytes[1 << 16];
	struct owner_table *t;
	size_t len;
	int fd;

	(void)state;
	assert_non_null(from);
	len = fread(bytes, 1, sizeof(bytes), from);
	assert_int_equal(pclose(from), 0);
	fd = file_of(bytes, len);
	assert_int_equal(owner_table_open(fd, &t), 0);
	close(fd);
	assert_string_equal(find(t, "8.8.3.255"), "AS64496 Example Net, CH");
	assert_string_equal(find(t, "8.8.4.0"), "nobody");
	assert_string_equal(find(t, "2001:db8::1"), "nobody");
	owner_table_close(t);
}

static void what_is_no_table_is_refused(void **state)
{
	static const char *const texts[] = { "", "# nothing\n", "ads.example\n",
					     "10.0.0.0,10.0.0.9,1,X\n", "<html>\n" };
	struct owner_table *t;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int fd = file_of(texts[i], strlen(texts[i]));

		assert_int_equal(owner_table_open(fd, &t), -ENODATA);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owners_are_found_by_address),
		cmocka_unit_test(a_long_owner_is_cut),
		cmocka_unit_test(the_same_in_maxminds_format),
		cmocka_unit_test(what_is_no_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
