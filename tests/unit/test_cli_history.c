/* history size, sql, backup: over a real database that another connection writes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <pwd.h>

#include "cli/verbs.h"
#include "db/report_backup.h"
#include "db/report_size.h"
#include "db/store.h"
#include "lib/util.h"
#include "tests/support/cli_world.h"

#define DAY_US 86400000000LL

static void assert_says(struct cli_world *w, const struct verb *verb, const char *line,
			int status, const char *out, const char *err)
{
	int got = cli_world_run(w, verb, line);

	if (got != status || !strstr(w->out, out) || !strstr(w->err, err))
		fail_msg("%s: status %d\n%s%s", line, got, w->out, w->err);
}

/* --- sql ---------------------------------------------------------------------------- */

/* Words are parted by tabs: the spaces part the arguments. */
static void a_statement_is_answered_in_each_format(void **state)
{
	static const struct {
		const char *line, *out;
	} cases[] = {
		{ "history sql SELECT\tname,sum(n)\tAS\tn\tFROM\tlookups\tGROUP\tBY\t1 -o csv",
		  "name,n\r\n\\060b\\062\\038\\034\\039.example,1\r\nads.example.net,1\r\n" },
		{ "history sql SELECT\t1\tAS\ta,NULL\tAS\tb,'x'\tAS\tc,2.5\tAS\td;--rest --json",
		  "{\"v\":1,\"a\":1,\"b\":null,\"c\":\"x\",\"d\":2.5}\n" },
		{ "history sql SELECT\tx'00ff'\tAS\tblob,1e999\tAS\tinf --json",
		  "{\"v\":1,\"blob\":\"00ff\",\"inf\":null}\n" },
		{ "history sql SELECT\tcolumn1\tFROM\t(VALUES(1),('=a')) -o csv", "'=a" },
		{ "history sql SELECT\t1,'a\nb' -o csv", "1,'a b'\r\n" },
		{ "history sql SELECT\tname\tFROM\tlookups\tWHERE\tname='none' -o csv", "name\r\n" },
		{ "history sql PRAGMA\tuser_version -o csv", "user_version\r\n" },
		{ "history sql PRAGMA\ttable_info(lookups) -o csv", "1,who,," },
		{ "history sql EXPLAIN\tSELECT\t1", "Init" },
		{ "history sql --views -o csv", "pdns,rrname rrtype rdata" },
	};
	struct cli_world *w = *state;

	cli_world_fill(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_says(w, &verb_history_sql, cases[i].line, COMMAND_DONE, cases[i].out, "");
}

static void a_statement_reads_and_does_nothing_else(void **state)
{
	static const struct {
		const char *line, *err;
		int status;
	} cases[] = {
		{ "history sql DELETE\tFROM\tlookup", "do more than read", COMMAND_FAILED },
		{ "history sql DROP\tVIEW\tlookups", "do more than read", COMMAND_FAILED },
		{ "history sql CREATE\tTEMP\tTABLE\tt(x)", "nameward: ", COMMAND_FAILED },
		{ "history sql UPDATE\tsqlite_master\tSET\tname='x'", "may not be modified",
		  COMMAND_FAILED },
		{ "history sql PRAGMA\tuser_version=9", "do more than read", COMMAND_FAILED },
		{ "history sql PRAGMA\tjournal_mode=DELETE", "do more than read", COMMAND_FAILED },
		{ "history sql PRAGMA\tquery_only=0", "do more than read", COMMAND_FAILED },
		{ "history sql PRAGMA\twritable_schema", "do more than read", COMMAND_FAILED },
		{ "history sql ATTACH\t'/tmp/x'\tAS\ty", "do more than read", COMMAND_FAILED },
		{ "history sql VACUUM\tINTO\t'/tmp/nameward-test-none'", "do more than read",
		  COMMAND_FAILED },
		{ "history sql BEGIN", "do more than read", COMMAND_FAILED },
		{ "history sql SELECT\tload_extension('x')", "not authorized", COMMAND_FAILED },
		{ "history sql SELECT\tfts3_tokenizer('simple',x'4141414141414141')",
		  "not authorized", COMMAND_FAILED },
		{ "history sql SELECT\t*\tFROM\tfts3tokenize('simple')", "no such table",
		  COMMAND_FAILED },
		{ "history sql SELECT\t1;DELETE\tFROM\tlookup", "one statement", COMMAND_FAILED },
		{ "history sql SELEC\t1", "syntax error", COMMAND_FAILED },
		{ "history sql SELECT\t\033]0;x\007", "nameward: ", COMMAND_FAILED },
		{ "history sql \t", "no statement", COMMAND_FAILED },
		{ "history sql SELECT\tabs(-9223372036854775808)", "integer overflow",
		  COMMAND_FAILED },
		{ "history sql SELECT\tlength(zeroblob(99999999))", "too big", COMMAND_FAILED },
		{ "history sql --seconds 0 SELECT\t1", "--seconds takes", COMMAND_USAGE },
		{ "history sql --seconds x SELECT\t1", "--seconds takes", COMMAND_USAGE },
		{ "history sql --views SELECT\t1", "either", COMMAND_USAGE },
		{ "history sql SELECT\t1 2", "", COMMAND_USAGE },
	};
	struct cli_world *w = *state;

	cli_world_fill(w);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_says(w, &verb_history_sql, cases[i].line, cases[i].status, "",
			    cases[i].err);
		assert_null(strchr(w->err, '\033'));
	}
	assert_int_equal(access("/tmp/nameward-test-none", F_OK), -1);
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"), 6);
}

