/*
 * Polls by stat(2): a commit in WAL mode writes to the file PATH-wal, a checkpoint to the
 * database. Two system calls a poll, no lock and no transaction.
 */
#include "cli/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/interrupt.h"

#define POLL_MS 250

/* What changes with a commit, and the file itself. */
struct trace {
	int64_t inode;
	int64_t database_s, database_ns;
	int64_t wal_s, wal_ns, wal_bytes;
};

struct watch {
	const char *path; /* borrowed */
	char wal_path[PATH_MAX];
	struct interrupt interrupt;
	bool has_looked;
	struct trace trace; /* as last seen; zeroed: not seen yet */
};

/* false: the database is not there now. */
static bool look(const struct watch *w, struct trace *trace)
{
	struct stat st;

	memset(trace, 0, sizeof(*trace));
	if (stat(w->path, &st) < 0)
		return false;
	trace->inode = (int64_t)st.st_ino;
	trace->database_s = st.st_mtim.tv_sec;
	trace->database_ns = st.st_mtim.tv_nsec;
	if (stat(w->wal_path, &st) < 0)
		return true;
	trace->wal_s = st.st_mtim.tv_sec;
	trace->wal_ns = st.st_mtim.tv_nsec;
	trace->wal_bytes = st.st_size;
	return true;
}

int watch_new(const char *path, struct watch **out)
{
	struct watch *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	w->path = path;
	if (snprintf(w->wal_path, sizeof(w->wal_path), "%s-wal", path) >=
	    (int)sizeof(w->wal_path)) {
		free(w);
		return -ENAMETOOLONG;
	}
	rc = interrupt_init(&w->interrupt);
	if (rc < 0) {
		free(w);
		return rc;
	}
	*out = w;
	return 0;
}

enum watch_event watch_wait(struct watch *w)
{
	for (int waited_ms = 0;; waited_ms += POLL_MS) {
		struct trace trace;
		int64_t inode = w->trace.inode;

		if (interrupt_came(&w->interrupt, w->has_looked ? POLL_MS : 0))
			return WATCH_INTERRUPTED;
		w->has_looked = true;
		if (waited_ms >= WATCH_QUIET_MS)
			return WATCH_QUIET;
		if (!look(w, &trace) || memcmp(&trace, &w->trace, sizeof(trace)) == 0)
			continue;
		w->trace = trace;
		return inode == 0 || inode == trace.inode ? WATCH_CHANGED : WATCH_REPLACED;
	}
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	interrupt_fini(&w->interrupt);
	free(w);
}
