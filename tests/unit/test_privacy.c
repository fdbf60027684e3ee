/* What is left out before a record is kept, in the views and in the bytes of the files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "db/privacy.h"
#include "db/recorder.h"
#include "lib/addr.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"
#include "tests/support/history_fixture.h"

#define T0 FIXTURE_START_US
#define UP "upstream u { server 192.0.2.53 }\n"

struct rig {
	struct recorder *recorder;
	struct conf *conf;
	struct recorder_now now;
};

static void configure(struct rig *rig, const char *path, const char *lines)
{
	char text[512];

	snprintf(text, sizeof(text), UP "history {\n file %s\n%s\n}\n", path, lines);
	conf_free(rig->conf);
	rig->conf = conf_of_text(text);
	assert_int_equal(recorder_configure(rig->recorder, &rig->conf->history, rig->now), 0);
	recorder_run(rig->recorder, rig->now);
}

static void start(struct rig *rig, const char *path, const char *lines)
{
	static const struct history_labels no_labels;

	*rig = (struct rig){ .now = { T0, 1000000 } };
	rig->recorder = recorder_new(&no_labels);
	assert_non_null(rig->recorder);
	configure(rig, path, lines);
}

static void stop(struct rig *rig)
{
	recorder_stop(rig->recorder, rig->now);
	recorder_free(rig->recorder);
	conf_free(rig->conf);
}

static void take(struct rig *rig, const struct fixture_lookup *l)
{
	const struct msg_lookup *m = fixture_lookup(l);

	recorder_take(rig->recorder, fixture_message(MSG_LOOKUP, m, m->size));
}

static const struct fixture_lookup secret = {
	.name = "secret.clinic.example", .client = "192.168.1.77", .device = "annas-phone",
	.mac = "02:00:00:00:00:77", .answers = { "cdn.hidden.example", "203.0.113.77" },
	.verdict = VERDICT_BLOCKED_CNAME, .list = "ads", .pattern = "*.hidden.example",
};

static bool file_has(const char *path, const char *text)
{
	FILE *f = fopen(path, "re");
	char *bytes = NULL;
	size_t room = 0;
	ssize_t len;
	bool found;

	if (!f)
		return false;
	len = getdelim(&bytes, &room, EOF, f); /* no byte 255 in a page we look at matters */
	found = len > 0 && memmem(bytes, (size_t)len, text, strlen(text));
	while (!found && (len = getdelim(&bytes, &room, EOF, f)) > 0)
		found = memmem(bytes, (size_t)len, text, strlen(text));
	free(bytes);
	fclose(f);
	return found;
}

static void what_a_level_leaves_out_is_nowhere_in_the_file(void **state)
{
	static const char *const texts[] = {
		"secret.clinic.example", "203.0.113.77", "hidden.example", "192.168.1.77",
		"annas-phone", "02:00:00:00:00:77",
	};
	static const struct {
		const char *lines;
		bool there[ARRAY_SIZE(texts)];
	} cases[] = {
		{ "privacy clear", { 1, 1, 1, 1, 1, 1 } },
		{ "privacy no-answers", { 1, 0, 0, 1, 1, 1 } },
		{ "privacy no-names", { 0, 0, 0, 1, 1, 1 } },
		{ "hash-clients on", { 1, 1, 1, 0, 0, 0 } },
		{ "privacy no-names\nhash-clients on", { 0, 0, 0, 0, 0, 0 } },
		{ "never-record 192.168.1.0/24", { 0, 0, 0, 0, 0, 0 } },
	};
	struct fixture *f = *state;
	char path[128], wal[140];
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(path, sizeof(path), "%s/p%zu.db", f->folder, i);
		snprintf(wal, sizeof(wal), "%s-wal", path);
		start(&rig, path, cases[i].lines);
		for (int twice = 0; twice < 2; twice++) {
			take(&rig, &secret);
			rig.now.mono_us += 5000000;
			recorder_run(rig.recorder, rig.now);
		}
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++)
			if ((file_has(path, texts[k]) || file_has(wal, texts[k])) != cases[i].there[k])
				fail_msg("%s: %s", cases[i].lines, texts[k]);
		stop(&rig);
		assert_int_equal(fixture_number(path, "SELECT coalesce(sum(n), 0) FROM hourly"),
				 i < 5 ? 2 : 0);
	}
}

