/* Loading: includes, order, limits, odd files, the system's servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_bundle.h"
#include "conf/conf_file.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"
#include "tests/support/test_folder.h"

#define UP "upstream u { server 192.0.2.53 }\n"

/* Paths as the system's, but in the test's folder. */
static const struct conf_paths here = {
	.main = "main.conf", .drop_ins = "conf.d/*.conf", .resolv = "resolv.conf", .root = true
};

static struct conf *load(const struct conf_paths *paths, const char *path)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b;
	struct conf *c;

	assert_int_equal(conf_bundle_load_from(paths, path, &b, errors), 0);
	assert_int_equal(conf_errors_count(errors), 0);
	c = conf_of_bundle(b);
	conf_bundle_free(b);
	conf_errors_free(errors);
	return c;
}

/* Errors of a load that fails; owned by the caller. */
static char *load_errors(const char *path)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_int_equal(conf_bundle_load_from(&here, path, &b, errors), -EINVAL);
	conf_errors_print(errors, to);
	fclose(to);
	conf_errors_free(errors);
	return text;
}

static void assert_load_error(const char *path, const char *wanted)
{
	char *errors = load_errors(path);

	assert_string_equal(errors, wanted);
	free(errors);
}

/* Names of all zones, in order: "a b c". */
static const char *zones_of(const struct conf *c, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < c->zone_count; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? " " : "",
					 c->zones[i].name);
	return buf;
}

/* --- includes ----------------------------------------------------------------------- */

static void included_files_come_in_their_place(void **state)
{
	char buf[256];
	struct conf *c;

	(void)state;
	mkdir("d", 0755);
	test_folder_put("x.conf", UP "zone first { interface a }\n"
		      "include d/*.conf\n"
		      "zone last { interface z }\n");
	test_folder_put("d/B.conf", "zone B { interface B }\n");
	test_folder_put("d/a.conf", "zone a1 { interface a1 }\ninclude sub.inc\nzone a2 { interface a2 }\n");
	test_folder_put("d/sub.inc", "\nzone sub { interface sub }\nlist l { file names.txt }\n");
	test_folder_put("d/.hidden.conf", "nonsense\n");
	test_folder_put("d/c.conf~", "nonsense\n");
	c = load(&here, "x.conf");
	assert_string_equal(zones_of(c, buf, sizeof(buf)), "first B a1 sub a2 last");
	assert_string_equal(c->zones[3].place.file, "d/sub.inc");
	assert_int_equal(c->zones[3].place.line, 2);
	snprintf(buf, sizeof(buf), "%s/d/names.txt", (char *)*state);
	assert_string_equal(c->lists[0].file, buf);
	conf_free(c);
}

static void a_folder_with_odd_characters_is_taken_literally(void **state)
{
	char buf[64];
	struct conf *c;

	(void)state;
	mkdir("a[b]*", 0755);
	test_folder_put("a[b]*/x.conf", UP "include *.inc\n");
	test_folder_put("a[b]*/y.inc", "zone y { interface y }\n");
	c = load(&here, "a[b]*/x.conf");
	assert_string_equal(zones_of(c, buf, sizeof(buf)), "y");
	conf_free(c);
}

static void a_pattern_may_match_nothing_but_a_name_must_exist(void **state)
{
	(void)state;
	test_folder_put("x.conf", UP "include *.none no/*.conf\n");
	conf_free(load(&here, "x.conf"));
	test_folder_put("x.conf", UP "include gone.conf\n");
	assert_load_error("x.conf", "x.conf:2:9: error: cannot read 'gone.conf': "
				    "No such file or directory\n"
				    "    include gone.conf\n"
				    "            ^\n");
	assert_load_error("gone", "error: cannot read 'gone': No such file or directory\n");
}

static void what_is_missing_hides_no_other_error(void **state)
{
	(void)state;
	/* list a may be in the missing file: no error about it */
	test_folder_put("x.conf", UP "include gone.conf\npolicy default { block a }\nblokc-ttl 1s\n");
	assert_load_error("x.conf", "x.conf:2:9: error: cannot read 'gone.conf': "
				    "No such file or directory\n"
				    "    include gone.conf\n"
				    "            ^\n"
				    "x.conf:4:1: error: unknown directive 'blokc-ttl'\n"
				    "    blokc-ttl 1s\n"
				    "    ^\n"
				    "    hint: did you mean 'block-ttl'?\n");
}

static void no_file_is_read_twice(void **state)
{
	char *errors;

	(void)state;
	test_folder_put("x.conf", UP "include ./x.conf\n");
	assert_load_error("x.conf", "x.conf:2:9: error: './x.conf' was read before, as 'x.conf'\n"
				    "    include ./x.conf\n"
				    "            ^\n");
	test_folder_put("y.conf", "include z.conf\n");
	test_folder_put("z.conf", "include y.conf\n");
	errors = load_errors("y.conf");
	assert_non_null(strstr(errors, "z.conf:1:9: error: 'y.conf' was read before, as 'y.conf'"));
	free(errors);
}

