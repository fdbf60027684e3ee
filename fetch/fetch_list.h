/*
 * One subscription, brought up to date: asked for, judged, put in its place. Whatever
 * goes wrong, the last good copy stays. Knows nothing of the daemon.
 */
#ifndef FETCH_FETCH_LIST_H
#define FETCH_FETCH_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct fetch_hosts;

enum fetch_outcome {
	FETCH_NOT_DUE,
	FETCH_UNCHANGED, /* the server says so, or the same bytes came */
	FETCH_UPDATED,
	FETCH_HELD, /* what came waits in FILE.held for the operator's word */
	FETCH_FAILED,
};

struct fetch_list {
	const struct conf *conf;
	size_t list; /* index in conf; one with a url */
	struct fetch_hosts *hosts;
	bool is_forced;	  /* whether it is due or not, and without validators */
	bool is_accepted; /* what would be held is taken */
	int64_t now_s;	  /* wall clock */
	void (*progress)(void *arg, uint64_t bytes, uint64_t total); /* or NULL */
	void *arg;
};

struct fetch_report {
	enum fetch_outcome outcome;
	uint64_t before, entries; /* of the copy, then and now */
	uint64_t bytes;
	char detail[256]; /* why it was held or failed; else empty */
};

/** Never fails as a whole: out says what became of it. */
void fetch_list(const struct fetch_list *f, struct fetch_report *out);

/** "updated", "held" and so on. */
const char *fetch_outcome_word(enum fetch_outcome o);

#endif