#define ENDLESS                                                                            \
	"WITH\tRECURSIVE\tr(i)\tAS\t(SELECT\t1\tUNION\tALL\tSELECT\ti+1\tFROM\tr)"

static void a_statement_ends_by_time_and_by_rows(void **state)
{
	struct cli_world *w = *state;

	cli_world_fill(w);
	assert_says(w, &verb_history_sql,
		    "history sql --seconds 1 " ENDLESS "SELECT\tcount(*)\tFROM\tr",
		    COMMAND_FAILED, "", "longer than 1 s");
	assert_says(w, &verb_history_sql,
		    "history sql " ENDLESS "SELECT\thex(zeroblob(4000000))\tFROM\tr",
		    COMMAND_FAILED, "", "too large");
	assert_says(w, &verb_history_sql, "history sql " ENDLESS "SELECT\ti\tFROM\tr",
		    COMMAND_FAILED, "", "too large");
	assert_int_equal(strlen(w->out), 0);
	/* no lock is left behind */
	fixture_add(&w->db, &(struct fixture_lookup){ .ts_us = FIXTURE_START_US + DAY_US });
	fixture_commit(&w->db);
}

/* --- size --------------------------------------------------------------------------- */

static void size_is_told_by_kind(void **state)
{
	struct cli_world *w = *state;
	struct report *report;
	struct size size;
	int64_t sum = 0, file;

	cli_world_fill(w);
	for (int i = 0; i < 2000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d.example", i);
		fixture_add(&w->db, &(struct fixture_lookup){
			.ts_us = FIXTURE_START_US + DAY_US + i * 1000000LL, .name = name });
	}
	fixture_commit(&w->db);
	assert_int_equal(report_open(w->fixture->path, &report), 0);
	assert_int_equal(report_size(report, w->fixture->path, FIXTURE_START_US + 2 * DAY_US,
				     &size), 0);
	report_close(report);
	file = fixture_number(w->fixture->path, "SELECT page_count * page_size FROM"
						" pragma_page_count, pragma_page_size");
	for (size_t i = 0; i < SIZE_KINDS; i++)
		sum += size.kinds[i].bytes;
	assert_int_equal(sum, size.bytes);
	assert_int_equal(size.bytes - size.kinds[SIZE_WAL].bytes, file);
	assert_true(size.kinds[SIZE_WAL].bytes > 0);
	/* by counting them, as sqlite3 would */
	assert_true(labs(size.kinds[SIZE_LOOKUPS].bytes -
			 fixture_number(w->fixture->path, "SELECT sum(pgsize) FROM dbstat"
							  " WHERE name = 'lookup'")) <= 4096);
	assert_int_equal(size.kinds[SIZE_LOOKUPS].rows, 2006);
	assert_int_equal(size.kinds[SIZE_LOOKUPS].oldest_us, FIXTURE_START_US);
	assert_int_equal(size.kinds[SIZE_REFUSALS].rows, 2);
	assert_int_equal(size.kinds[SIZE_FREE].rows, SIZE_UNKNOWN);
	/* all of it came in two days */
	assert_true(size.growth_bytes > 0.49 * (double)size.kinds[SIZE_LOOKUPS].bytes &&
		    size.growth_bytes < 0.51 * (double)size.kinds[SIZE_LOOKUPS].bytes);
	assert_says(w, &verb_history_size, "history size --json", COMMAND_DONE,
		    "{\"v\":1,\"kind\":\"lookups\",\"bytes\":", "");
	assert_non_null(strstr(w->out, "{\"v\":1,\"kind\":\"max-size\",\"bytes\":2147483648,"));
	assert_says(w, &verb_history_size, "history size x", COMMAND_USAGE, "", "");
}

