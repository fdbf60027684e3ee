/* What gate readiness says from a history and a configuration, without a daemon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/command.h"
#include "lib/util.h"
#include "tests/support/gate_world.h"

#define S     INT64_C(1000000)
#define TV    GATE_WORLD_TV
#define PHONE GATE_WORLD_PHONE

/* The CSV's columns from `device` on, of its row i (0: the first behind the heading). */
static const char *row_of(const char *csv, int i)
{
	static char row[512];
	const char *p = csv;

	for (; i >= 0 && p; i--) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	for (int k = 0; k < 2 && p; k++) {
		p = strchr(p, ',');
		p = p ? p + 1 : NULL;
	}
	snprintf(row, sizeof(row), "%.*s", p ? (int)strcspn(p, "\r") : 0, p ? p : "");
	return row;
}

/* @param expected  but for the owner, who is not known */
static void expect_row(struct gate_world *w, int i, const char *expected)
{
	char *out, *err, row[512];

	snprintf(row, sizeof(row), "%s,", expected);
	assert_int_equal(gate_world_run(w, "gate readiness -o csv", &out, &err), COMMAND_FAILED);
	assert_string_equal(row_of(out, i), row);
	free(out);
	free(err);
}

static void each_reason_is_told_apart(void **state)
{
	struct gate_world *w = *state;

	/* by its own lookup it held a lease for 300 s of TTL and 600 s of grace */
	gate_world_look_up(w, 2000, TV, "ended.example", "192.0.2.1");
	gate_world_refuse(w, 1005, TV, "192.0.2.1", 6, 443);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,tcp 443,ended.example,observed,1,"
			 "lease-ended,95,allow 192.0.2.1");

	gate_world_look_up(w, 2000, PHONE, "other.example", "192.0.2.2");
	gate_world_refuse(w, 1005, TV, "192.0.2.2", 6, 443);
	expect_row(w, 1, "tv," TV ",iot,br-iot,192.0.2.2,tcp 443,other.example,observed,1,"
			 "other-device,,allow 192.0.2.2");

	gate_world_refuse(w, 1005, TV, "192.0.2.3", 17, 123);
	expect_row(w, 2, "tv," TV ",iot,br-iot,192.0.2.3,udp 123,,observed,1,"
			 "never-looked-up,,allow udp 123");

	gate_world_look_up(w, 1015, TV, "full.example", "192.0.2.4");
	gate_world_refuse(w, 1005, TV, "192.0.2.4", 6, 443);
	expect_row(w, 3, "tv," TV ",iot,br-iot,192.0.2.4,tcp 443,full.example,observed,1,"
			 "no-lease,,allow 192.0.2.4");

	/* a lookup that came after the connection is none */
	gate_world_refuse(w, 1005, TV, "192.0.2.5", 6, 443);
	gate_world_look_up(w, 1000, TV, "late.example", "192.0.2.5");
	expect_row(w, 4, "tv," TV ",iot,br-iot,192.0.2.5,tcp 443,late.example,observed,1,"
			 "never-looked-up,,allow 192.0.2.5");

	/* nor is one that had another answer */
	gate_world_look_up(w, 3000, PHONE, "cdn.example", "192.0.2.6");
	gate_world_look_up(w, 2000, TV, "cdn.example", "192.0.2.60");
	gate_world_refuse(w, 1005, TV, "192.0.2.6", 6, 443);
	expect_row(w, 5, "tv," TV ",iot,br-iot,192.0.2.6,tcp 443,cdn.example,observed,1,"
			 "other-device,,allow 192.0.2.6");
}

static void a_device_is_its_mac_whatever_address_it_uses(void **state)
{
	struct gate_world *w = *state;

	fixture_add(&w->db, &(struct fixture_lookup){
		.ts_us = w->now - 2000 * S, .mac = TV, .client = "2001:db8::7", .device = "tv",
		.name = "v6.example", .answers = { "192.0.2.1" } });
	fixture_commit(&w->db);
	gate_world_refuse(w, 1005, TV, "192.0.2.1", 6, 443);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,tcp 443,v6.example,observed,1,"
			 "lease-ended,95,allow 192.0.2.1");
}

