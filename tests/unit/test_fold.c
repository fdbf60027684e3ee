/* Roll-ups: what the views say before, between and after folds, late rows, floods of names. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "db/fold.h"
#include "db/ids.h"
#include "db/prune.h"
#include "db/refusals.h"
#include "db/site.h"
#include "db/store.h"
#include "lib/addr.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0     FIXTURE_START_US /* 2026-09-21T14:13:20Z */
#define SECOND 1000000ll
#define MINUTE (60 * SECOND)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define START  1000000ull /* mono */

static void site_is_the_registrable_domain(void **state)
{
	static const struct {
		const char *name, *site;
	} cases[] = {
		{ "www.example.org", "example.org" },
		{ "example.org", "example.org" },
		{ "a.b.example.co.uk", "example.co.uk" },
		{ "co.uk", "co.uk" },
		{ "x.user.github.io", "user.github.io" },
		{ "tv.lan", "tv.lan" },
		{ "localhost", "localhost" },
		{ "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn" },
		{ "_dns.resolver.arpa", "resolver.arpa" },
		{ "a\\046b.example.org", "example.org" },
		{ ".", "." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(cases[i].name + strlen(cases[i].name) -
				    site_length(cases[i].name), cases[i].site);
}

/* Three clients, five names, two hours, two days. */
static void add_some(struct fixture_db *db)
{
	static const struct fixture_lookup lookups[] = {
		{ .ts_us = T0, .name = "www.example.org", .client = "192.168.1.10",
		  .device = "tv", .mac = "02:00:00:00:00:10", .rtt_us = 2000 },
		{ .ts_us = T0 + 1, .name = "www.example.org", .client = "192.168.1.11",
		  .rtt_us = 4000 },
		{ .ts_us = T0 + SECOND, .name = "img.example.org", .client = "192.168.1.11",
		  .verdict = VERDICT_CACHED },
		{ .ts_us = T0 + HOUR, .name = "www.example.org", .client = "192.168.1.10",
		  .device = "tv", .mac = "02:00:00:00:00:10", .rtt_us = 6000 },
		{ .ts_us = T0 + HOUR, .name = "ads.example.co.uk", .client = "192.168.1.11",
		  .verdict = VERDICT_BLOCKED, .list = "ads", .pattern = "x" },
		{ .ts_us = T0 + DAY, .name = "www.example.org", .client = "192.168.1.12",
		  .device = "tv", .mac = "02:00:00:00:00:10" },
		{ .ts_us = T0 + DAY + 5, .name = "www.example.org", .client = "192.168.1.12",
		  .device = "tv", .mac = "02:00:00:00:00:10" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		fixture_add(db, &lookups[i]);
		fixture_commit(db);
	}
}

/* Fold whatever is older than a minute. */
static void fold_all(struct fixture_db *db, int64_t now_us)
{
	struct fold *f = history_fold(db->history);
	int rc = fold_step(f, now_us, START);

	for (unsigned i = 1; rc >= 0 && i < 3; i++)
		rc = fold_step(f, now_us, START + i * 2ull * FOLD_EVERY_S * SECOND);
	assert_int_equal(rc, 0);
}

static const char *const views_text =
	"SELECT (SELECT group_concat(x, '; ') FROM (SELECT who || ' ' || verdict || ' ' || sum(n)"
	"  || ' ' || sum(answers) || ' ' || sum(ms_sum) || ' ' || min(time) AS x FROM hourly"
	"  GROUP BY ts, who, verdict ORDER BY ts, who, verdict))"
	" || ' # ' || (SELECT group_concat(x, '; ') FROM (SELECT day || ' ' || name || ' ' || site"
	"  || ' ' || who || ' ' || verdict || ' ' || sum(n) AS x FROM daily"
	"  GROUP BY day, name, who, verdict ORDER BY day, name, who, verdict))"
	" || ' # ' || (SELECT group_concat(x, '; ') FROM (SELECT name || ' ' || site || ' ' || first"
	"  || ' ' || first_who AS x FROM names ORDER BY name))"
	" || ' # ' || (SELECT group_concat(x, '; ') FROM (SELECT site || ' ' || names AS x"
	"  FROM sites ORDER BY site))"
	" || ' # ' || (SELECT group_concat(x, '; ') FROM (SELECT who || ' ' || coalesce(mac, '-')"
	"  || ' ' || addresses || ' ' || first || ' ' || last AS x FROM devices ORDER BY who))";

static const char *const expected_text =
	"192.168.1.11 cached 1 0 0.0 2026-09-21T14:00:00.000Z;"
	" 192.168.1.11 forwarded 1 1 4.0 2026-09-21T14:00:00.000Z;"
	" tv forwarded 1 1 2.0 2026-09-21T14:00:00.000Z;"
	" 192.168.1.11 blocked 1 0 0.0 2026-09-21T15:00:00.000Z;"
	" tv forwarded 1 1 6.0 2026-09-21T15:00:00.000Z;"
	" tv forwarded 2 0 0.0 2026-09-22T14:00:00.000Z"
	" # 2026-09-21 ads.example.co.uk example.co.uk 192.168.1.11 blocked 1;"
	" 2026-09-21 img.example.org example.org 192.168.1.11 cached 1;"
	" 2026-09-21 www.example.org example.org 192.168.1.11 forwarded 1;"
	" 2026-09-21 www.example.org example.org tv forwarded 2;"
	" 2026-09-22 www.example.org example.org tv forwarded 2"
	" # ads.example.co.uk example.co.uk 2026-09-21T15:13:20.000Z 192.168.1.11;"
	" img.example.org example.org 2026-09-21T14:13:21.000Z 192.168.1.11;"
	" www.example.org example.org 2026-09-21T14:13:20.000Z tv"
	" # example.co.uk 1; example.org 2"
	" # 192.168.1.11 - 192.168.1.11 2026-09-21T14:13:20.000Z 2026-09-21T15:13:20.000Z;"
	" tv 02:00:00:00:00:10 192.168.1.10,192.168.1.12 2026-09-21T14:13:20.000Z"
	" 2026-09-22T14:13:20.000Z";

static void views_say_the_same_before_between_and_after_folds(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	add_some(&db);
	assert_string_equal(fixture_text(f->path, views_text), expected_text);
	fold_all(&db, T0 + HOUR + 2 * MINUTE);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hour_total"), 5);
	assert_string_equal(fixture_text(f->path, views_text), expected_text);
	fixture_db_close(&db);

	fixture_db_open(&db, f->path); /* the mark is kept */
	fold_all(&db, T0 + 2 * DAY);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hour_total"), 7);
	assert_string_equal(fixture_text(f->path, views_text), expected_text);
	fixture_exec(f->path, "DELETE FROM lookup");
	assert_string_equal(fixture_text(f->path, views_text), expected_text);
	fixture_db_close(&db);
}

static void the_fold_waits_for_rows_or_hours(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	struct fold *fold;
	char name[32];

	fixture_db_open(&db, f->path);
	fold = history_fold(db.history);
	add_some(&db);
	assert_int_equal(fold_step(fold, T0 + 2 * DAY, START), 0);
	assert_int_equal(fold_step(fold, T0 + 2 * DAY, START + FOLD_EVERY_S * SECOND - 1), 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM hour_total"), 0);
	assert_int_equal(fold_step(fold, T0 + 2 * DAY, START + FOLD_EVERY_S * SECOND), 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM hour_total"), 6);
	for (unsigned i = 0; i < FOLD_SLICE_ROWS; i++) {
		snprintf(name, sizeof(name), "n%u.example.org", i);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + 2 * DAY + i * SECOND,
							   .name = name });
		if (i % 5000 == 4999)
			fixture_commit(&db);
	}
	/* young rows are left */
	assert_int_equal(fold_step(fold, T0 + 2 * DAY, START + FOLD_EVERY_S * SECOND + 1), 0);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hour_total"), 7);
	assert_int_equal(fold_step(fold, T0 + 3 * DAY, START + FOLD_EVERY_S * SECOND + 1), 1);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hour_total"),
			 FOLD_SLICE_ROWS + 7);
	fixture_db_close(&db);
}

static void late_rows_are_counted_once(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;

	fixture_db_open(&db, f->path);
	add_some(&db);
	fold_all(&db, T0 + 2 * DAY);
	/* below the mark; earlier than all, of another client */
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 - DAY, .client = "192.168.1.9" });
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 - DAY, .client = "192.168.1.9" });
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0, .name = "new.example.net" });
	fixture_commit(&db);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hourly"), 10);
		assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM daily"), 10);
		assert_string_equal(fixture_text(f->path, "SELECT first || ' ' || first_who FROM"
						 " names WHERE name = 'www.example.org'"),
				    "2026-09-20T14:13:20.000Z 192.168.1.9");
		assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM names"), 4);
		fold_all(&db, T0 + 2 * DAY);
	}
	fixture_db_close(&db);
}

