/*
 * What is deleted before its time: how it is written in a request, and the limits that the
 * configuration sets. Knows nothing of the database.
 */
#ifndef DB_PRUNE_REQUEST_H
#define DB_PRUNE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

struct conf_history;
struct prune_limits;

#define PRUNE_REQUEST_MAX 128

enum prune_kind {
	PRUNE_LOOKUPS, /* and passive DNS */
	PRUNE_REFUSALS,
	PRUNE_EVENTS,
	PRUNE_HOURLY,
	PRUNE_DAILY, /* and names not asked for since */
	PRUNE_KINDS,
};

/** Beside what is too old, or too much, by the configuration. */
struct prune_request {
	int64_t before_us; /* unix time; 0: nothing more */
	unsigned kinds;	   /* bits 1 << enum prune_kind */
};

/** A kind by its word: "lookups" and so on. @retval -EINVAL  there is none */
int prune_kind_from_text(const char *text, enum prune_kind *out);

/** The word of a kind; NULL behind the last. */
const char *prune_kind_text(enum prune_kind kind);

/** "" or "before TS KIND,KIND...", TS in microseconds.
 *  @retval -EINVAL  it is neither; out untouched */
int prune_request_from_text(const char *text, struct prune_request *out);

/** The other way; returns buf, of PRUNE_REQUEST_MAX bytes. */
const char *prune_request_text(const struct prune_request *r, char *buf);

void prune_limits_of(const struct conf_history *conf, struct prune_limits *out);

#endif
