/*
 * Every fault of the file: full, failing, locked, read-only, corrupt in each way, deleted,
 * replaced, foreign, newer, and a writer killed in the middle. The recorder, which copes with
 * them, is driven with time as a parameter.
 */
/* wrap: sqlite3_step sqlite3_wal_hook */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "db/recorder.h"
#include "db/schema.h"
#include "db/store.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

#define T0 FIXTURE_START_US

/* Faults of the disk: these stand before libc's for SQLite as well, which is why they are
 * not done by --wrap; each passes on to the kernel while no fault is set. */
struct fault {
	int error; /* errno of each; 0: none */
	bool in_write, in_sync;
	unsigned hits;
	int step_code; /* the next sqlite3_step of ours returns this */
};

static struct fault *fault(void)
{
	static struct fault f;

	return &f;
}

static bool is_failing(bool here)
{
	if (!here || !fault()->error)
		return false;
	fault()->hits++;
	errno = fault()->error;
	return true;
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t at)
{
	return is_failing(fault()->in_write) ? -1 : syscall(SYS_pwrite64, fd, buf, len, at);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return pwrite64(fd, buf, len, at);
}

int fdatasync(int fd)
{
	return is_failing(fault()->in_sync) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return is_failing(fault()->in_sync) ? -1 : (int)syscall(SYS_fsync, fd);
}

int __real_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_sqlite3_step(sqlite3_stmt *stmt)
{
	int code = fault()->step_code;

	fault()->step_code = 0;
	return code ? code : __real_sqlite3_step(stmt);
}

/* What a database was told to call after each commit, so that a test can say a larger WAL. */
static struct {
	int (*call)(void *arg, sqlite3 *db, const char *name, int pages);
	sqlite3 *db;
	void *arg;
} wal_hook;

void *__real_sqlite3_wal_hook(sqlite3 *db, int (*call)(void *, sqlite3 *, const char *, int),
			      void *arg);
void *__wrap_sqlite3_wal_hook(sqlite3 *db, int (*call)(void *, sqlite3 *, const char *, int),
			      void *arg);
void *__wrap_sqlite3_wal_hook(sqlite3 *db, int (*call)(void *, sqlite3 *, const char *, int),
			      void *arg)
{
	wal_hook.call = call;
	wal_hook.db = db;
	wal_hook.arg = arg;
	return __real_sqlite3_wal_hook(db, call, arg);
}

/* --- a recorder under test ---------------------------------------------------------- */

struct rig {
	struct recorder *recorder;
	struct conf_history conf;
	struct recorder_now now;
	unsigned names; /* lookups sent, each of a name of its own */
};

static void rig_init(struct rig *rig, const char *path)
{
	static const struct history_labels no_labels;

	*rig = (struct rig){
		.conf = { .on = true, .file = (char *)path, .commit_every_ms = 2000,
			  .commit_rows = 500, .keep_lookups_s = 90 * 86400,
			  .keep_refusals_s = 90 * 86400 },
		.now = { T0, 1000000 },
	};
	rig->recorder = recorder_new(&no_labels);
	assert_non_null(rig->recorder);
	assert_int_equal(recorder_configure(rig->recorder, &rig->conf, rig->now), 0);
}

static void rig_fini(struct rig *rig)
{
	recorder_stop(rig->recorder, rig->now);
	recorder_free(rig->recorder);
}

static void rig_send(struct rig *rig, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct msg_lookup *m;
		char name[32];

		snprintf(name, sizeof(name), "n%u.example", rig->names++);
		m = fixture_lookup(&(struct fixture_lookup){ .name = name,
							     .ts_us = rig->now.wall_us++ });
		recorder_take(rig->recorder, fixture_message(MSG_LOOKUP, m, m->size));
	}
}

/* Let time pass, running whenever the recorder asks for it. */
static void rig_pass(struct rig *rig, unsigned ms)
{
	while (ms) {
		unsigned wait = recorder_run(rig->recorder, rig->now);
		unsigned step = MIN(MAX(wait, 1u), ms);

		rig->now.wall_us += step * 1000;
		rig->now.mono_us += step * 1000;
		ms -= step;
	}
	recorder_run(rig->recorder, rig->now);
}

