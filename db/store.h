/*
 * One SQLite file in WAL mode: made, checked, opened, committed, checkpointed, moved aside;
 * and the single place where SQLite's result codes become errno. Knows nothing of rows, of
 * retention, or of when to try again.
 *
 * Results, everywhere in db/ (negative):
 *   ENOSPC disk full · EROFS read-only · EACCES no permission · EIO the disk failed ·
 *   EBUSY another connection holds the write lock, or is the file's writer · EUCLEAN corrupt, or not a database ·
 *   ESTALE deleted or replaced while open · EPROTO made by a newer version ·
 *   EMEDIUMTYPE another program's database · ENOBUFS a reader keeps the WAL from being
 *   emptied and it has reached its limit · EAGAIN another program wrote to it: what is remembered
 *   of it may be wrong, so open it anew · ENOMEM
 */
#ifndef DB_STORE_H
#define DB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;
struct store;

#define STORE_PAGE_BYTES	4096
#define STORE_BUSY_MS		100	   /* a commit waits this long for a lock */
#define STORE_CHECKPOINT_PAGES	4000	   /* WAL pages that start a checkpoint: 16 MiB */
#define STORE_WAL_ALARM_PAGES	16384	   /* 64 MiB: a reader holds it; say so */
#define STORE_WAL_LIMIT_PAGES	262144	   /* 1 GiB: no further commit */
#define STORE_CHECK_BYTES	(64 << 20) /* up to this size a file is checked whole */

/* What was deleted is overwritten where that costs no writing, or everywhere. */
#define STORE_OVERWRITE_CHEAPLY "PRAGMA secure_delete = FAST"
#define STORE_OVERWRITE_ALL	"PRAGMA secure_delete = ON"

/** Once in a process, before the first database: one thread, no statistics of memory. */
void store_library_init(void);

/** Open or make the database at path. Its folder must exist; group adm may read the file,
 *  as far as this process may give it away. Statements are the caller's to finalize.
 *  On -EPROTO, -EMEDIUMTYPE and -EBUSY the file was not touched.
 *  @param out  owned by the caller; store_close */
int store_open(const char *path, struct store **out);

/** Close; the WAL is emptied into the file if nothing hinders it. NULL is allowed. */
void store_close(struct store *s);

/** The connection, for preparing statements. */
struct sqlite3 *store_db(struct store *s);

/** What a result code of the last call on this connection means: 0 or negative errno. */
int store_rc(const struct store *s, int code);

/** SQLite's own words for the last failure; borrowed until the next call. */
const char *store_error(const struct store *s);

/** A constant sentence for one of the results above. */
const char *store_reason(int rc);

int store_prepare(struct store *s, const char *sql, struct sqlite3_stmt **out);

/** Step a statement that returns no row, then reset it and clear what was bound. */
int store_run(struct store *s, struct sqlite3_stmt *stmt);

int store_exec(struct store *s, const char *sql);

/** First column of the first row, 0 where there is none. out untouched on failure. */
int store_number(struct store *s, const char *sql, int64_t *out);

/** Take the write lock. @retval -ESTALE, -ENOBUFS, -EAGAIN nothing was begun; and the above */
int store_begin(struct store *s);

/** On failure the transaction has been rolled back. */
int store_commit(struct store *s);

void store_rollback(struct store *s);

/** Copy the WAL into the file if it has grown enough (see above); call after a commit.
 *  @retval -EBUSY  it is over the alarm mark, and a reader holds it */
int store_checkpoint(struct store *s);

/** Empty the WAL and give back what it holds of free pages, if no reader hinders it. */
void store_shrink(struct store *s);

/** Pages in the WAL after the last commit. */
uint32_t store_wal_pages(const struct store *s);

/** Bytes of the file and its WAL on disk. */
int64_t store_file_bytes(const struct store *s);

/** Rename a closed database and what belongs to it: "x.db" becomes
 *  "x.db.corrupt-20261123T080000Z", and -wal and -shm behind it.
 *  @param to  gets the new name (of size bytes) */
int store_move_aside(const char *path, int64_t wall_us, char *to, size_t size);

#endif