static void owners_of_destinations_are_told(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *part;
	} cases[] = {
		{ "gate readiness", COMMAND_FAILED, "  AS64496 Example Net, CH\n" },
		{ "gate readiness -o csv", COMMAND_FAILED, ",\"AS64496 Example Net, CH\"\r\n" },
		{ "gate readiness -o csv", COMMAND_FAILED, ",allow 203.0.113.9,\r\n" },
		{ "why 192.0.2.1", COMMAND_DONE, " owner      AS64496 Example Net, CH\n" },
	};
	struct gate_world *w = *state;
	char table[160], zone[300], *out, *err;
	FILE *f;

	snprintf(table, sizeof(table), "%s/table", w->fixture->folder);
	f = fopen(table, "w");
	assert_non_null(f);
	fputs("192.0.2.0\t192.0.2.3\t64496\tCH\tExample Net\n", f);
	fclose(f);
	snprintf(zone, sizeof(zone), "}\nlist table {\n  file %s\n  format owners\n", table);
	w->zone = zone;
	gate_world_write_conf(w, "observe", "");
	gate_world_refuse(w, 1005, TV, "192.0.2.1", 6, 443);
	gate_world_refuse(w, 1005, TV, "203.0.113.9", 6, 443);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(gate_world_run(w, cases[i].line, &out, &err), cases[i].status);
		if (!strstr(out, cases[i].part))
			fail_msg("%s: no \"%s\" in:\n%s", cases[i].line, cases[i].part, out);
		free(out);
		free(err);
	}
	unlink(table);
}

static void a_service_to_many_places_is_one_exception(void **state)
{
	struct gate_world *w = *state;

	gate_world_refuse(w, 30, TV, "192.0.2.1", 17, 9999);
	gate_world_refuse(w, 20, TV, "192.0.2.2", 17, 9999);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,udp 9999,,observed,1,"
			 "never-looked-up,,allow 192.0.2.1");
	gate_world_refuse(w, 10, TV, "192.0.2.3", 17, 9999);
	expect_row(w, 0, "tv," TV ",iot,br-iot,192.0.2.1,udp 9999,,observed,1,"
			 "never-looked-up,,allow udp 9999");
	for (uint8_t i = 10; i < 15; i++) { /* a hole for all of the web is no exception */
		char dest[16];

		snprintf(dest, sizeof(dest), "192.0.2.%u", i);
		gate_world_refuse(w, 10, TV, dest, 6, 443);
	}
	expect_row(w, 1, "tv," TV ",iot,br-iot,192.0.2.10,tcp 443,,observed,1,"
			 "never-looked-up,,allow 192.0.2.10");
}

static void what_is_written_about_is_left_out(void **state)
{
	static const struct {
		const char *zone, *device, *gate;
		int status;
		const char *part;
	} cases[] = {
		{ "", "", "  allow udp 123\n", COMMAND_FAILED, "1 device, 2 connections" },
		{ "", "", "  allow udp 123\n  allow 192.0.2.8/29\n", COMMAND_FAILED,
		  "\n2 more pass by an exception" },
		{ "  allow udp 123\n  allow tcp 800-900\n", "", "  allow 192.0.2.8/29\n",
		  COMMAND_DONE, "no device would have lost a connection.\n3 more pass" },
		{ "  allow mac " TV "\n", "", "", COMMAND_DONE, "\n3 more pass" },
		{ "  allow mac " PHONE "\n", "", "", COMMAND_FAILED, "3 connections" },
		{ "", "", "  allow mac " TV "\n", COMMAND_DONE, "\n3 more pass" },
		{ "", "  gate off\n", "", COMMAND_DONE, "\n3 more pass" },
		{ "", "  gate enforce\n", "", COMMAND_FAILED, "3 connections" },
		{ "  allow 192.0.2.0/24\n", "", "  deny 192.0.2.1\n", COMMAND_DONE,
		  "\n2 more pass by an exception that is there now.\n1 more is refused by `deny`" },
		{ "  refuse-dot on\n  allow mac " TV "\n", "", "", COMMAND_DONE,
		  "\n2 more pass by an exception that is there now.\n1 more is refused by" },
		{ "  refuse-dot on\n", "  gate off\n", "  deny 192.0.2.0/24\n", COMMAND_DONE,
		  "\n2 more pass by an exception that is there now.\n1 more is refused by" },
	};
	struct gate_world *w = *state;

	gate_world_refuse(w, 30, TV, "192.0.2.1", 17, 123);
	gate_world_refuse(w, 20, TV, "192.0.2.9", 6, 443);
	gate_world_refuse(w, 20, TV, "192.0.2.20", 6, 853);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *out, *err;

		w->zone = cases[i].zone;
		w->device = cases[i].device;
		gate_world_write_conf(w, "observe", cases[i].gate);
		assert_int_equal(gate_world_run(w, "gate readiness", &out, &err), cases[i].status);
		if (!strstr(out, cases[i].part))
			fail_msg("%zu: no \"%s\" in:\n%s", i, cases[i].part, out);
		free(out);
		free(err);
	}
}