static const char *status(struct rig *rig, const char *key)
{
	static char value[600];
	char text[4096], want[64];
	size_t len = recorder_status(rig->recorder, text, sizeof(text) - 1);
	const char *at;

	text[len] = '\0';
	snprintf(want, sizeof(want), "history\t%s\t", key);
	at = strstr(text, want);
	if (!at)
		return "(none)";
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at + strlen(want), "\n"),
		 at + strlen(want));
	return value;
}

static int64_t rows_in(const char *path)
{
	return fixture_number(path, "SELECT count(*) FROM lookups");
}

static unsigned files_like(const char *pattern)
{
	unsigned count = 0;
	glob_t g;

	if (!glob(pattern, 0, NULL, &g))
		count = (unsigned)g.gl_pathc;
	globfree(&g);
	return count;
}

static unsigned moved_aside(const struct fixture *f)
{
	char pattern[120];

	snprintf(pattern, sizeof(pattern), "%s.corrupt-*Z", f->path);
	return files_like(pattern);
}

static void overwrite(const char *path, off_t at, const void *data, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), len);
	close(fd);
}

/* --- the file ----------------------------------------------------------------------- */

static void new_file_is_made_as_promised(void **state)
{
	struct fixture *f = *state;
	struct group *adm = getgrnam("adm");
	char wal[100];
	struct store *s;
	struct stat st;
	int64_t value;
	static const struct {
		const char *sql;
		int64_t value;
	} cases[] = {
		{ "PRAGMA page_size", 4096 },	  { "PRAGMA auto_vacuum", 2 },
		{ "PRAGMA synchronous", 1 },	  { "PRAGMA application_id", 0x6e6d7764 },
		{ "SELECT count(*) FROM lookups", 0 },
		{ "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE"
		  " '%STRICT%'", 0 },
		{ "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND"
		  " tbl_name <> 'known'", 0 },
	};

	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_int_equal(store_open(f->path, &s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(store_number(s, cases[i].sql, &value), 0);
		assert_int_equal(value, cases[i].value);
	}
	assert_int_equal(store_number(s, "PRAGMA user_version", &value), 0);
	assert_int_equal(value, schema_version());
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	if (adm && !geteuid())
		assert_int_equal(st.st_gid, adm->gr_gid);
	store_close(s);
	/* readers of another account need the -wal and -shm while nobody writes */
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
}

/* Group adm reads while the daemon is stopped: what PERSIST_WAL and the modes are for. */
static void another_account_reads_a_stopped_history(void **state)
{
	struct fixture *f = *state;
	struct group *adm = getgrnam("adm");
	struct rig rig;
	int status_word;
	pid_t pid;

	if (geteuid() || !adm)
		skip();
	rig_init(&rig, f->path);
	rig_send(&rig, 5);
	rig_fini(&rig);
	pid = fork();
	if (!pid) {
		sqlite3_stmt *stmt;
		sqlite3 *db;
		char uri[120];

		snprintf(uri, sizeof(uri), "file:%s?mode=ro", f->path);
		_exit(setgroups(0, NULL) || setgid(adm->gr_gid) || setuid(65534) ||
		      sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) ||
		      sqlite3_prepare_v2(db, "SELECT count(*) FROM lookups", -1, &stmt, NULL) ||
		      sqlite3_step(stmt) != SQLITE_ROW || sqlite3_column_int(stmt, 0) != 5);
	}
	assert_int_equal(waitpid(pid, &status_word, 0), pid);
	assert_int_equal(status_word, 0);
}

static void foreign_and_newer_databases_are_refused_untouched(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *sql;
		int rc;
	} cases[] = {
		{ "CREATE TABLE queries (id)", -EMEDIUMTYPE },
		{ "PRAGMA application_id = 1", -EMEDIUMTYPE },
		{ "PRAGMA application_id = 1852667748; PRAGMA user_version = 999", -EPROTO },
	};
	char before[8192], after[8192];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct store *s = NULL;
		ssize_t n, m;
		int fd;

		unlink(f->path);
		fixture_exec(f->path, cases[i].sql);
		fd = open(f->path, O_RDONLY | O_CLOEXEC);
		n = pread(fd, before, sizeof(before), 0);
		assert_int_equal(store_open(f->path, &s), cases[i].rc);
		assert_null(s);
		m = pread(fd, after, sizeof(after), 0);
		close(fd);
		assert_true(n > 0 && n == m);
		assert_memory_equal(before, after, n);
	}
}