static void an_empty_history_has_a_size_too(void **state)
{
	struct cli_world *w = *state;

	assert_says(w, &verb_history_size, "history size -o csv", COMMAND_DONE, "lookups,4096,0,,",
		    "");
	assert_non_null(strstr(w->out, "max-size,2147483648,,,,\r\n"));
}

static void an_older_history_has_a_size_too(void **state)
{
	struct cli_world *w = *state;
	char *sql = NULL;
	size_t room = 0;
	FILE *f = fopen("tests/support/schema/version-1.sql", "re");

	assert_true(f && getdelim(&sql, &room, '\0', f) > 0);
	fclose(f);
	fixture_db_close(&w->db);
	unlink(w->fixture->path);
	fixture_exec(w->fixture->path, sql);
	free(sql);
	assert_says(w, &verb_history_size, "history size -o csv", COMMAND_DONE, "daily,0,0,,", "");
	fixture_db_open(&w->db, w->fixture->path);
}

/* --- backup ------------------------------------------------------------------------- */

static const char *beside(struct cli_world *w, const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", w->fixture->folder, name);
	return path;
}

static int files_in(struct cli_world *w)
{
	char command[128];
	int count = 0;
	FILE *f;

	snprintf(command, sizeof(command), "ls %s | wc -l", w->fixture->folder);
	f = popen(command, "re");
	assert_int_equal(fscanf(f, "%d", &count), 1);
	pclose(f);
	return count;
}

