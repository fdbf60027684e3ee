/*
 * What the dbwriter process does, without its event loop: takes messages into the queue,
 * commits when it is time, prunes in between, and lives through every fault of the file:
 * full, locked, read-only, failing, corrupt, gone. Knows nothing of channels; time comes in
 * as parameters. It logs, being the process's own part.
 */
#ifndef DB_RECORDER_H
#define DB_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/history.h"

struct conf_history;
struct recorder;

/** Identical lookups fold for at least this long: rows alone never commit sooner. */
#define RECORDER_GAP_MS 250

/** While somebody follows, rows wait no longer than this. */
#define RECORDER_FOLLOWED_MS 300
#define RECORDER_FOLLOW_MS   5000 /* after each word of theirs */

struct recorder_now {
	int64_t wall_us;
	uint64_t mono_us;
};

/** @param labels  copied. @return NULL without memory */
struct recorder *recorder_new(const struct history_labels *labels);

/** Stop recording (see recorder_stop) and free. NULL is allowed. */
void recorder_free(struct recorder *r);

/** Use these values from now on. What waits is committed to the old file first; another
 *  file is opened by the next recorder_run. Trouble with a file is never an error here.
 *  @param conf  copied
 *  @retval -ENOMEM  nothing was changed */
int recorder_configure(struct recorder *r, const struct conf_history *conf,
		       struct recorder_now now);

/** Take all records of a checked MSG_LOOKUP, MSG_REFUSED or MSG_EVENT. What does not fit is
 *  counted; an event will say so. */
void recorder_take(struct recorder *r, const void *message);

/** Do what is due. @return milliseconds until something may be due again; 0: at once */
unsigned recorder_run(struct recorder *r, struct recorder_now now);

/** Commit what waits, checkpoint, close. A later recorder_configure begins anew. */
void recorder_stop(struct recorder *r, struct recorder_now now);

/** Somebody follows what is recorded: commit sooner for RECORDER_FOLLOW_MS. */
void recorder_follow(struct recorder *r, struct recorder_now now);

/** Begin to delete what was recorded of a client, or of a name, until now. It is done in
 *  slices by recorder_run; an event says when.
 *  @param request  "client TV", "name x.example" or "name *.x.example"
 *  @retval -EINVAL  it is not one of these
 *  @retval -EBUSY   another one is under way, or rows wait that cannot be written now
 *  @retval -ENOENT  no database is open */
int recorder_forget(struct recorder *r, const char *request, struct recorder_now now);

/** Begin to prune at once; in slices by recorder_run; an event says when it is done.
 *  @param request  see prune_request.h
 *  @retval -EINVAL    it is none
 *  @retval -EALREADY  another one is under way
 *  @retval -ENOENT    no database is open; and as store.h */
int recorder_prune(struct recorder *r, const char *request, struct recorder_now now);

/** Lines "KEY\tNUMBER\n" about the last such request: `active`, then rows of each kind and
 *  `bytes` given back; returns their length, 0 if the file was opened since. */
size_t recorder_pruning(struct recorder *r, char *buf, size_t size);

/** Lines "history\tKEY\tVALUE\n" for `nameward status`; returns their length. */
size_t recorder_status(struct recorder *r, char *buf, size_t size);

#endif