static void the_views_show_what_is_left(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	start(&rig, f->path, "privacy no-names");
	take(&rig, &secret);
	stop(&rig);
	assert_string_equal(fixture_text(f->path, "SELECT who || ' ' || coalesce(name, '-') || ' ' ||"
					 " coalesce(site, '-') || ' ' || verdict || ' ' || list ||"
					 " ' ' || pattern || ' ' || coalesce(answer, '-')"
					 " FROM lookups"),
			    "annas-phone - - blocked-cname ads  -");
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM daily"), 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM names"), 0);
}

static void never_record_is_by_name_chain_and_client(void **state)
{
	static const struct {
		struct fixture_lookup lookup;
		int rows;
	} cases[] = {
		{ { .name = "www.example.org" }, 1 },
		{ { .name = "clinic.example" }, 0 },
		{ { .name = "a.b.Clinic.example" }, 0 },
		{ { .name = "xclinic.example" }, 1 },
		{ { .name = "one.example" }, 0 },
		{ { .name = "below.one.example" }, 1 },
		{ { .name = "www.example.org", .answers = { "x.clinic.example", "192.0.2.1" } }, 0 },
		{ { .client = "192.168.7.9" }, 0 },
		{ { .client = "192.168.8.9" }, 1 },
		{ { .client = "2001:db8::9" }, 0 },
		{ { .device = "tv" }, 0 },
		{ { .device = "tv2" }, 1 },
	};
	struct fixture *f = *state;
	char path[128];
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(path, sizeof(path), "%s/n%zu.db", f->folder, i);
		start(&rig, path, "never-record *.clinic.example one.example\n"
				  "never-record 192.168.7.0/24 2001:db8::9 tv");
		take(&rig, &cases[i].lookup);
		stop(&rig);
		if (fixture_number(path, "SELECT count(*) FROM lookups") != cases[i].rows)
			fail_msg("case %zu", i);
	}
}

static void a_hashed_client_is_one_for_as_long_as_its_key(void **state)
{
	const struct fixture_lookup v4 = { .client = "192.168.1.7", .mac = "02:00:00:00:00:07" };
	const struct fixture_lookup v6 = { .client = "2001:db8::7", .mac = "02:00:00:00:00:07" };
	const struct fixture_lookup bare = { .client = "192.168.1.8" };
	struct fixture *f = *state;
	char key[100], first[64];
	struct stat st;
	struct rig rig;

	snprintf(key, sizeof(key), "%s.key", f->path);
	start(&rig, f->path, "hash-clients on");
	take(&rig, &v4);
	take(&rig, &v6);
	take(&rig, &bare);
	stop(&rig);
	assert_int_equal(fixture_number(f->path, "SELECT count(DISTINCT client) FROM lookups"), 2);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	strcpy(first, fixture_text(f->path, "SELECT client FROM lookups ORDER BY ts LIMIT 1"));
	assert_int_equal(strncmp(first, "client-", 7), 0);

	start(&rig, f->path, "hash-clients on"); /* the key is read again */
	take(&rig, &v6);
	stop(&rig);
	assert_int_equal(fixture_number(f->path, "SELECT count(DISTINCT client) FROM lookups"), 2);
	assert_int_equal(unlink(key), 0);
	start(&rig, f->path, "hash-clients on");
	take(&rig, &v6);
	stop(&rig);
	assert_int_equal(fixture_number(f->path, "SELECT count(DISTINCT client) FROM lookups"), 3);
}

