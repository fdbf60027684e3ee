/* The bypass file: its lines, who may write it, and what it does to a configuration. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_bypass.h"
#include "lib/clock.h"
#include "lib/util.h"

#define NOW 1790000000

static void lines_are_parsed_or_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
		const char *again; /* what is in force */
	} cases[] = {
		{ "", 0, "" },
		{ "iot 1790000060\n", 0, "iot 1790000060\n" },
		{ "* 1790000060\niot 1790000001\n", 0, "* 1790000060\niot 1790000001\n" },
		{ "iot 1790000000\nlan 1790000001\n", 0, "lan 1790000001\n" }, /* ended */
		{ "iot 1790604800\n", 0, "iot 1790604800\n" },		      /* a week */
		{ "iot 1790604801\n", -EINVAL, "" },
		{ "iot 1790000060", -EINVAL, "" },
		{ "iot\n", -EINVAL, "" },
		{ "iot \n", -EINVAL, "" },
		{ " 1790000060\n", -EINVAL, "" },
		{ "iot -1\n", -EINVAL, "" },
		{ "iot  1790000060\n", -EINVAL, "" },
		{ "iot 1790000060 \n", -EINVAL, "" },
		{ "iot 99999999999999999999\n", -EINVAL, "" },
		{ "i/t 1790000060\n", -EINVAL, "" },
		{ "!tv 1790000060\ntv 1790000060\n", 0, "!tv 1790000060\ntv 1790000060\n" },
		{ "! 1790000060\n", -EINVAL, "" },
		{ "!!tv 1790000060\n", -EINVAL, "" },
		{ "t!v 1790000060\n", -EINVAL, "" },
		{ "\n", -EINVAL, "" },
		{ "a2345678901234567890123456789012345678901234567890123456789012345 1790000060\n",
		  -EINVAL, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[CONF_BYPASS_TEXT];
		struct conf_bypass b;

		assert_int_equal(conf_bypass_parse(cases[i].text, NOW, &b), cases[i].rc);
		assert_string_equal(conf_bypass_text(&b, text), cases[i].again);
	}
}

static void zones_are_set_and_ended(void **state)
{
	char text[CONF_BYPASS_TEXT], name[16];
	struct conf_bypass b = { 0 };

	(void)state;
	assert_int_equal(conf_bypass_set(&b, "iot", 5), 0);
	assert_int_equal(conf_bypass_set(&b, "lan", 6), 0);
	assert_int_equal(conf_bypass_set(&b, "iot", 7), 0);
	assert_string_equal(conf_bypass_text(&b, text), "lan 6\niot 7\n");
	assert_int_equal(conf_bypass_set(&b, "lan", 0), 0);
	assert_string_equal(conf_bypass_text(&b, text), "iot 7\n");
	assert_int_equal(conf_bypass_set(&b, "*", 8), 0);
	assert_string_equal(conf_bypass_text(&b, text), "iot 7\n* 8\n");
	assert_int_equal(conf_bypass_set(&b, "!tv", 9), 0);
	assert_int_equal(conf_bypass_set(&b, "*", 0), 0);
	assert_string_equal(conf_bypass_text(&b, text), "!tv 9\n"); /* of a bypass alone */
	assert_int_equal(conf_bypass_set(&b, "!tv", 0), 0);
	assert_string_equal(conf_bypass_text(&b, text), "");
	for (int i = 0; i < CONF_BYPASS_MAX; i++) {
		snprintf(name, sizeof(name), "z%d", i);
		assert_int_equal(conf_bypass_set(&b, name, 9), 0);
	}
	assert_int_equal(conf_bypass_set(&b, "more", 9), -ENOSPC);
	assert_int_equal(conf_bypass_set(&b, "z7", 10), 0);
}