static void recorder_gives_up_on_a_newer_database_until_reload(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	fixture_exec(f->path, "PRAGMA application_id = 1852667748; PRAGMA user_version = 999");
	rig_init(&rig, f->path);
	rig_send(&rig, 10);
	rig_pass(&rig, 60000);
	assert_string_equal(status(&rig, "state"), "given up");
	rig_send(&rig, 10);
	assert_string_equal(status(&rig, "dropped"), "10"); /* the first ten still wait */
	unlink(f->path);
	recorder_configure(rig.recorder, &rig.conf, rig.now);
	rig_pass(&rig, 5000);
	assert_string_equal(status(&rig, "state"), "recording");
	assert_int_equal(rows_in(f->path), 10);
	rig_fini(&rig);
}

static void files_that_are_none_are_refused(void **state)
{
	struct fixture *f = *state;
	char path[100];
	struct store *s;

	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(store_open(f->path, &s), -EINVAL); /* and does not hang */
	snprintf(path, sizeof(path), "%s/none/h.db", f->folder);
	assert_int_equal(store_open(path, &s), -ENOENT);
}

/* --- commits ------------------------------------------------------------------------ */

static void rows_are_committed_in_time_or_by_number(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_init(&rig, f->path);
	rig_pass(&rig, 10000);
	rig_send(&rig, 3);
	rig_pass(&rig, 1900);
	assert_int_equal(rows_in(f->path), 0);
	rig_pass(&rig, 200);
	assert_int_equal(rows_in(f->path), 3);
	rig_send(&rig, 600);
	rig_pass(&rig, RECORDER_GAP_MS + 10);
	assert_int_equal(rows_in(f->path), 603);
	rig_fini(&rig);
}

static void rows_come_soon_while_somebody_follows(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_init(&rig, f->path);
	rig_pass(&rig, 10);
	recorder_follow(rig.recorder, rig.now);
	rig_send(&rig, 1);
	rig_pass(&rig, RECORDER_FOLLOWED_MS - 50);
	assert_int_equal(rows_in(f->path), 0);
	rig_pass(&rig, 60);
	assert_int_equal(rows_in(f->path), 1);
	rig_pass(&rig, RECORDER_FOLLOW_MS);
	rig_send(&rig, 1);
	rig_pass(&rig, 1900);
	assert_int_equal(rows_in(f->path), 1);
	rig_pass(&rig, 200);
	assert_int_equal(rows_in(f->path), 2);
	rig_fini(&rig);
}

static void stop_commits_what_waits_and_empties_the_wal(void **state)
{
	struct fixture *f = *state;
	char wal[100];
	struct stat st;
	struct rig rig;

	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	rig_init(&rig, f->path);
	rig_send(&rig, 20000); /* more than one batch */
	rig_fini(&rig);
	assert_int_equal(rows_in(f->path), 20000);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size < 25 << 20);
	assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
}

static void another_path_after_reload_is_used_and_the_old_file_is_complete(void **state)
{
	struct fixture *f = *state;
	char other[100];
	struct rig rig;

	snprintf(other, sizeof(other), "%s/other.db", f->folder);
	rig_init(&rig, f->path);
	rig_pass(&rig, 100);
	rig_send(&rig, 5);
	rig.conf.file = other;
	recorder_configure(rig.recorder, &rig.conf, rig.now);
	rig_send(&rig, 7);
	rig_pass(&rig, 3000);
	assert_int_equal(rows_in(f->path), 5);
	assert_int_equal(rows_in(other), 7);
	rig.conf.on = false;
	recorder_configure(rig.recorder, &rig.conf, rig.now);
	rig_send(&rig, 7);
	rig_pass(&rig, 3000);
	assert_int_equal(rows_in(other), 7);
	assert_string_equal(status(&rig, "state"), "off");
	assert_string_equal(status(&rig, "dropped"), "0");
	rig_fini(&rig);
}

/* --- faults of the disk (reliability 34, 36, 41) ------------------------------------ */