static void people_get_sentences(void **state)
{
	struct gate_world *w = *state;
	char *out, *err;

	gate_world_refuse(w, 30, TV, "192.0.2.1", 17, 123);
	gate_world_refuse(w, 20, PHONE, "192.0.2.9", 6, 443);
	gate_world_refuse(w, 20, PHONE, "192.0.2.9", 6, 443);
	assert_int_equal(gate_world_run(w, "gate readiness --zone iot", &out, &err), COMMAND_FAILED);
	assert_non_null(strstr(out, "DEVICE        ZONE  DEST       SERVICE  NAME  VERDICT   N  WHY"
				    "              EXCEPTION\n"
				    "tv            iot   192.0.2.1  udp 123  -     observed  1  "
				    "never looked up  allow udp 123\n"
				    "192.168.20.8  iot   192.0.2.9  tcp 443  -     observed  2  "
				    "never looked up  allow 192.0.2.9\n"));
	assert_non_null(strstr(out, "2 devices, 3 connections that would have been refused.\n"));
	free(out);
	free(err);
}

static void zones_and_times_choose(void **state)
{
	static const struct {
		const char *gate, *line;
		int status;
		const char *err; /* part of it */
	} cases[] = {
		{ "observe", "gate readiness", COMMAND_FAILED, "" },
		{ "observe", "gate readiness --zone iot", COMMAND_FAILED, "" },
		{ "observe", "gate readiness -S -1min", COMMAND_DONE, "" },
		{ "observe", "gate readiness --zone guest", COMMAND_FAILED, "the zone's gate is off" },
		{ "off", "gate readiness --zone iot -S -1min", COMMAND_FAILED,
		  "the zone's gate is off" },
		{ "off", "gate readiness", COMMAND_FAILED, "every zone's gate is off" },
		{ "enforce", "gate readiness -S -1min", COMMAND_DONE, "" },
		{ "observe", "gate readiness --zone nowhere", COMMAND_USAGE, "no such zone" },
		{ "observe", "gate readiness -S never", COMMAND_USAGE, "not a time" },
	};
	struct gate_world *w = *state;

	gate_world_refuse(w, 90, TV, "192.0.2.1", 17, 123);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *out, *err;

		gate_world_write_conf(w, cases[i].gate, "");
		assert_int_equal(gate_world_run(w, cases[i].line, &out, &err), cases[i].status);
		if (*cases[i].err)
			assert_non_null(strstr(err, cases[i].err));
		else
			assert_string_equal(err, "");
		free(out);
		free(err);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, gate_world_setup, gate_world_teardown)
	const struct CMUnitTest tests[] = {
		T(each_reason_is_told_apart),
		T(a_device_is_its_mac_whatever_address_it_uses),
		T(owners_of_destinations_are_told),
		T(a_service_to_many_places_is_one_exception),
		T(what_is_written_about_is_left_out),
		T(people_get_sentences),
		T(zones_and_times_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