static void refused_connections_are_hashed_and_left_out_too(void **state)
{
	struct msg_refused m = { .n = 1, .proto = 6, .port = 80, .ts_us = T0, .has_mac = 1 };
	struct fixture *f = *state;
	struct rig rig;

	assert_int_equal(addr_from_text("192.168.1.7", &m.client), 0);
	assert_int_equal(addr_from_text("203.0.113.9", &m.dest), 0);
	start(&rig, f->path, "hash-clients on\nnever-record 192.168.1.8");
	recorder_take(rig.recorder, fixture_message(MSG_REFUSED, &m, sizeof(m)));
	m.client.bytes[3] = 8;
	recorder_take(rig.recorder, fixture_message(MSG_REFUSED, &m, sizeof(m)));
	stop(&rig);
	assert_string_equal(fixture_text(f->path, "SELECT count(*) || ' ' || min(client GLOB"
					 " 'client-*') || ' ' || min(dest) FROM refusals"),
			    "1 1 203.0.113.9");
}

static bool status_has(struct rig *rig, const char *line)
{
	char text[4096];
	size_t len = recorder_status(rig->recorder, text, sizeof(text) - 1);

	text[len] = '\0';
	return strstr(text, line);
}

static void a_change_is_an_event_and_status_tells_what_is_kept(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	start(&rig, f->path, "privacy clear");
	take(&rig, &secret);
	for (int twice = 0; twice < 2; twice++) { /* it waits, it is due */
		rig.now.mono_us += 5000000;
		recorder_run(rig.recorder, rig.now);
	}
	assert_true(status_has(&rig, "history\tprivacy\tclear\n"));
	assert_false(status_has(&rig, "privacy-before"));
	rig.now.wall_us += 1000000;
	configure(&rig, f->path, "privacy no-names");
	assert_true(status_has(&rig, "history\tprivacy\tno-names\n"));
	assert_true(status_has(&rig, "history\tprivacy-since\t2026-09-21T14:13:21Z\n"));
	assert_true(status_has(&rig, "history\tprivacy-before\tclear\n"));
	stop(&rig);
	assert_string_equal(fixture_text(f->path, "SELECT group_concat(kind || ' ' || subject)"
					 " FROM events"), "privacy-changed no-names");
	/* the same again is no change */
	start(&rig, f->path, "privacy no-names");
	assert_true(status_has(&rig, "privacy-before\tclear"));
	stop(&rig);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events"), 1);
}

