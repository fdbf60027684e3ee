/* Another program's lookups into the history; see past.h. */
#include "db/past.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "db/events.h"
#include "db/history.h"
#include "db/pending.h"
#include "db/privacy.h"
#include "db/refusals.h"
#include "db/store.h"
#include "db/text.h"
#include "lib/clock.h"
#include "lib/msg.h"
#include "lib/util.h"

#define RECORD_BYTES (sizeof(struct msg_lookup) + 4 * 255 + PAST_ANSWER_BYTES)
#define TYPE_CNAME   5

struct past {
	struct store *store;	 /* owned */
	struct history *history; /* owned */
	struct privacy *privacy; /* owned */
	struct history_queue queue; /* its parts are owned; for the event */
	unsigned in_commit; /* rows of the transaction under way; 0: none is */
	int64_t came_us, went_us; /* the last row in order: its time, its place */
	struct past_stats stats, committed;
	_Alignas(struct msg_lookup) uint8_t record[RECORD_BYTES];
};

void past_reset(struct past_lookup *l)
{
	l->client = l->upstream = (struct addr){ 0 };
	l->name.len = 0;
	l->qclass = 1;
	l->qtype = l->answer_len = l->answer_more = 0;
	l->verdict = l->rcode = 0;
	l->rtt_us = 0;
	l->ts_us = 0;
	l->device[0] = l->list[0] = l->pattern[0] = '\0';
}

void past_add_record(struct past_lookup *l, uint16_t type, uint32_t ttl_s,
		     const uint8_t *rdata, size_t len)
{
	const struct msg_rr rr = { .type = type, .rdata_len = (uint16_t)len, .ttl_s = ttl_s };

	if (l->answer_more || l->answer_len + sizeof(rr) + len > sizeof(l->answer)) {
		l->answer_more = (uint16_t)MIN(l->answer_more + 1, UINT16_MAX);
		return;
	}
	memcpy(l->answer + l->answer_len, &rr, sizeof(rr));
	if (len)
		memcpy(l->answer + l->answer_len + sizeof(rr), rdata, len);
	l->answer_len += (uint16_t)(sizeof(rr) + len);
}

/* --- opening -------------------------------------------------------------------------- */

int past_open(const struct conf_history *conf, struct past **out)
{
	static const struct history_labels no_labels;
	struct past *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return -ENOMEM;
	p->queue.pending = pending_new();
	p->queue.refusals = refusals_new();
	p->queue.events = events_new();
	rc = p->queue.pending && p->queue.refusals && p->queue.events ? 0 : -ENOMEM;
	if (!rc)
		rc = store_open(conf->file, &p->store);
	if (!rc)
		rc = privacy_new(conf, &p->privacy);
	if (!rc)
		rc = history_open(p->store, &no_labels, &p->history);
	if (rc) {
		past_close(p);
		return rc;
	}
	*out = p;
	return 0;
}

void past_close(struct past *p)
{
	if (!p)
		return;
	if (p->in_commit)
		history_past_end(p->history, -ECANCELED);
	history_close(p->history);
	store_close(p->store);
	privacy_free(p->privacy);
	pending_free(p->queue.pending);
	refusals_free(p->queue.refusals);
	events_free(p->queue.events);
	free(p);
}

const struct past_stats *past_stats(const struct past *p)
{
	return &p->stats;
}

/* --- rows ----------------------------------------------------------------------------- */

static uint8_t *put_text(uint8_t *to, const char *from, uint8_t *len)
{
	char clean[PAST_TEXT_MAX + 1];

	*len = (uint8_t)text_clean(clean, sizeof(clean), from, strlen(from));
	return mempcpy(to, clean, *len);
}

/* The record that the resolver would have sent. */
static const struct msg_lookup *record_of(struct past *p, const struct past_lookup *l)
{
	struct msg_lookup *m = (struct msg_lookup *)p->record;
	struct dname name = l->name;
	uint8_t *to = m->data;

	*m = (struct msg_lookup){ .verdict = l->verdict, .rcode = l->rcode,
				  .qtype = l->qtype, .qclass = l->qclass, .ts_us = l->ts_us,
				  .rtt_us = l->rtt_us, .client = l->client,
				  .upstream = l->upstream, .qname_len = name.len,
				  .answer_len = l->answer_len };
	dname_lower(&name);
	to = mempcpy(to, name.wire, name.len);
	to = put_text(to, l->device, &m->device_len);
	to = put_text(to, l->list, &m->list_len);
	to = put_text(to, l->pattern, &m->pattern_len);
	memcpy(to, l->answer, l->answer_len);
	return m;
}

/* Where a row belongs: behind the one before it, if that came at the same time or took its
 * place. One that is out of order takes the place that its own time says. */
static int64_t place_of(struct past *p, int64_t ts_us)
{
	int64_t place = ts_us;

	if (ts_us < p->came_us)
		return place;
	if (place <= p->went_us)
		place = p->went_us + 1;
	p->came_us = ts_us;
	p->went_us = place;
	return place;
}

static int commit(struct past *p)
{
	int rc;

	if (!p->in_commit)
		return 0;
	p->in_commit = 0;
	rc = history_past_end(p->history, 0);
	if (rc) {
		p->stats = p->committed;
		return rc;
	}
	p->committed = p->stats;
	rc = store_checkpoint(p->store);
	return rc == -EBUSY ? 0 : rc; /* a reader's matter */
}

int past_add(struct past *p, const struct past_lookup *l)
{
	const struct msg_lookup *m = privacy_lookup(p->privacy, record_of(p, l));
	struct pending_row row = { .n = 1, .rtt_us = l->rtt_us, .answer_more = l->answer_more,
				   .lookup = m };
	bool is_there = false;
	int rc = 0;

	row.ts_us = place_of(p, l->ts_us);
	if (!m) {
		p->stats.never++;
		return 0;
	}
	if (!p->in_commit)
		rc = history_past_begin(p->history);
	if (rc)
		return rc;
	p->in_commit++;
	rc = history_past_add(p->history, &row, &is_there);
	if (!rc && l->ts_us >= p->came_us)
		p->went_us = MAX(p->went_us, row.ts_us);
	if (rc && rc != -EEXIST) {
		p->in_commit = 0;
		p->stats = p->committed;
		history_past_end(p->history, rc);
		return rc;
	}
	p->stats.no_place += rc == -EEXIST;
	p->stats.there += !rc && is_there;
	p->stats.written += !rc && !is_there;
	return p->in_commit == PAST_COMMIT_ROWS ? commit(p) : 0;
}

int past_finish(struct past *p, const char *subject)
{
	int rc = commit(p);

	if (rc || !p->stats.written)
		return rc;
	events_note(p->queue.events, clock_wall_us(), "history-imported", subject,
		    "%" PRIu64 " lookups of another program were taken over",
		    p->stats.written);
	return history_commit(p->history, &p->queue);
}