static void includes_have_a_limit_of_depth(void **state)
{
	char name[32], text[64], *errors;

	(void)state;
	for (int i = 0; i <= 12; i++) {
		snprintf(name, sizeof(name), "%d.conf", i);
		snprintf(text, sizeof(text), "include %d.conf\n", i + 1);
		test_folder_put(name, text);
	}
	errors = load_errors("0.conf");
	assert_non_null(strstr(errors, "8.conf:1:9: error: includes are nested deeper than 8\n"));
	free(errors);
}

/* --- odd files ---------------------------------------------------------------------- */

static void what_is_no_regular_file_does_not_hang(void **state)
{
	(void)state;
	assert_int_equal(mkfifo("fifo", 0644), 0);
	mkdir("folder", 0755);
	assert_load_error("fifo", "error: 'fifo' is not a regular file\n");
	assert_load_error("folder", "error: 'folder' is not a regular file\n");
	assert_load_error("/dev/zero", "error: '/dev/zero' is not a regular file\n");
	test_folder_put("x.conf", UP "include fi*\n");
	assert_load_error("x.conf", "x.conf:2:9: error: 'fifo' is not a regular file\n"
				    "    include fi*\n"
				    "            ^\n");
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_load_error("loop", "error: cannot read 'loop': "
				  "Too many levels of symbolic links\n");
}

static void size_and_number_of_files_are_limited(void **state)
{
	char name[32], *errors;
	int fd;

	(void)state;
	test_folder_put("big.conf", "");
	assert_int_equal(truncate("big.conf", CONF_BUNDLE_BYTES_MAX + 1), 0);
	assert_load_error("big.conf",
			  "error: 'big.conf' is too much: at most 256 files and 4 MiB in all\n");
	/* each fits, both do not */
	test_folder_put("x.conf", UP "include half.*\n");
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "half.%d", i);
		fd = open(name, O_WRONLY | O_CREAT, 0644);
		for (size_t n = 0; n < CONF_BUNDLE_BYTES_MAX / 2 / 4096; n++) {
			char page[4096];

			memset(page, '\n', sizeof(page));
			assert_int_equal(write(fd, page, sizeof(page)), sizeof(page));
		}
		close(fd);
	}
	errors = load_errors("x.conf");
	assert_non_null(strstr(errors, "x.conf:2:9: error: 'half.1' is too much"));
	free(errors);
	test_folder_put("y.conf", UP "include n*\n");
	for (int i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "n%03d", i);
		test_folder_put(name, "# n\n");
	}
	errors = load_errors("y.conf");
	assert_non_null(strstr(errors, "y.conf:2:9: error: 'n255' is too much"));
	free(errors);
}

/* --- the system's files ------------------------------------------------------------- */

static void drop_ins_follow_the_main_file(void **state)
{
	char buf[64];
	struct conf *c;

	(void)state;
	mkdir("conf.d", 0755);
	test_folder_put("main.conf", UP "zone main { interface m }\n");
	test_folder_put("conf.d/20.conf", "zone b { interface b }\n");
	test_folder_put("conf.d/10.conf", "zone a { interface a }\n");
	c = load(&here, NULL);
	assert_string_equal(zones_of(c, buf, sizeof(buf)), "main a b");
	conf_free(c);
	/* asked for by name: only what it includes */
	c = load(&here, "main.conf");
	assert_string_equal(zones_of(c, buf, sizeof(buf)), "main");
	conf_free(c);
	/* included by the main file too: once, there */
	test_folder_put("main.conf", UP "include conf.d/*.conf\nzone main { interface m }\n");
	c = load(&here, NULL);
	assert_string_equal(zones_of(c, buf, sizeof(buf)), "a b main");
	conf_free(c);
}

static void without_a_main_file_the_built_in_default_serves(void **state)
{
	struct conf_errors *errors = conf_errors_new();
	char *wanted = NULL, path[PATH_MAX + 32];
	struct conf_bundle *b;
	struct conf *c;
	struct stat st;
	size_t len;

	(void)state;
	test_folder_put("resolv.conf", "nameserver 192.0.2.53\n");
	assert_int_equal(conf_bundle_load_from(&here, NULL, &b, errors), 0);
	assert_string_equal(conf_bundle_name(b), "built-in");
	snprintf(path, sizeof(path), "%s/etc/default.conf", test_folder_old());
	assert_int_equal(conf_file_read(path, 65536, &wanted, &len, &st), 0);
	assert_string_equal(b->files[0].text, wanted);
	c = conf_of_bundle(b);
	assert_int_equal(c->listens[0].at.port, 5353);
	assert_int_equal(c->zones[0].gate, GATE_OBSERVE);
	assert_true(c->lists[0].name_count >= 20);
	assert_int_equal(c->policies[0].block, 1);
	free(wanted);
	conf_free(c);
	conf_bundle_free(b);
	conf_errors_free(errors);
}