/* What is forgotten is in no view, and what is left is as it was. */
static void what_is_forgotten_is_gone_and_the_rest_stays(void **state)
{
	static const struct fixture_lookup lookups[] = {
		{ .name = "www.example.org", .client = "192.168.1.7", .device = "tv",
		  .mac = "02:00:00:00:00:07", .answers = { "198.51.100.1" } },
		{ .name = "www.example.org", .client = "192.168.1.8", .answers = { "198.51.100.1" } },
		{ .name = "only.tv.example", .client = "2001:db8::7", .device = "tv",
		  .mac = "02:00:00:00:00:07", .answers = { "alias.clinic.example", "198.51.100.2" } },
		{ .name = "a.clinic.example", .client = "192.168.1.8", .answers = { "198.51.100.3" } },
		{ .name = "clinic.example", .client = "192.168.1.8" },
		{ .name = "xclinic.example", .client = "192.168.1.8" },
	};
	static const struct {
		const char *request, *left, *gone[6];
		int rc, rows, hourly, daily, names, pairs;
	} cases[] = {
		{ "", NULL, { NULL }, -EINVAL, 12, 12, 12, 5, 3 },
		{ "client ", NULL, { NULL }, -EINVAL, 12, 12, 12, 5, 3 },
		{ "client 192.168.1.9", "xclinic.example", { NULL }, 0, 12, 12, 12, 5, 3 },
		{ "client tv", "xclinic.example", { "192.168.1.7", "2001:db8::7", "only.tv",
		  "02:00:00:00:00:07", "alias.clinic" }, 0, 8, 8, 8, 4, 2 },
		{ "client 02:00:00:00:00:07", "www.example.org", { "192.168.1.7", "only.tv" }, 0,
		  8, 8, 8, 4, 2 },
		{ "name www.example.org", "only.tv.example", { "www.example.org", "198.51.100.1" }, 0,
		  8, 12, 8, 4, 2 },
		/* the alias is in an answer: that lookup goes, its name stays known */
		{ "name *.clinic.example", "xclinic.example", { "a.clinic", "alias.clinic" }, 0,
		  6, 12, 8, 3, 2 },
		{ "name clinic.example", "a.clinic.example", { NULL }, 0, 10, 12, 10, 4, 3 },
	};
	static const char *const questions[] = {
		"SELECT coalesce(sum(n), 0) FROM lookups", "SELECT sum(n) FROM hourly",
		"SELECT sum(n) FROM daily", "SELECT count(*) FROM names",
		"SELECT count(*) FROM pdns",
	};
	struct fixture *f = *state;
	struct rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const int want[] = { cases[i].rows, cases[i].hourly, cases[i].daily,
				     cases[i].names, cases[i].pairs };
		char path[128];

		snprintf(path, sizeof(path), "%s/f%zu.db", f->folder, i);
		start(&rig, path, "privacy clear");
		for (size_t k = 0; k < 2 * ARRAY_SIZE(lookups); k++) {
			struct fixture_lookup l = lookups[k % ARRAY_SIZE(lookups)];

			l.ts_us = T0 + (int64_t)k * 1000000;
			take(&rig, &l);
			rig.now.mono_us += 5000000;
			recorder_run(rig.recorder, rig.now);
		}
		assert_int_equal(recorder_forget(rig.recorder, cases[i].request, rig.now),
				 cases[i].rc);
		/* asked for again before it is done: no row may lose its name */
		for (unsigned k = 0; k < 100; k++) {
			if (k < 2)
				take(&rig, &(struct fixture_lookup){ .name = "a.clinic.example",
						.ts_us = T0 + 800000000 + k, .client = "192.168.1.8" });
			rig.now.mono_us += k < 2 ? 5000000 : 100000;
			recorder_run(rig.recorder, rig.now);
		}
		assert_int_equal(fixture_number(path, "SELECT count(*) FROM lookups WHERE name IS"
						" NULL OR who IS NULL"), 0);
		/* recording goes on, with ids that are right */
		take(&rig, &(struct fixture_lookup){ .name = "later.example.net", .client = "192.168.1.99",
						     .ts_us = T0 + 900000000 });
		stop(&rig);
		fixture_exec(path, "DELETE FROM lookup WHERE ts >= 1790000800000000");
		for (size_t k = 0; k < ARRAY_SIZE(questions); k++)
			if (fixture_number(path, questions[k]) != want[k])
				fail_msg("%s: %s: %lld", cases[i].request, questions[k],
					 (long long)fixture_number(path, questions[k]));
		for (size_t k = 0; k < ARRAY_SIZE(cases[i].gone) && cases[i].gone[k]; k++)
			if (file_has(path, cases[i].gone[k]))
				fail_msg("%s: %s is still there", cases[i].request, cases[i].gone[k]);
		assert_true(!cases[i].left || file_has(path, cases[i].left));
	}
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_DISK(what_a_level_leaves_out_is_nowhere_in_the_file),
		ON_DISK(the_views_show_what_is_left),
		ON_DISK(never_record_is_by_name_chain_and_client),
		ON_DISK(a_hashed_client_is_one_for_as_long_as_its_key),
		ON_DISK(refused_connections_are_hashed_and_left_out_too),
		ON_DISK(what_is_forgotten_is_gone_and_the_rest_stays),
		ON_DISK(a_change_is_an_event_and_status_tells_what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
