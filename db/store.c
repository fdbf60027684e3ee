/* The database file; see store.h. */
#include "db/store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "db/schema.h"
#include "db/site.h"
#include "db/store_error.h"
#include "lib/util.h"

#define STRINGIFY(x) #x
#define TEXT_OF(x)   STRINGIFY(x)

struct file_id {
	dev_t dev;
	ino_t ino;
};

struct store {
	char *path; /* owned */
	char *wal;  /* owned */
	sqlite3 *db;
	int writer_fd; /* owned; its lock says that the file has its writer */
	struct file_id file_is, wal_is;
	uint32_t wal_pages;
	uint32_t checkpoint_at; /* pages */
	sqlite3_stmt *seen;	/* owned; a number that changes when others have written */
	int64_t seen_last;	/* 0: not yet */
};

int store_rc(const struct store *s, int code)
{
	return store_rc_of(s->db, code);
}

const char *store_error(const struct store *s)
{
	return sqlite3_errmsg(s->db);
}

/* --- statements --------------------------------------------------------------------- */

sqlite3 *store_db(struct store *s)
{
	return s->db;
}

int store_prepare(struct store *s, const char *sql, sqlite3_stmt **out)
{
	return store_rc(s, sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
					      out, NULL));
}

int store_run(struct store *s, sqlite3_stmt *stmt)
{
	int rc = store_rc(s, sqlite3_step(stmt));

	sqlite3_reset(stmt); /* repeats step's code; ignored */
	sqlite3_clear_bindings(stmt);
	return rc;
}

int store_exec(struct store *s, const char *sql)
{
	return store_rc(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

int store_number(struct store *s, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt;
	int rc = store_rc(s, sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL));
	int code;

	if (rc)
		return rc;
	code = sqlite3_step(stmt);
	rc = store_rc(s, code);
	if (!rc)
		*out = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	sqlite3_finalize(stmt);
	return rc;
}

void store_library_init(void)
{
	/* refused once the library is in use; then it is only slower */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* --- opening ------------------------------------------------------------------------ */

static int on_wal_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	s->wal_pages = (uint32_t)pages;
	return SQLITE_OK;
}

static int identify(const char *path, struct file_id *out)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? -ESTALE : store_rc_of_errno(errno);
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	return 0;
}

static bool is_same(const char *path, const struct file_id *was)
{
	struct file_id is;

	return !identify(path, &is) && is.dev == was->dev && is.ino == was->ino;
}

/* Whose database this is; nothing is written before that is known. *version is 0 and
 * *is_new true for one without tables. */
static int check_identity(struct store *s, int64_t *version, bool *is_new)
{
	int64_t id, tables;
	int rc = store_number(s, "PRAGMA application_id", &id);

	if (!rc)
		rc = store_number(s, "PRAGMA user_version", version);
	if (!rc)
		rc = store_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
	if (rc)
		return rc;
	*is_new = !id && !*version && !tables;
	if (!*is_new && id != SCHEMA_APPLICATION_ID)
		return -EMEDIUMTYPE;
	if (*version > schema_version())
		return -EPROTO;
	return sqlite3_db_readonly(s->db, "main") ? -EROFS : 0;
}

static int set_up_new(struct store *s)
{
	char sql[64];
	int rc;

	/* these two are fixed with the first page that is written */
	rc = store_exec(s, "PRAGMA page_size = " TEXT_OF(STORE_PAGE_BYTES) ";"
			   "PRAGMA auto_vacuum = INCREMENTAL;");
	if (rc)
		return rc;
	snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
	return store_exec(s, sql);
}

static int set_up_connection(struct store *s)
{
	sqlite3_stmt *stmt;
	int rc = store_rc(s, sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1,
						&stmt, NULL));
	bool is_wal;

	if (rc)
		return rc;
	rc = store_rc(s, sqlite3_step(stmt));
	is_wal = !rc && sqlite3_column_text(stmt, 0) &&
		 !strcmp((const char *)sqlite3_column_text(stmt, 0), "wal");
	sqlite3_finalize(stmt);
	if (rc)
		return rc;
	if (!is_wal)
		return -EROFS;
	sqlite3_wal_hook(s->db, on_wal_commit, s); /* ends SQLite's own checkpoints */
	return store_exec(s, STORE_OVERWRITE_CHEAPLY ";"
			     "PRAGMA synchronous = NORMAL;"
			     "PRAGMA journal_size_limit = 25165824;"
			     "PRAGMA cache_size = -4096;"
			     "PRAGMA temp_store = MEMORY;"
			     "PRAGMA foreign_keys = OFF;");
}