static void a_failing_disk_loses_nothing_within_the_queue(void **state)
{
	struct fixture *f = *state;
	static const struct fault faults[] = {
		{ .error = ENOSPC, .in_write = true },
		{ .error = EIO, .in_write = true },
		{ .error = EROFS, .in_write = true },
		{ .error = EDQUOT, .in_write = true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct rig rig;

		unlink(f->path);
		rig_init(&rig, f->path);
		rig_send(&rig, 10);
		rig_pass(&rig, 3000);
		*fault() = faults[i];
		rig_send(&rig, 1000);
		rig_pass(&rig, 20000);
		assert_true(fault()->hits > 0 && fault()->hits < 100);
		*fault() = (struct fault){ 0 };
		assert_string_equal(status(&rig, "state"), "waiting");
		assert_string_not_equal(status(&rig, "last-error"), "-");
		assert_int_equal(rows_in(f->path), 10);
		rig_pass(&rig, 40000);
		assert_string_equal(status(&rig, "state"), "recording");
		assert_int_equal(rows_in(f->path), 1010);
		assert_string_equal(status(&rig, "dropped"), "0");
		rig_fini(&rig);
		assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind"
							 " = 'history-resumed'"), 1);
		assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
	}
}

/* What did not fit is said: once, as an event, with its number. */
static void what_a_long_fault_drops_is_counted_and_said(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_init(&rig, f->path);
	rig_pass(&rig, 100);
	*fault() = (struct fault){ .error = ENOSPC, .in_write = true };
	rig_send(&rig, 100000);
	rig_pass(&rig, 5000);
	*fault() = (struct fault){ 0 };
	assert_string_equal(status(&rig, "queue"), "98304");
	assert_string_equal(status(&rig, "dropped"), "1696");
	rig_pass(&rig, 60000);
	rig_fini(&rig);
	assert_int_equal(rows_in(f->path), 98304);
	assert_string_equal(fixture_text(f->path, "SELECT substr(detail, 1, 12) FROM events WHERE"
						  " kind = 'history-dropped'"),
			    "1696 records");
}

static void a_failed_fsync_is_not_trusted_again(void **state)
{
	struct fixture *f = *state;
	struct store *s;

	assert_int_equal(store_open(f->path, &s), 0);
	for (unsigned i = 0; store_wal_pages(s) < STORE_CHECKPOINT_PAGES; i++) {
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_exec(s, "INSERT INTO event (kind) VALUES ('x')"), 0);
		assert_int_equal(store_commit(s), 0);
		assert_int_equal(store_checkpoint(s), 0);
		if (store_wal_pages(s) == STORE_CHECKPOINT_PAGES - 2)
			*fault() = (struct fault){ .error = EIO, .in_sync = true };
		if (fault()->error)
			break;
	}
	assert_int_equal(store_begin(s), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(store_exec(s, "INSERT INTO event (kind, detail) VALUES ('x',"
					       " hex(randomblob(3000)))"), 0);
	assert_int_equal(store_commit(s), 0);
	assert_int_equal(store_checkpoint(s), -EIO);
	assert_true(fault()->hits > 0);
	*fault() = (struct fault){ 0 };
	store_close(s);
	assert_int_equal(store_open(f->path, &s), 0);
	store_close(s);
	assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
}

/* The real thing: a file system of 1 MiB. */
static void a_full_file_system_is_survived(void **state)
{
	struct fixture *f = *state;
	char folder[100], path[120], filler[120];
	struct rig rig;
	int64_t rows;

	snprintf(folder, sizeof(folder), "%s/full", f->folder);
	snprintf(path, sizeof(path), "%s/h.db", folder);
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip();
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mount("tmpfs", folder, "tmpfs", 0, "size=1536k"), 0);
	overwrite(filler, 1 << 19, "x", 1);
	assert_int_equal(truncate(filler, 0), 0);
	rig_init(&rig, path);
	rig_send(&rig, 40000);
	rig_pass(&rig, 60000);
	assert_string_equal(status(&rig, "state"), "waiting");
	assert_string_equal(status(&rig, "last-error"), "the disk is full");
	rows = rows_in(path);
	assert_true(rows < 40000);
	assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
	rig_pass(&rig, 60000);
	assert_string_equal(status(&rig, "state"), "recording");
	rig_fini(&rig);
	assert_int_equal(rows_in(path), 40000);
	assert_string_equal(fixture_text(path, "PRAGMA integrity_check"), "ok");
	assert_int_equal(umount(folder), 0);
	rmdir(folder);
}

