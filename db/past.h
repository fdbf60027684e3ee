/*
 * Lookups that another program recorded, written into the history as its one writer: no
 * daemon may have it open. A row that is there already is not written again, so the same
 * files may be taken again and again. Knows nothing of other programs' formats.
 */
#ifndef DB_PAST_H
#define DB_PAST_H

#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

struct conf_history;
struct past;

#define PAST_TEXT_MAX	  255
#define PAST_ANSWER_BYTES 2048
#define PAST_COMMIT_ROWS  5000 /* in a transaction */

struct past_lookup {
	int64_t ts_us;
	struct addr client;
	struct dname name;
	uint16_t qtype, qclass;
	uint8_t verdict, rcode; /* enum msg_verdict */
	uint32_t rtt_us;	/* 0: not known, or none was asked */
	struct addr upstream;	/* family 0: none */
	char device[PAST_TEXT_MAX + 1]; /* name of the client, or "" */
	char list[PAST_TEXT_MAX + 1], pattern[PAST_TEXT_MAX + 1];
	uint16_t answer_len, answer_more; /* bytes kept, records left out */
	uint8_t answer[PAST_ANSWER_BYTES]; /* sequence of struct msg_rr (msg.h) */
};

struct past_stats {
	uint64_t written;
	uint64_t there; /* before */
	uint64_t never; /* by `never-record` of the configuration */
	uint64_t no_place; /* no free microsecond near theirs */
};

/** Empty it for a new row. */
void past_reset(struct past_lookup *l);

/** Add a record to the answer; what does not fit is counted.
 *  @param rdata  A, AAAA: the address; CNAME: an uncompressed name; else unused */
void past_add_record(struct past_lookup *l, uint16_t type, uint32_t ttl_s,
		     const uint8_t *rdata, size_t len);

/** Open, or make, the history of a configuration, whose privacy holds.
 *  @retval -EBUSY  a daemon has it open; and as store.h */
int past_open(const struct conf_history *conf, struct past **out);

/** Add a row. Rows come by time, as far as possible: of two at one moment the second is put
 *  a microsecond later, the same in each run. It is committed with later ones.
 *  @return as store.h: nothing since the last commit was written */
int past_add(struct past *p, const struct past_lookup *l);

/** Commit what was added, and an event that says what it was. */
int past_finish(struct past *p, const char *subject);

const struct past_stats *past_stats(const struct past *p);

/** NULL is allowed; what was not committed is lost. */
void past_close(struct past *p);

#endif
