/*
 * Polls by stat(2): a commit in WAL mode writes to the file PATH-wal, a checkpoint to the
 * database. Two system calls a poll, no lock and no transaction.
 */
#include "cli/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

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
	int signal_fd;
	sigset_t old_mask;
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
	sigset_t mask;
	int rc;

	if (!w)
		return -ENOMEM;
	w->path = path;
	if (snprintf(w->wal_path, sizeof(w->wal_path), "%s-wal", path) >=
	    (int)sizeof(w->wal_path)) {
		free(w);
		return -ENAMETOOLONG;
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	w->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signal_fd < 0) {
		rc = -errno;
		free(w);
		return rc;
	}
	sigprocmask(SIG_BLOCK, &mask, &w->old_mask);
	*out = w;
	return 0;
}

static bool is_interrupted(const struct watch *w, int timeout_ms)
{
	struct pollfd pfd = { .fd = w->signal_fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) > 0;
}

enum watch_event watch_wait(struct watch *w)
{
	for (;;) {
		struct trace trace;
		int64_t inode = w->trace.inode;

		if (is_interrupted(w, w->has_looked ? POLL_MS : 0))
			return WATCH_INTERRUPTED;
		w->has_looked = true;
		if (!look(w, &trace) || memcmp(&trace, &w->trace, sizeof(trace)) == 0)
			continue;
		w->trace = trace;
		return inode == 0 || inode == trace.inode ? WATCH_CHANGED : WATCH_REPLACED;
	}
}

void watch_free(struct watch *w)
{
	struct signalfd_siginfo info;

	if (!w)
		return;
	/* what ended the waiting is done with; it must not end the process as well */
	while (read(w->signal_fd, &info, sizeof(info)) > 0)
		;
	sigprocmask(SIG_SETMASK, &w->old_mask, NULL);
	close(w->signal_fd);
	free(w);
}