/* A small file is read whole; a large one shows its damage where it is touched. */
static int check_pages(struct store *s)
{
	sqlite3_stmt *stmt;
	int rc;

	if (store_file_bytes(s) > STORE_CHECK_BYTES)
		return 0;
	rc = store_rc(s, sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &stmt, NULL));
	if (rc)
		return rc;
	rc = store_rc(s, sqlite3_step(stmt));
	if (!rc && (!sqlite3_column_text(stmt, 0) ||
		    strcmp((const char *)sqlite3_column_text(stmt, 0), "ok")))
		rc = -EUCLEAN;
	sqlite3_finalize(stmt);
	return rc;
}

/* Group adm reads; SQLite gives a new -wal and -shm the mode but not the group of the file.
 * Without the right to do so the file stays the owner's, which is not an error. */
static void give_to_adm(const struct store *s)
{
	const char *const suffix[] = { "", "-wal", "-shm" };
	const struct group *adm = getgrnam("adm");
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(suffix); i++) {
		if (snprintf(path, sizeof(path), "%s%s", s->path, suffix[i]) >=
		    (int)sizeof(path))
			return;
		if (adm && chown(path, (uid_t)-1, adm->gr_gid))
			continue;
		if (chmod(path, 0640))
			continue;
	}
}

static int set_up(struct store *s)
{
	int64_t version = 0;
	bool is_new = false;
	int off = 0, on = 1, rc;

	sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	sqlite3_extended_result_codes(s->db, 1);
	/* until we know that it is ours, closing must not touch it either */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, off, NULL);
	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	rc = check_identity(s, &version, &is_new);
	if (!rc && is_new)
		rc = set_up_new(s);
	if (!rc)
		rc = set_up_connection(s);
	if (!rc && !is_new)
		rc = check_pages(s);
	if (!rc)
		rc = store_rc(s, site_register(s->db));
	if (!rc)
		rc = store_rc(s, schema_migrate(s->db, (int)version));
	if (rc)
		return rc;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	rc = store_prepare(s, "PRAGMA data_version", &s->seen);
	if (rc)
		return rc;
	give_to_adm(s);
	rc = identify(s->path, &s->file_is);
	return rc ? rc : identify(s->wal, &s->wal_is);
}

/* SQLite tries again read-only and then reports a missing file: what is it really? */
static int check_folder(const char *path)
{
	char folder[PATH_MAX];
	char *end;

	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	end = strrchr(folder, '/');
	if (end)
		end[end == folder] = '\0';
	else
		strcpy(folder, ".");
	return access(folder, W_OK) ? store_rc_of_errno(errno) : -ENOENT;
}

/* One writer keeps ids in memory that a second one would give out again. SQLite's own locks
 * are of another kind; but they go when any descriptor of the file is closed, so this one is
 * closed behind the connection. */
static int become_writer(struct store *s)
{
	s->writer_fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (s->writer_fd >= 0 && flock(s->writer_fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return -EBUSY;
	return 0;
}

static void close_both(struct store *s)
{
	sqlite3_finalize(s->seen);
	sqlite3_close(s->db);
	if (s->writer_fd >= 0)
		close(s->writer_fd);
}

int store_open(const char *path, struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));
	struct stat st;
	int code, rc = -ENOMEM;

	if (!s)
		return -ENOMEM;
	s->writer_fd = -1;
	s->checkpoint_at = STORE_CHECKPOINT_PAGES;
	s->path = strdup(path);
	if (!s->path || asprintf(&s->wal, "%s-wal", path) < 0) {
		s->wal = NULL;
		goto err_free;
	}
	rc = -EINVAL;
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		goto err_free; /* a FIFO would hang us */
	code = sqlite3_open_v2(path, &s->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
			       NULL);
	rc = store_rc_of(s->db, code);
	if (rc == -ENOENT)
		rc = check_folder(path);
	if (!rc)
		rc = become_writer(s);
	if (!rc)
		rc = set_up(s);
	if (rc)
		goto err_close;
	*out = s;
	return 0;

err_close:
	close_both(s);
err_free:
	free(s->wal);
	free(s->path);
	free(s);
	return rc;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	/* a file that took our file's place must not get our pages */
	if (!is_same(s->path, &s->file_is) || !is_same(s->wal, &s->wal_is))
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	close_both(s);
	free(s->wal);
	free(s->path);
	free(s);
}

