/*
 * The copy is made by SQLite's backup within one read transaction, so that no commit of the
 * daemon makes it begin anew; see report_backup.h.
 */
#include "db/report_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/report_impl.h"
#include "db/store_error.h"
#include "lib/util.h"

#define STEP_PAGES 2048 /* 8 MiB */

/* The copy while it is made. */
struct copy {
	struct report *source; /* borrowed */
	struct backup *backup; /* borrowed */
	char path[PATH_MAX];
	struct sqlite3 *db; /* owned */
};

/* A new file that only its owner may read; SQLite gives its journal the same mode. */
static int make_file(struct copy *c)
{
	int fd, len = snprintf(c->path, sizeof(c->path), "%s.XXXXXX", c->backup->path);
	struct stat st;

	if (!*c->backup->path || len < 0 || (size_t)len >= sizeof(c->path))
		return -ENAMETOOLONG;
	if (!lstat(c->backup->path, &st))
		return -EEXIST;
	fd = mkostemp(c->path, O_CLOEXEC);
	if (fd < 0) {
		c->path[0] = '\0';
		return store_rc_of_errno(errno);
	}
	close(fd);
	return 0;
}

static int open_copy(struct copy *c)
{
	return store_rc_of(c->db, sqlite3_open_v2(c->path, &c->db,
						  SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
						  NULL));
}

static int exec(struct copy *c, const char *sql)
{
	return store_rc_of(c->db, sqlite3_exec(c->db, sql, NULL, NULL, NULL));
}

static int copy_pages(struct copy *c)
{
	sqlite3_backup *b = sqlite3_backup_init(c->db, "main", c->source->db, "main");
	struct backup *backup = c->backup;
	int64_t page_bytes = 4096, left;
	int code, rc = 0;

	if (!b)
		return store_rc_of(c->db, sqlite3_errcode(c->db));
	report_number(c->source, "PRAGMA page_size", &page_bytes);
	do {
		code = sqlite3_backup_step(b, STEP_PAGES);
		backup->bytes = page_bytes * sqlite3_backup_pagecount(b);
		left = page_bytes * sqlite3_backup_remaining(b);
		if (backup->progress(backup->arg, backup->bytes - left, backup->bytes))
			rc = -EINTR;
	} while (code == SQLITE_OK && !rc);
	sqlite3_backup_finish(b);
	if (!rc && code != SQLITE_DONE)
		rc = store_rc_of(c->db, code);
	return rc;
}

/* What is read first fixes the moment. */
static int copy_of_one_moment(struct copy *c)
{
	int64_t tables;
	int rc = open_copy(c);

	if (!rc)
		rc = exec(c, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;");
	if (!rc)
		rc = report_rc(c->source, sqlite3_exec(c->source->db, "BEGIN", NULL, NULL, NULL));
	if (rc)
		return rc;
	rc = report_number(c->source, "SELECT count(*) FROM sqlite_schema", &tables);
	if (!rc)
		rc = copy_pages(c);
	sqlite3_exec(c->source->db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(c->db);
	c->db = NULL;
	return rc;
}

static int on_progress(void *arg)
{
	const struct backup *b = ((struct copy *)arg)->backup;

	return b->progress(b->arg, b->bytes, b->bytes);
}

static int read_check(struct copy *c)
{
	sqlite3_stmt *stmt;
	int rc = store_rc_of(c->db, sqlite3_prepare_v2(c->db, "PRAGMA integrity_check(1)", -1,
						       &stmt, NULL));

	if (rc)
		return rc;
	rc = store_rc_of(c->db, sqlite3_step(stmt));
	if (!rc && (!sqlite3_column_text(stmt, 0) ||
		    strcmp((const char *)sqlite3_column_text(stmt, 0), "ok")))
		rc = -EUCLEAN;
	sqlite3_finalize(stmt);
	return rc;
}

/* The header came with the pages and says WAL; a copy is one file. */
static int check(struct copy *c)
{
	int rc = open_copy(c);

	if (rc)
		return rc;
	sqlite3_progress_handler(c->db, 10000, on_progress, c);
	rc = exec(c, "PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE;");
	if (!rc)
		rc = read_check(c);
	if (sqlite3_close(c->db) != SQLITE_OK && !rc)
		rc = -EIO;
	c->db = NULL;
	return rc;
}

static int sync_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) ? store_rc_of_errno(errno) : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* link() never takes the place of another file, on any file system; some know no links. */
static int give_name(struct copy *c)
{
	char folder[PATH_MAX];
	char *end;
	int rc = sync_path(c->path, O_RDONLY);

	if (rc)
		return rc;
	if (renameat2(AT_FDCWD, c->path, AT_FDCWD, c->backup->path, RENAME_NOREPLACE)) {
		if (errno == EEXIST)
			return -EEXIST;
		if (link(c->path, c->backup->path))
			return errno == EEXIST ? -EEXIST : store_rc_of_errno(errno);
		unlink(c->path);
	}
	c->path[0] = '\0';
	strcpy(folder, c->backup->path); /* it was longer with its ending */
	end = strrchr(folder, '/');
	if (!end)
		strcpy(folder, ".");
	else
		end[end == folder] = '\0';
	sync_path(folder, O_RDONLY | O_DIRECTORY); /* as far as the file system can */
	return 0;
}

static void remove_rest(struct copy *c)
{
	static const char *const suffix[] = { "", "-journal", "-wal", "-shm" };
	char path[PATH_MAX + 16];

	sqlite3_close(c->db);
	for (size_t i = 0; *c->path && i < ARRAY_SIZE(suffix); i++) {
		snprintf(path, sizeof(path), "%s%s", c->path, suffix[i]);
		unlink(path);
	}
}

int report_backup(struct report *r, struct backup *b)
{
	struct copy *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return -ENOMEM;
	c->source = r;
	c->backup = b;
	rc = make_file(c);
	if (!rc)
		rc = copy_of_one_moment(c);
	if (!rc)
		rc = check(c);
	if (!rc)
		rc = give_name(c);
	remove_rest(c);
	free(c);
	return rc;
}
