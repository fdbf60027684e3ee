/* Databases of each earlier version are brought up to date with all that was in them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/fold.h"
#include "db/schema.h"
#include "db/site.h"
#include "db/store.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define DAY 86400000000ll

/* A dump of a database as that version made it, with the same few rows in each. */
static void make_old(const char *path, int version)
{
	char from[64];
	char *sql = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(from, sizeof(from), "tests/support/schema/version-%d.sql", version);
	f = fopen(from, "re");
	if (!f)
		fail_msg("%s is missing: each version that was released has its dump", from);
	assert_true(getdelim(&sql, &room, '\0', f) > 0);
	fclose(f);
	fixture_exec(path, sql);
	free(sql);
}

static void assert_rows_are_there(const char *path, int version)
{
	const struct {
		const char *question, *answer;
	} cases[] = {
		{ "SELECT group_concat(x, '; ') FROM (SELECT time || ' ' || who || ' ' || client || ' '"
		  " || name || ' ' || type || ' ' || verdict || ' ' || rcode || ' ' || coalesce(ms,"
		  " '-') || ' ' || coalesce(upstream, list) || ' ' || coalesce(answer, '-') || ' ' || n"
		  " AS x FROM lookups ORDER BY ts)",
		  "2026-09-21T14:13:20.000Z tv 192.168.1.7 www.example.co.uk A forwarded NOERROR 12.0"
		  " 9.9.9.9 192.0.2.1 192.0.2.2 3;"
		  " 2026-09-21T14:13:20.000Z 192.168.1.8 192.168.1.8 x.ads.example AAAA blocked"
		  " NXDOMAIN - ads - 1;"
		  " 2026-09-22T18:00:00.000Z 192.168.1.8 192.168.1.8 www.example.co.uk A forwarded"
		  " NOERROR 8.0 9.9.9.9 192.0.2.9 1" },
		{ "SELECT who || ' ' || dest || ' ' || proto || ' ' || verdict || ' ' || n || ' ' ||"
		  " interface FROM refusals", "tv 203.0.113.9 tcp refused 2 br-iot" },
		{ "SELECT kind || ' ' || subject || ' ' || detail FROM events",
		  "index-loaded ads 7 names" },
		{ "SELECT count(*) || ' ' || coalesce(max(rrname), '-') FROM pdns",
		  version < 2 ? "0 -" : "1 www.example.co.uk" },
		{ "SELECT group_concat(x) FROM (SELECT day || ' ' || name || ' ' || sum(n) AS x"
		  " FROM daily GROUP BY day, name ORDER BY day, name)",
		  "2026-09-21 www.example.co.uk 3,2026-09-21 x.ads.example 1,"
		  "2026-09-22 www.example.co.uk 1" },
		{ "SELECT group_concat(x) FROM (SELECT verdict || ' ' || sum(n) AS x FROM hourly"
		  " GROUP BY verdict ORDER BY verdict)", "blocked 1,forwarded 4" },
		{ "SELECT group_concat(x) FROM (SELECT name || ' ' || first_who AS x FROM names"
		  " ORDER BY name)", "www.example.co.uk tv,x.ads.example 192.168.1.8" },
		{ "SELECT site FROM lookups WHERE name = 'www.example.co.uk' LIMIT 1",
		  "example.co.uk" },
		{ "SELECT count(*) FROM devices", "2" },
		{ "PRAGMA integrity_check", "ok" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(fixture_text(path, cases[i].question), cases[i].answer) != 0)
			fail_msg("version %d: %s: %s", version, cases[i].question,
				 fixture_text(path, cases[i].question));
}

static void each_version_is_migrated_with_its_rows(void **state)
{
	struct fixture *f = *state;

	for (int version = 1; version < schema_version(); version++) {
		struct fixture_db db;
		char path[128];

		snprintf(path, sizeof(path), "%s/v%d.db", f->folder, version);
		make_old(path, version);
		assert_int_equal(fixture_number(path, "PRAGMA user_version"), version);
		fixture_db_open(&db, path);
		assert_int_equal(fixture_number(path, "PRAGMA user_version"), schema_version());
		assert_rows_are_there(path, version);
		/* and all of it goes into the roll-ups */
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(fold_step(history_fold(db.history),
						   FIXTURE_START_US + 9 * DAY,
						   1 + i * 2ull * FOLD_EVERY_S * 1000000), 0);
		assert_int_equal(fixture_number(path, "SELECT sum(n) FROM hour_total"), 5);
		assert_rows_are_there(path, version);
		fixture_add(&db, &(struct fixture_lookup){ .ts_us = FIXTURE_START_US + 9 * DAY });
		fixture_commit(&db);
		assert_int_equal(fixture_number(path, "SELECT sum(n) FROM hourly"), 6);
		fixture_db_close(&db);
	}
}

/* A step that fails leaves the old version whole; the next start begins again. */
static void a_migration_that_fails_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct fixture_db db;
	sqlite3 *shell;

	make_old(f->path, 2);
	assert_int_equal(sqlite3_open(f->path, &shell), SQLITE_OK);
	assert_int_not_equal(schema_migrate(shell, 2), SQLITE_OK); /* without site_length() */
	sqlite3_close(shell);
	assert_int_equal(fixture_number(f->path, "PRAGMA user_version"), 2);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM sqlite_schema WHERE name ="
					" 'known'"), 0);
	fixture_db_open(&db, f->path);
	fixture_db_close(&db);
	assert_rows_are_there(f->path, 2);
}

int main(void)
{
#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		ON_DISK(each_version_is_migrated_with_its_rows),
		ON_DISK(a_migration_that_fails_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