static void a_read_only_file_system_is_waited_for(void **state)
{
	struct fixture *f = *state;
	char folder[100], path[120];
	struct rig rig;

	snprintf(folder, sizeof(folder), "%s/ro", f->folder);
	snprintf(path, sizeof(path), "%s/h.db", folder);
	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip();
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_RDONLY, "size=8m"), 0);
	rig_init(&rig, path);
	rig_send(&rig, 10);
	rig_pass(&rig, 10000);
	assert_string_equal(status(&rig, "state"), "waiting");
	assert_string_equal(status(&rig, "last-error"),
			    "the file or its file system is read-only");
	assert_int_equal(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=8m"), 0);
	rig_pass(&rig, 40000);
	assert_string_equal(status(&rig, "state"), "recording");
	assert_int_equal(rows_in(path), 10);
	rig_fini(&rig);
	assert_int_equal(umount(folder), 0);
	rmdir(folder);
}

/* --- locks and readers (37, 38) ----------------------------------------------------- */

/* A shell deleted rows, and with them what the writer remembers: it must not go on with ids
 * and marks that are of no rows any more. */
static void what_another_program_changed_is_read_anew(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_init(&rig, f->path);
	for (unsigned i = 0; i < 3; i++) {
		rig.names = 0; /* known texts from now on */
		rig_send(&rig, 20);
		rig_pass(&rig, 3000);
	}
	assert_int_equal(rows_in(f->path), 60);
	fixture_exec(f->path, "DELETE FROM lookup; DELETE FROM name; DELETE FROM client;"
			      "DELETE FROM outcome; DELETE FROM upstream;");
	rig.names = 0;
	rig_send(&rig, 20);
	rig_pass(&rig, 3000);
	assert_int_equal(rows_in(f->path), 20);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups WHERE name IS NULL"
						 " OR who IS NULL OR verdict IS NULL"), 0);
	assert_string_equal(status(&rig, "state"), "recording");
	assert_string_equal(status(&rig, "dropped"), "0");
	assert_string_equal(status(&rig, "rows"), "80");
	assert_int_equal(moved_aside(f), 0);
	/* also at the very end */
	fixture_exec(f->path, "DELETE FROM lookup; DELETE FROM name; DELETE FROM client;");
	rig.names = 0;
	rig_send(&rig, 20);
	rig_fini(&rig);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM lookups WHERE name IS NOT NULL"
						 " AND who IS NOT NULL"), 20);
}

static void pruning_on_request_is_told_and_ends_with_an_event(void **state)
{
	struct fixture *f = *state;
	char text[1024];
	struct rig rig;
	size_t len;

	rig_init(&rig, f->path);
	assert_int_equal(recorder_prune(rig.recorder, "", rig.now), -ENOENT);
	rig_send(&rig, 5000);
	rig_pass(&rig, 3000);
	assert_int_equal(recorder_prune(rig.recorder, "before all", rig.now), -EINVAL);
	snprintf(text, sizeof(text), "before %lld lookups", (long long)rig.now.wall_us);
	assert_int_equal(recorder_prune(rig.recorder, text, rig.now), 0);
	assert_int_equal(recorder_prune(rig.recorder, "", rig.now), -EALREADY);
	assert_string_equal(status(&rig, "pruning"), "0 rows so far");
	rig_send(&rig, 10);
	rig_pass(&rig, 10000);
	assert_string_equal(status(&rig, "pruning"), "(none)");
	len = recorder_pruning(rig.recorder, text, sizeof(text) - 1);
	text[len] = '\0';
	assert_non_null(strstr(text, "active\t0\nlookups\t5000\n"));
	assert_int_equal(rows_in(f->path), 10);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind ="
						 " 'history-pruned'"), 1);
	rig_fini(&rig);
}

static void a_locked_file_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct rig rig;
	sqlite3 *shell;

	rig_init(&rig, f->path);
	rig_send(&rig, 10);
	rig_pass(&rig, 3000);
	assert_int_equal(sqlite3_open(f->path, &shell), SQLITE_OK);
	assert_int_equal(sqlite3_exec(shell, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	for (unsigned i = 0; i < 5; i++) {
		rig_send(&rig, 100);
		rig_pass(&rig, 1000);
	}
	assert_string_equal(status(&rig, "queue"), "500");
	assert_int_equal(rows_in(f->path), 10);
	sqlite3_close(shell);
	rig_pass(&rig, 1000);
	assert_int_equal(rows_in(f->path), 510);
	assert_string_equal(status(&rig, "state"), "recording");
	assert_string_equal(status(&rig, "dropped"), "0");
	rig_pass(&rig, 3000);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind ="
				" 'history-resumed' AND detail LIKE '%holds it locked'"), 1);
	rig_fini(&rig);
}