static void a_file_is_used_if_nobody_else_could_write_it(void **state)
{
	char folder[] = "/tmp/nameward-bypass-XXXXXX", control[64], path[PATH_MAX], other[80];
	struct conf_bypass b = { 0 }, again;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(control, sizeof(control), "%s/ctl", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(conf_bypass_path(control, path), 0);
	assert_int_equal(conf_bypass_read(control, NOW, &again), 0);
	assert_int_equal(again.count, 0);
	conf_bypass_set(&b, "iot", NOW + 60);
	assert_int_equal(conf_bypass_write(control, &b), 0);
	assert_int_equal(conf_bypass_read(control, NOW, &again), 0);
	assert_int_equal(again.count, 1);
	assert_int_equal(again.zones[0].until_s, NOW + 60);

	assert_int_equal(chmod(path, 0664), 0);
	assert_int_equal(conf_bypass_read(control, NOW, &again), -EPERM);
	assert_int_equal(again.count, 0);
	assert_int_equal(chmod(path, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(conf_bypass_read(control, NOW, &again), -EPERM);
	}
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(conf_bypass_read(control, NOW, &again), -ELOOP);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(conf_bypass_read(control, NOW, &again), -EPERM);
	unlink(path);
	file = fopen(path, "w"); /* a NUL would hide what is behind it */
	fwrite("iot 1790000060\n\0x", 1, 17, file);
	fclose(file);
	assert_int_equal(conf_bypass_read(control, NOW, &again), -EINVAL);

	b.count = 0;
	assert_int_equal(conf_bypass_write(control, &b), 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(conf_bypass_write(control, &b), 0);
	unlink(other);
	rmdir(folder);
}

/* "lan" and "old" refuse more than their gate does; devices have modes of their own. */
static const char conf_text[] =
	"upstream a {\n  server 192.0.2.1\n}\n"
	"zone iot {\n  interface br-iot\n  gate enforce\n  on-failure servfail\n}\n"
	"zone lan {\n  interface br-lan\n  gate enforce\n  refuse-dot on\n}\n"
	"zone old {\n  interface br-old\n  gate off\n  reach internet\n}\n"
	"device cam {\n  mac 7c:2f:80:00:11:22\n  gate enforce\n}\n"
	"device safe {\n  mac 7c:2f:80:00:11:33\n  gate off\n}\n"
	"device tv {\n  mac 7c:2f:80:00:11:44\n}\n"
	"gate {\n  router enforce\n}\n";

static void describe(const struct conf *conf, char *got, size_t size)
{
	static const char *const devices[] = { "as its zone", "off", "observe", "enforce", "quarantine" };

	*got = '\0';
	for (size_t i = 0; i < conf->zone_count; i++) {
		const struct conf_zone *z = &conf->zones[i];

		snprintf(got + strlen(got), size - strlen(got), "%s %s %s%s%s%s; ", z->name,
			 conf_gate_mode_name(z->gate),
			 z->on_failure == FAILURE_ANSWER ? "answer" : "servfail",
			 z->refuse_dot ? " no-dot" : "", z->has_reach ? " reach" : "",
			 z->bypass_until_s ? " bypassed" : "");
	}
	for (size_t i = 0; i < conf->device_count; i++)
		snprintf(got + strlen(got), size - strlen(got), "%s %s; ",
			 conf->devices[i].name, devices[conf->devices[i].gate]);
	snprintf(got + strlen(got), size - strlen(got), "router %s%s; ",
		 conf_gate_mode_name(conf->gate.router),
		 conf->gate.router_bypass_until_s ? " bypassed" : "");
}

/* What zones and devices say after a bypass has gone through a bundle's memfd. */
static void expect(const char *lines, const char *expected)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b, *copy;
	struct conf *conf;
	char got[256];
	int fd;

	assert_int_equal(conf_bundle_from_text("t", conf_text, sizeof(conf_text) - 1, &b), 0);
	assert_int_equal(conf_bundle_set_bypass(b, "lan 1\n"), 0); /* replaced */
	assert_int_equal(conf_bundle_set_bypass(b, lines), 0);
	fd = conf_bundle_write(b);
	assert_true(fd >= 0);
	assert_int_equal(conf_bundle_read(fd, &copy), 0);
	assert_int_equal(conf_parse(copy, &conf, errors), 0);
	describe(conf, got, sizeof(got));
	assert_string_equal(got, expected);
	conf_free(conf);
	conf_bundle_free(copy);
	conf_bundle_free(b);
	conf_errors_free(errors);
	close(fd);
}

static void a_bypassed_zone_refuses_nothing_in_every_process(void **state)
{
#define IOT  "iot enforce servfail; "
#define LAN  "lan enforce servfail no-dot; "
#define OLD  "old off answer reach; "
#define DEVICES "safe off; tv as its zone; "
#define REST DEVICES "router enforce; "
	static const struct {
		const char *zone; /* NULL: nonsense in the file */
		int64_t left_s;
		const char *expected;
	} cases[] = {
		{ NULL, 0, IOT LAN OLD "cam enforce; " REST },
		{ "iot", -1, IOT LAN OLD "cam enforce; " REST },
		{ "iot", 100, "iot observe answer bypassed; " LAN OLD "cam enforce; " REST },
		{ "lan", 100, IOT "lan observe answer bypassed; " OLD "cam enforce; " REST },
		{ "old", 100, IOT LAN "old off answer bypassed; cam enforce; " REST },
		{ "*", 100, "iot observe answer bypassed; lan observe answer bypassed; "
			    "old off answer bypassed; cam observe; " DEVICES "router observe bypassed; " },
		{ "!safe", 100, IOT LAN OLD "cam enforce; safe quarantine; tv as its zone; "
				"router enforce; " },
		{ "!iot", 100, IOT LAN OLD "cam enforce; " REST }, /* a zone is no device */
		{ "safe", 100, IOT LAN OLD "cam enforce; " REST },
	};
	int64_t now_s = clock_wall_us() / 1000000;
	char lines[64];

	(void)state;
	expect("", cases[0].expected);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(lines, sizeof(lines), "nonsense");
		if (cases[i].zone)
			snprintf(lines, sizeof(lines), "%s %" PRId64 "\n", cases[i].zone,
				 now_s + cases[i].left_s);
		expect(lines, cases[i].expected);
	}
#undef IOT
#undef LAN
#undef OLD
#undef REST
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_parsed_or_refused),
		cmocka_unit_test(zones_are_set_and_ended),
		cmocka_unit_test(a_file_is_used_if_nobody_else_could_write_it),
		cmocka_unit_test(a_bypassed_zone_refuses_nothing_in_every_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
