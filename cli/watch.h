/*
 * Waiting for a database to change, or for the user to interrupt. Knows nothing of SQL: it
 * looks at the files.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

struct watch;

#define WATCH_QUIET_MS 1000

enum watch_event {
	WATCH_CHANGED,	   /* something was written */
	WATCH_REPLACED,	   /* another file has its name now: open again */
	WATCH_QUIET,	   /* nothing for WATCH_QUIET_MS */
	WATCH_INTERRUPTED, /* SIGINT or SIGTERM */
};

/** Watch the database at path and its WAL. SIGINT and SIGTERM are blocked until
 *  watch_free(), and end a watch_wait().
 *  @param path  borrowed; outlives the watch
 *  @retval negative errno */
int watch_new(const char *path, struct watch **out);

/** Wait for an event, looking four times a second. The first call returns at once. */
enum watch_event watch_wait(struct watch *w);

/** Restores the signal mask. NULL is allowed. */
void watch_free(struct watch *w);

#endif