/* Shells lock for a moment all the time: that is no event. */
static void a_short_lock_is_no_event(void **state)
{
	struct fixture *f = *state;
	struct rig rig;
	sqlite3 *shell;

	rig_init(&rig, f->path);
	rig_pass(&rig, 10);
	assert_int_equal(sqlite3_open(f->path, &shell), SQLITE_OK);
	assert_int_equal(sqlite3_exec(shell, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	rig_send(&rig, 10);
	rig_pass(&rig, 2600);
	assert_non_null(strstr(status(&rig, "last-error"), "locked"));
	sqlite3_close(shell);
	rig_pass(&rig, 6000);
	assert_int_equal(rows_in(f->path), 10);
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events"), 0);
	rig_fini(&rig);
}

/* A reader of days: the WAL has a limit, what waits has one, and both are said. */
static void a_reader_that_never_ends_stops_the_wal_at_its_limit(void **state)
{
	struct fixture *f = *state;
	struct rig rig;
	sqlite3 *shell;

	rig_init(&rig, f->path);
	rig_send(&rig, 10);
	rig_pass(&rig, 3000);
	assert_int_equal(sqlite3_open(f->path, &shell), SQLITE_OK);
	assert_int_equal(sqlite3_exec(shell, "BEGIN; SELECT count(*) FROM lookup", NULL, NULL,
				      NULL), SQLITE_OK);
	rig_send(&rig, 10);
	rig_pass(&rig, 3000);
	assert_int_equal(rows_in(f->path), 20);
	/* as if a gibibyte had been written meanwhile */
	wal_hook.call(wal_hook.arg, wal_hook.db, "main", STORE_WAL_LIMIT_PAGES);
	rig_send(&rig, 10);
	rig_pass(&rig, 60000);
	assert_int_equal(rows_in(f->path), 20);
	assert_string_equal(status(&rig, "state"), "waiting");
	assert_non_null(strstr(status(&rig, "last-error"), "a reader has held"));
	assert_string_equal(status(&rig, "queue"), "10");
	sqlite3_close(shell);
	rig_pass(&rig, 60000);
	assert_int_equal(rows_in(f->path), 30);
	assert_string_equal(status(&rig, "dropped"), "0");
	assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind ="
				" 'history-resumed' AND detail LIKE '%a reader has held%'"), 1);
	rig_fini(&rig);
}

/* Days forwards and back again: no row goes by a time that nobody believes. */
static void a_clock_that_steps_deletes_nothing_and_is_an_event(void **state)
{
	static const int64_t steps_us[] = { 400ll * 86400 * 1000000, -400ll * 86400 * 1000000,
					    -3ll * 86400 * 1000000, 3ll * 86400 * 1000000 };
	struct fixture *f = *state;
	struct rig rig;

	rig_init(&rig, f->path);
	rig_send(&rig, 100);
	rig_pass(&rig, 90000);
	assert_string_equal(status(&rig, "clock"), "agreed");
	for (size_t i = 0; i < ARRAY_SIZE(steps_us); i++) {
		rig.now.wall_us += steps_us[i];
		rig_send(&rig, 10);
		rig_pass(&rig, 180000);
		assert_int_equal(rows_in(f->path), 110 + 10 * (int64_t)i);
		assert_string_equal(status(&rig, "pruned"), "0");
		if (i == 0)
			assert_string_equal(status(&rig, "clock"), "doubted");
	}
	assert_string_equal(status(&rig, "state"), "recording");
	assert_true(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind ="
					    " 'clock-stepped'") >= 1);
	rig_fini(&rig);
}