static void a_backup_is_whole_and_alone(void **state)
{
	struct cli_world *w = *state;
	char line[256];
	struct stat st;
	int before;

	cli_world_fill(w);
	before = files_in(w);
	snprintf(line, sizeof(line), "history backup %s", beside(w, "copy.db"));
	assert_says(w, &verb_history_backup, line, COMMAND_DONE, "", "");
	assert_int_equal(files_in(w), before + 1);
	assert_int_equal(stat(beside(w, "copy.db"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(fixture_text(beside(w, "copy.db"), "PRAGMA journal_mode"), "delete");
	assert_int_equal(fixture_number(beside(w, "copy.db"), "SELECT count(*) FROM lookups"), 6);
	assert_string_equal(fixture_text(beside(w, "copy.db"), "PRAGMA integrity_check"), "ok");
	/* what is there is never written over: neither a file nor a link to none */
	assert_says(w, &verb_history_backup, line, COMMAND_FAILED, "", "there already");
	unlink(beside(w, "copy.db"));
	assert_int_equal(symlink("nowhere", beside(w, "copy.db")), 0);
	assert_says(w, &verb_history_backup, line, COMMAND_FAILED, "", "there already");
	unlink(beside(w, "copy.db"));
	snprintf(line, sizeof(line), "history backup %s", beside(w, "no/copy.db"));
	assert_says(w, &verb_history_backup, line, COMMAND_FAILED, "", "does not exist");
	assert_says(w, &verb_history_backup, "history backup", COMMAND_USAGE, "", "");
	assert_int_equal(files_in(w), before);
}

/* The daemon's place: it begins again from the copy. */
static void a_backup_takes_the_historys_place(void **state)
{
	struct cli_world *w = *state;
	char line[256];

	cli_world_fill(w);
	snprintf(line, sizeof(line), "history backup %s", beside(w, "copy.db"));
	assert_says(w, &verb_history_backup, line, COMMAND_DONE, "", "");
	fixture_db_close(&w->db);
	unlink(beside(w, "h.db-wal"));
	unlink(beside(w, "h.db-shm"));
	assert_int_equal(rename(beside(w, "copy.db"), w->fixture->path), 0);
	fixture_db_open(&w->db, w->fixture->path);
	fixture_add(&w->db, &(struct fixture_lookup){ .ts_us = FIXTURE_START_US + DAY_US });
	fixture_commit(&w->db);
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"), 7);
	assert_string_equal(fixture_text(w->fixture->path, "PRAGMA journal_mode"), "wal");
}

/* Commits in each pause of the copy. */
struct writing {
	struct fixture_db *db;
	unsigned calls, stop_at;
};

static int commit_one(void *arg, int64_t bytes, int64_t of)
{
	struct writing *writing = arg;

	assert_true(bytes <= of);
	if (++writing->calls == writing->stop_at)
		return 1;
	if (writing->calls > 10)
		return 0;
	fixture_add(writing->db, &(struct fixture_lookup){
		.ts_us = FIXTURE_START_US + DAY_US + writing->calls });
	fixture_commit(writing->db);
	return 0;
}

static void a_backup_is_of_one_moment_and_hinders_no_commit(void **state)
{
	struct cli_world *w = *state;
	struct writing writing = { .db = &w->db };
	struct backup backup = { .progress = commit_one, .arg = &writing };
	struct report *report;

	cli_world_fill(w);
	assert_int_equal(store_exec(w->db.store, "CREATE TABLE filler AS WITH RECURSIVE"
			 " r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 6000)"
			 " SELECT randomblob(3500) FROM r"), 0);
	backup.path = beside(w, "copy.db");
	assert_int_equal(report_open(w->fixture->path, &report), 0);
	assert_int_equal(report_backup(report, &backup), 0);
	report_close(report);
	assert_true(writing.calls >= 3);
	assert_int_equal(fixture_number(beside(w, "copy.db"), "SELECT count(*) FROM lookups"), 6);
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"),
			 6 + MIN(writing.calls, 10u));
	/* left in the middle: nothing is left behind */
	unlink(beside(w, "copy.db"));
	writing = (struct writing){ .db = &w->db, .calls = 20, .stop_at = 22 };
	assert_int_equal(report_open(w->fixture->path, &report), 0);
	assert_int_equal(report_backup(report, &backup), -EINTR);
	report_close(report);
	assert_int_equal(files_in(w), 4); /* the history's three and the configuration */
}

/* What a damaged history gives is not kept as a backup of it. */
static void a_damaged_history_makes_no_backup(void **state)
{
	struct cli_world *w = *state;
	char line[256], noise[4096];
	FILE *f;

	cli_world_fill(w);
	fixture_db_close(&w->db);
	memset(noise, 0x5a, sizeof(noise));
	f = fopen(w->fixture->path, "r+e");
	assert_non_null(f);
	fseek(f, 4096 * fixture_number(w->fixture->path, "SELECT rootpage - 1 FROM sqlite_schema"
							 " WHERE name = 'lookup'"), SEEK_SET);
	assert_int_equal(fwrite(noise, 1, sizeof(noise), f), sizeof(noise));
	fclose(f);
	snprintf(line, sizeof(line), "history backup %s", beside(w, "copy.db"));
	assert_says(w, &verb_history_backup, line, COMMAND_FAILED, "", "damaged");
	assert_int_equal(access(beside(w, "copy.db"), F_OK), -1);
	unlink(w->fixture->path);
	fixture_db_open(&w->db, w->fixture->path);
}

/* --- prune -------------------------------------------------------------------------- */

/* The command's child has the account of the daemon's process where it was started by root. */
static void give_away(struct cli_world *w)
{
	const struct passwd *pw = getpwnam("nameward-db");
	const char *const names[] = { "", "h.db", "h.db-wal", "h.db-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(names) && !geteuid() && pw; i++)
		assert_int_equal(chown(beside(w, names[i]), pw->pw_uid, pw->pw_gid), 0);
}

static void pruning_works_without_the_daemon(void **state)
{
	struct cli_world *w = *state;

	cli_world_fill(w);
	fixture_db_close(&w->db);
	if (!geteuid() && !getpwnam("nameward-db"))
		skip();
	give_away(w);
	cli_world_conf(w, "control ctl\n");
	assert_says(w, &verb_history_prune, "history prune --before @1790000003 --kind lookups",
		    COMMAND_USAGE, "", "--yes");
	assert_says(w, &verb_history_prune, "history prune --kind lookups --yes", COMMAND_USAGE,
		    "", "--before");
	assert_says(w, &verb_history_prune, "history prune --before x --yes", COMMAND_USAGE, "",
		    "not a time");
	assert_says(w, &verb_history_prune, "history prune --before -1d --kind names --yes",
		    COMMAND_USAGE, "", "--kind takes");
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"), 6);
	assert_says(w, &verb_history_prune,
		    "history prune --before @1790000003 --kind lookups --yes -o csv", COMMAND_DONE,
		    "", "");
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM lookups"), 3);
	assert_int_equal(fixture_number(w->fixture->path, "SELECT sum(n) FROM daily"), 6);
	assert_int_equal(fixture_number(w->fixture->path, "SELECT count(*) FROM refusals"), 2);
	/* the configuration's limits: it was all long ago */
	assert_says(w, &verb_history_prune, "history prune", COMMAND_DONE, "", "");
	give_away(w);
	fixture_db_open(&w->db, w->fixture->path);
}

/* --- all of them -------------------------------------------------------------------- */

static void a_history_that_is_not_there_is_said(void **state)
{
	static const struct {
		const struct verb *verb;
		const char *line;
	} cases[] = {
		{ &verb_history_sql, "history sql SELECT\t1" },
		{ &verb_history_sql, "history sql" },
		{ &verb_history_size, "history size" },
		{ &verb_history_prune, "history prune" },
		{ &verb_history_backup, "history backup /tmp/nameward-test-none" },
	};
	struct cli_world *w = *state;

	fixture_db_close(&w->db);
	unlink(w->fixture->path);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_says(w, cases[i].verb, cases[i].line, COMMAND_FAILED, "", "no history yet");
	assert_int_equal(access("/tmp/nameward-test-none", F_OK), -1);
	fixture_db_open(&w->db, w->fixture->path);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, cli_world_setup, cli_world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_statement_is_answered_in_each_format),
		TEST(a_statement_reads_and_does_nothing_else),
		TEST(a_statement_ends_by_time_and_by_rows),
		TEST(size_is_told_by_kind),
		TEST(an_empty_history_has_a_size_too),
		TEST(an_older_history_has_a_size_too),
		TEST(a_backup_is_whole_and_alone),
		TEST(a_backup_takes_the_historys_place),
		TEST(a_backup_is_of_one_moment_and_hinders_no_commit),
		TEST(a_damaged_history_makes_no_backup),
		TEST(pruning_works_without_the_daemon),
		TEST(a_history_that_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
