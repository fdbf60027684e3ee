/*
 * A copy of the history as of one moment, made while the daemon goes on writing: a reader of
 * a WAL database hinders no writer. Knows nothing of output.
 */
#ifndef DB_REPORT_BACKUP_H
#define DB_REPORT_BACKUP_H

#include <stdint.h>

#include "db/report.h"

struct backup {
	const char *path; /* of the copy; nothing may be there */
	/** Called between the pieces, and while it is checked; not 0: leave it. */
	int (*progress)(void *arg, int64_t bytes, int64_t of);
	void *arg;
	int64_t bytes; /* gets the size of the copy */
};

/** Copy to a file of mode 0600, check it whole, and give it its name only then: one file
 *  without a WAL, which sqlite3 reads and namewardd takes as its history. The connection is of
 *  no other use afterwards.
 *  @retval -EEXIST   something is there, and stays as it is
 *  @retval -EUCLEAN  the copy is damaged, and so is the history
 *  @retval -EINTR    progress said so: nothing is left behind
 *  @return else as store.h, of the copy's file system, and report_log() */
int report_backup(struct report *r, struct backup *b);

#endif