static void defaults_follow_who_started_and_where(void **state)
{
	struct conf_paths user = here;
	char path[PATH_MAX];
	struct conf *c;

	test_folder_put("x.conf", UP);
	c = load(&here, "x.conf");
	assert_string_equal(c->history.file, "/var/lib/nameward/history.db");
	assert_string_equal(c->control, "/run/nameward/ctl");
	conf_free(c);
	user.root = false;
	c = load(&user, "x.conf");
	snprintf(path, sizeof(path), "%s/nameward-history.db", (char *)*state);
	assert_string_equal(c->history.file, path);
	snprintf(path, sizeof(path), "%s/nameward.ctl", (char *)*state);
	assert_string_equal(c->control, path);
	conf_free(c);
}

/* --- resolv.conf -------------------------------------------------------------------- */

static void servers_of_the_system_are_asked_where_none_is_written(void **state)
{
	static const struct {
		const char *conf, *resolv, *servers;
	} cases[] = {
		{ "", "nameserver 192.0.2.1\n", "192.0.2.1:53" },
		{ "", "# c\nsearch x\n nameserver\t192.0.2.1 # c\nnameserver ::2\r\n",
		  "192.0.2.1:53 [::2]:53" },
		{ "", "nameserver 192.0.2.1", "192.0.2.1:53" },
		{ "", "nameserver\nnameserver x\nnameserver 1.2.3\nnameserver 192.0.2.1\n"
		      "nameserver \"a{b\nnameservers 192.0.2.2\n", "192.0.2.1:53" },
		{ "", "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
		      "nameserver 192.0.2.4\nnameserver 192.0.2.5\nnameserver 192.0.2.6\n"
		      "nameserver 192.0.2.7\nnameserver 192.0.2.8\nnameserver 192.0.2.9\n",
		  "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 192.0.2.4:53 192.0.2.5:53 "
		  "192.0.2.6:53 192.0.2.7:53 192.0.2.8:53" },
		{ "listen a 192.0.2.1\n", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
		  "192.0.2.2:53" },
		{ "listen a 192.0.2.1:5353\n", "nameserver 192.0.2.1\n", "192.0.2.1:53" },
		{ UP, "nameserver 192.0.2.1\n", "192.0.2.53:53" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[1024] = "", one[ADDR_PORT_TEXT_MAX];
		struct conf *c;

		test_folder_put("x.conf", cases[i].conf);
		test_folder_put("resolv.conf", cases[i].resolv);
		c = load(&here, "x.conf");
		assert_int_equal(c->upstream_count, 1);
		for (size_t s = 0; s < c->upstreams[0].server_count; s++) {
			strcat(text, s ? " " : "");
			strcat(text, addr_port_to_text(&c->upstreams[0].servers[s].at, one));
		}
		assert_string_equal(text, cases[i].servers);
		conf_free(c);
	}
}

static void no_server_left_is_an_error_of_the_parse(void **state)
{
	static const char *const resolvs[] = { NULL, "", "nameserver 127.0.0.1\n" };

	(void)state;
	test_folder_put("x.conf", "");
	for (size_t i = 0; i < ARRAY_SIZE(resolvs); i++) {
		struct conf_errors *errors = conf_errors_new();
		struct conf_bundle *b;
		struct conf *c;
		char *text = NULL;
		size_t len;
		FILE *to = open_memstream(&text, &len);

		if (resolvs[i])
			test_folder_put("resolv.conf", resolvs[i]);
		assert_int_equal(conf_bundle_load_from(&here, "x.conf", &b, errors), 0);
		assert_int_equal(conf_parse(b, &c, errors), -EINVAL);
		conf_errors_print(errors, to);
		fclose(to);
		assert_string_equal(text,
				    "error: no upstream is written, and resolv.conf names no "
				    "server but ourselves\n"
				    "    hint: write one: upstream quad9 { server 9.9.9.9 }\n");
		free(text);
		conf_bundle_free(b);
		conf_errors_free(errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(included_files_come_in_their_place),
		IN_FOLDER(a_folder_with_odd_characters_is_taken_literally),
		IN_FOLDER(a_pattern_may_match_nothing_but_a_name_must_exist),
		IN_FOLDER(what_is_missing_hides_no_other_error),
		IN_FOLDER(no_file_is_read_twice),
		IN_FOLDER(includes_have_a_limit_of_depth),
		IN_FOLDER(what_is_no_regular_file_does_not_hang),
		IN_FOLDER(size_and_number_of_files_are_limited),
		IN_FOLDER(drop_ins_follow_the_main_file),
		IN_FOLDER(without_a_main_file_the_built_in_default_serves),
		IN_FOLDER(defaults_follow_who_started_and_where),
		IN_FOLDER(servers_of_the_system_are_asked_where_none_is_written),
		IN_FOLDER(no_server_left_is_an_error_of_the_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