static void a_long_reader_is_noticed_and_the_wal_shrinks_after_it(void **state)
{
	struct fixture *f = *state;
	sqlite3 *shell;
	struct store *s;
	int rc = 0;

	assert_int_equal(store_open(f->path, &s), 0);
	assert_int_equal(sqlite3_open(f->path, &shell), SQLITE_OK);
	assert_int_equal(sqlite3_exec(shell, "BEGIN; SELECT count(*) FROM lookup", NULL, NULL,
				      NULL), SQLITE_OK);
	for (unsigned i = 0; i < STORE_WAL_ALARM_PAGES && !rc; i++) {
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_exec(s, "INSERT INTO event (kind) VALUES ('x');"
					       "INSERT INTO name (name) VALUES ('x')"), 0);
		assert_int_equal(store_commit(s), 0);
		rc = store_checkpoint(s);
	}
	assert_int_equal(rc, -EBUSY);
	assert_true(store_wal_pages(s) >= STORE_WAL_ALARM_PAGES);
	sqlite3_close(shell);
	rc = -EBUSY;
	for (unsigned i = 0; i < STORE_CHECKPOINT_PAGES && rc; i++) {
		assert_int_equal(store_begin(s), 0);
		assert_int_equal(store_exec(s, "INSERT INTO event (kind) VALUES ('x')"), 0);
		assert_int_equal(store_commit(s), 0);
		rc = store_wal_pages(s) < STORE_WAL_ALARM_PAGES ? 0 : -EBUSY;
		assert_int_equal(store_checkpoint(s), 0);
	}
	assert_true(store_wal_pages(s) < 10);
	assert_int_equal(store_begin(s), 0);
	assert_int_equal(store_exec(s, "INSERT INTO event (kind) VALUES ('x')"), 0);
	assert_int_equal(store_commit(s), 0);
	assert_true(store_file_bytes(s) < 32 << 20);
	store_close(s);
}

/* --- corruption (39) ---------------------------------------------------------------- */

static void corrupt_header(const char *path)
{
	overwrite(path, 0, "garbage garbage garbage garbage", 31);
}

static void corrupt_middle(const char *path)
{
	char page[4096];

	memset(page, 0xa5, sizeof(page));
	for (off_t at = 3; at < 40; at++)
		overwrite(path, at * 4096, page, sizeof(page));
}

static void cut_in_half(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2 / 4096 * 4096), 0);
}

static void cut_to_100_bytes(const char *path)
{
	assert_int_equal(truncate(path, 100), 0);
}

static void make_text(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
	for (off_t i = 0; i < 1000; i++)
		overwrite(path, i * 12, "hello world\n", 12);
}

static void make_empty(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void a_corrupt_file_is_kept_aside_and_recording_goes_on(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *what;
		void (*corrupt)(const char *path);
		unsigned aside;
	} cases[] = {
		{ "header", corrupt_header, 1 },	{ "middle", corrupt_middle, 1 },
		{ "half", cut_in_half, 1 },		{ "100 bytes", cut_to_100_bytes, 1 },
		{ "text", make_text, 1 },		{ "empty", make_empty, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char command[200];
		struct rig rig;

		rig_init(&rig, f->path);
		rig_send(&rig, 5000);
		rig_fini(&rig);
		cases[i].corrupt(f->path);
		rig_init(&rig, f->path);
		rig_send(&rig, 5);
		rig_pass(&rig, 3000);
		if (moved_aside(f) != cases[i].aside)
			fail_msg("%s: %u moved", cases[i].what, moved_aside(f));
		assert_string_equal(status(&rig, "state"), "recording");
		rig_fini(&rig);
		assert_int_equal(rows_in(f->path), 5);
		assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind"
							 " = 'history-corrupt'"),
				 cases[i].aside);
		snprintf(command, sizeof(command), "rm -f %s/h.db*", f->folder);
		assert_int_equal(system(command), 0);
	}
}

static void corruption_met_while_running_is_the_same_and_does_not_repeat_for_ever(void **state)
{
	struct fixture *f = *state;
	struct rig rig;

	rig_init(&rig, f->path);
	rig_send(&rig, 5);
	rig_pass(&rig, 3000);
	for (unsigned i = 0; i < 3; i++) {
		rig_send(&rig, 5);
		fault()->step_code = i < 2 ? SQLITE_CORRUPT : 0;
		rig_pass(&rig, 3000);
	}
	assert_int_equal(moved_aside(f), 1);
	assert_string_equal(status(&rig, "state"), "waiting");
	rig_pass(&rig, 600000);
	assert_string_equal(status(&rig, "state"), "recording");
	assert_int_equal(rows_in(f->path), 15);
	rig_fini(&rig);
}

/* --- deleted, replaced (40) --------------------------------------------------------- */