static void what_was_rolled_back_is_folded_again(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	struct fold *fold;

	fixture_db_open(&db, f->path);
	fold = history_fold(db.history);
	add_some(&db);
	assert_int_equal(store_begin(db.store), 0);
	assert_int_equal(fold_up_to(fold, T0 + HOUR), 0);
	store_rollback(db.store);
	fold_settle(fold, -EIO);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM hourly"), 7);
	fold_all(&db, T0 + 2 * DAY);
	assert_string_equal(fixture_text(f->path, views_text), expected_text);
	fixture_db_close(&db);
}

static void nothing_is_deleted_before_it_is_folded(void **state)
{
	static const struct prune_limits limits = { .keep_lookups_us = DAY };
	struct fixture *f = *state;
	struct fixture_db db;
	struct prune *p;

	fixture_db_open(&db, f->path);
	add_some(&db);
	assert_int_equal(prune_open(db.store, history_ids(db.history), history_fold(db.history),
				    &limits, &p), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_true(prune_step(p, T0 + 2 * DAY - SECOND, START) >= 0);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups"), 2);
	assert_string_equal(fixture_text(f->path, views_text), expected_text);
	prune_close(p);
	fixture_db_close(&db);
}

static void a_flood_of_names_stands_under_its_site(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	char name[64];

	fixture_db_open(&db, f->path);
	for (unsigned i = 0; i < FOLD_SITE_NAMES + 300; i++) {
		snprintf(name, sizeof(name), "r%u.flood.example.com", i);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + i, .name = name });
	}
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + 9000, .name = "example.com" });
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + 9000, .name = "ok.example.net" });
	fixture_commit(&db);
	fold_all(&db, T0 + HOUR);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM names WHERE site ="
					" 'example.com'"), FOLD_SITE_NAMES + 1);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM daily WHERE name ="
					" '*.example.com'"), 301);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM daily WHERE site ="
					" 'example.com'"), FOLD_SITE_NAMES + 301);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM names WHERE name ="
					" 'ok.example.net'"), 1);
	/* the next day they are welcome again */
	fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + DAY, .name = "b.example.com" });
	fixture_commit(&db);
	fold_all(&db, T0 + 2 * DAY);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM names WHERE name ="
					" 'b.example.com'"), 1);
	fixture_db_close(&db);
}

