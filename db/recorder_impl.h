/* The recorder's state, for recorder.c and recorder_status.c only. */
#ifndef DB_RECORDER_IMPL_H
#define DB_RECORDER_IMPL_H

#include "db/privacy.h"
#include "db/prune.h"
#include "db/recorder.h"

struct recorder {
	struct history_labels labels;
	struct history_queue queue; /* its parts are owned */
	/* configuration */
	char *path; /* owned */
	bool is_on;
	uint32_t commit_every_ms, commit_rows;
	struct prune_limits limits;
	struct privacy *privacy; /* owned; NULL before the first configuration */
	/* the open file; all owned; NULL while there is none */
	struct store *store;
	struct history *history;
	struct prune *prune;
	struct forget *forget; /* NULL: nothing is being forgotten */
	/* when; all of the monotonic clock, 0: not set */
	uint64_t waiting_since_us;
	uint64_t retry_at_us;
	uint64_t prune_at_us;
	uint64_t aside_at_us;
	uint64_t followed_until_us;
	uint64_t trouble_since_us;
	uint64_t last_commit_us; /* a duration */
	unsigned retry_ms;
	/* trouble */
	int trouble; /* 0, or what was reported last and has not ended */
	bool is_given_up, is_wal_held, is_prune_asked;
	char last_error[160];
	/* counts */
	uint64_t taken;	  /* lookups */
	uint64_t left_out; /* records that are never recorded */
	uint64_t dropped; /* records of all kinds */
	uint64_t dropped_reported;
	uint64_t written; /* rows, to files that are closed */
};

/** The database is open, or the level of privacy may have changed: note a change. */
void recorder_note_privacy(struct recorder *r, int64_t wall_us);

/** A slice of what is being forgotten; ends it when it is done. */
int recorder_forget_step(struct recorder *r, struct recorder_now now);

/** Says it when what was asked of prune.h has been done. */
void recorder_prune_settle(struct recorder *r, struct recorder_now now);

#endif