static void a_deleted_or_replaced_file_is_noticed_at_the_next_commit(void **state)
{
	struct fixture *f = *state;
	static const char *const commands[] = {
		"rm %1$s", "rm %1$s %1$s-wal %1$s-shm", "rm %1$s-wal", "mv %1$s %1$s.old",
		"cp %1$s %1$s.copy; mv %1$s.copy %1$s",
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		char command[400];
		struct rig rig;

		rig_init(&rig, f->path);
		rig_send(&rig, 5);
		rig_pass(&rig, 3000);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(command, sizeof(command), commands[i], f->path);
#pragma GCC diagnostic pop
		assert_int_equal(system(command), 0);
		rig_send(&rig, 7);
		rig_pass(&rig, 3000);
		assert_string_equal(status(&rig, "state"), "recording");
		assert_string_equal(status(&rig, "queue"), "0");
		rig_fini(&rig);
		if (rows_in(f->path) < 7)
			fail_msg("%s: %d rows", commands[i], (int)rows_in(f->path));
		assert_int_equal(fixture_number(f->path, "SELECT count(*) FROM events WHERE kind"
							 " = 'history-replaced'"), 1);
		snprintf(command, sizeof(command), "rm -f %s/h.db*", f->folder);
		assert_int_equal(system(command), 0);
	}
}

/* --- killed (42, 56) ---------------------------------------------------------------- */

static void write_until_killed(const char *path, int report_fd)
{
	struct rig rig;
	int64_t sent;

	rig_init(&rig, path);
	rig.now.wall_us = clock_wall_us(); /* every round goes on behind the last */
	for (;;) {
		rig_send(&rig, 40);
		rig_pass(&rig, 2100);
		sent = rig.names;
		if (write(report_fd, &sent, sizeof(sent)) < 0)
			_exit(1);
	}
}

static void kill_9_in_the_middle_loses_nothing_that_was_committed(void **state)
{
	struct fixture *f = *state;
	int64_t total = 0, sent, last;

	for (unsigned round = 0; round < 30; round++) {
		int fds[2], status_word;
		pid_t pid;

		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		pid = fork();
		if (!pid)
			write_until_killed(f->path, fds[1]);
		close(fds[1]);
		assert_true(read(fds[0], &last, sizeof(last)) == sizeof(last));
		usleep(round * 1000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status_word, 0), pid);
		while (read(fds[0], &sent, sizeof(sent)) == sizeof(sent))
			last = sent;
		close(fds[0]);
		total += last;
		assert_string_equal(fixture_text(f->path, "PRAGMA integrity_check"), "ok");
		if (rows_in(f->path) < total)
			fail_msg("round %u: %d rows of %d", round, (int)rows_in(f->path),
				 (int)total);
		total = rows_in(f->path);
	}
}

static void a_killed_creation_or_migration_begins_again(void **state)
{
	struct fixture *f = *state;
	struct store *s;

	/* what a kill leaves between the header and the tables */
	fixture_exec(f->path, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;"
			      "PRAGMA application_id = 1852667748; PRAGMA journal_mode = WAL;");
	assert_int_equal(store_open(f->path, &s), 0);
	store_close(s);
	assert_int_equal(rows_in(f->path), 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(new_file_is_made_as_promised),
		TEST(another_account_reads_a_stopped_history),
		TEST(foreign_and_newer_databases_are_refused_untouched),
		TEST(recorder_gives_up_on_a_newer_database_until_reload),
		TEST(files_that_are_none_are_refused),
		TEST(rows_are_committed_in_time_or_by_number),
		TEST(rows_come_soon_while_somebody_follows),
		TEST(stop_commits_what_waits_and_empties_the_wal),
		TEST(another_path_after_reload_is_used_and_the_old_file_is_complete),
		TEST(a_failing_disk_loses_nothing_within_the_queue),
		TEST(what_a_long_fault_drops_is_counted_and_said),
		TEST(a_failed_fsync_is_not_trusted_again),
		TEST(a_full_file_system_is_survived),
		TEST(a_read_only_file_system_is_waited_for),
		TEST(what_another_program_changed_is_read_anew),
		TEST(pruning_on_request_is_told_and_ends_with_an_event),
		TEST(a_locked_file_is_waited_for),
		TEST(a_short_lock_is_no_event),
		TEST(a_reader_that_never_ends_stops_the_wal_at_its_limit),
		TEST(a_clock_that_steps_deletes_nothing_and_is_an_event),
		TEST(a_long_reader_is_noticed_and_the_wal_shrinks_after_it),
		TEST(a_corrupt_file_is_kept_aside_and_recording_goes_on),
		TEST(corruption_met_while_running_is_the_same_and_does_not_repeat_for_ever),
		TEST(a_deleted_or_replaced_file_is_noticed_at_the_next_commit),
		TEST(kill_9_in_the_middle_loses_nothing_that_was_committed),
		TEST(a_killed_creation_or_migration_begins_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