static void a_flood_of_sites_stands_under_one_row(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	char name[64];

	fixture_db_open(&db, f->path);
	for (unsigned i = 0; i < FOLD_DAY_NAMES + 100; i++) {
		snprintf(name, sizeof(name), "site%u.com", i);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = T0 + i, .name = name });
		if (i % 8000 == 7999)
			fixture_commit(&db);
	}
	fixture_commit(&db);
	fold_all(&db, T0 + HOUR);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM known"), FOLD_DAY_NAMES + 1);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM daily WHERE name = '*'"), 100);
	assert_int_equal(fixture_number(f->path, "SELECT sum(n) FROM daily"), FOLD_DAY_NAMES + 100);
	fixture_db_close(&db);
}

static void refused_connections_make_a_device_too(void **state)
{
	struct msg_refused m = { .n = 1, .proto = 6, .port = 80, .ts_us = T0, .has_mac = 1 };
	struct fixture *f = *state;
	struct fixture_db db;

	assert_int_equal(addr_from_text("192.168.1.30", &m.client), 0);
	assert_int_equal(addr_from_text("203.0.113.9", &m.dest), 0);
	assert_int_equal(mac_from_text("02:00:00:00:00:30", &m.mac), 0);
	fixture_db_open(&db, f->path);
	assert_int_equal(refusals_add(db.queue.refusals, &m), 0);
	fixture_commit(&db);
	assert_string_equal(fixture_text(f->path, "SELECT mac || ' ' || who || ' ' || first FROM devices"),
			    "02:00:00:00:00:30 192.168.1.30 2026-09-21T14:13:20.000Z");
	fixture_db_close(&db);
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(site_is_the_registrable_domain),
		ON_DISK(views_say_the_same_before_between_and_after_folds),
		ON_DISK(the_fold_waits_for_rows_or_hours),
		ON_DISK(late_rows_are_counted_once),
		ON_DISK(what_was_rolled_back_is_folded_again),
		ON_DISK(nothing_is_deleted_before_it_is_folded),
		ON_DISK(a_flood_of_names_stands_under_its_site),
		ON_DISK(a_flood_of_sites_stands_under_one_row),
		ON_DISK(refused_connections_make_a_device_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