/* --- transactions ------------------------------------------------------------------- */

/* Within the transaction, so that nobody writes between this and its end. */
static int check_alone(struct store *s)
{
	int code = sqlite3_step(s->seen);
	int64_t seen = sqlite3_column_int64(s->seen, 0);
	int rc = store_rc(s, code);

	sqlite3_reset(s->seen);
	if (!rc && s->seen_last && seen != s->seen_last)
		rc = -EAGAIN;
	if (!rc)
		s->seen_last = seen;
	return rc;
}

int store_begin(struct store *s)
{
	int rc;

	if (!is_same(s->path, &s->file_is) || !is_same(s->wal, &s->wal_is))
		return -ESTALE;
	if (s->wal_pages >= STORE_WAL_LIMIT_PAGES) {
		s->checkpoint_at = 0; /* there is no waiting for more of it */
		if (store_checkpoint(s))
			return -ENOBUFS;
	}
	rc = store_exec(s, "BEGIN IMMEDIATE");
	if (rc)
		return rc;
	rc = check_alone(s);
	if (rc)
		store_rollback(s);
	return rc;
}

int store_commit(struct store *s)
{
	int rc = store_exec(s, "COMMIT");

	if (rc)
		store_rollback(s);
	return rc;
}

void store_rollback(struct store *s)
{
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_checkpoint(struct store *s)
{
	int mode = SQLITE_CHECKPOINT_PASSIVE;
	int in_wal = 0, copied = 0, code;

	if (s->wal_pages < s->checkpoint_at)
		return 0;
	if (s->wal_pages >= STORE_WAL_ALARM_PAGES)
		mode = SQLITE_CHECKPOINT_RESTART;
	code = sqlite3_wal_checkpoint_v2(s->db, NULL, mode, &in_wal, &copied);
	if (code == SQLITE_OK && copied >= in_wal) {
		s->wal_pages = 0;
		s->checkpoint_at = STORE_CHECKPOINT_PAGES;
		return 0;
	}
	/* a reader holds it: try again when it has grown by a quarter of the mark */
	s->checkpoint_at = s->wal_pages + STORE_CHECKPOINT_PAGES / 4;
	if (code != SQLITE_OK)
		return store_rc(s, code);
	return mode == SQLITE_CHECKPOINT_RESTART ? -EBUSY : 0;
}

void store_shrink(struct store *s)
{
	if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
	    SQLITE_OK)
		s->wal_pages = 0;
}

uint32_t store_wal_pages(const struct store *s)
{
	return s->wal_pages;
}

static int64_t bytes_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

int64_t store_file_bytes(const struct store *s)
{
	return bytes_of(s->path) + bytes_of(s->wal);
}

/* --- moving aside ------------------------------------------------------------------- */

static int rename_all(const char *path, const char *to)
{
	const char *const suffix[] = { "-wal", "-shm" };
	char from[PATH_MAX], target[PATH_MAX];

	if (rename(path, to))
		return store_rc_of_errno(errno);
	for (size_t i = 0; i < ARRAY_SIZE(suffix); i++) {
		if (snprintf(from, sizeof(from), "%s%s", path, suffix[i]) >= PATH_MAX ||
		    snprintf(target, sizeof(target), "%s%s", to, suffix[i]) >= PATH_MAX)
			return -ENAMETOOLONG;
		if (rename(from, target) && errno != ENOENT)
			return store_rc_of_errno(errno);
	}
	return 0;
}

int store_move_aside(const char *path, int64_t wall_us, char *to, size_t size)
{
	time_t seconds = (time_t)(wall_us / 1000000);
	char stamp[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return -EINVAL;
	for (unsigned i = 0; i < 100; i++) {
		int len = i ? snprintf(to, size, "%s.corrupt-%s.%u", path, stamp, i) :
			      snprintf(to, size, "%s.corrupt-%s", path, stamp);

		if (len < 0 || (size_t)len >= size)
			return -ENAMETOOLONG;
		if (access(to, F_OK))
			return rename_all(path, to);
	}
	return -EEXIST;
}
