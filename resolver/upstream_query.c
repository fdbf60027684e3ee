/* One question; see upstream_query.h. */
#include "resolver/upstream_query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/udp_pool.h"
#include "resolver/upstream_health.h"
#include "resolver/upstream_server.h"
#include "resolver/wire.h"

#define ECHO_LETTERS 12

/* --- making and freeing -------------------------------------------------------- */

/** Flip letters at random (draft-vixie-dnsext-dns0x20). Length octets are no letters. */
static void randomise_case(uint8_t *name, size_t len)
{
	uint8_t bits[(DNAME_MAX + 7) / 8];

	random_bytes(bits, (len + 7) / 8);
	for (size_t i = 0; i < len; i++)
		if (((name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z') &&
		    (bits[i / 8] >> (i % 8) & 1))
			name[i] ^= 0x20;
}

/** Find the question's end and the OPT record behind it. */
static int wire_read(struct upstream_wire *w)
{
	const uint8_t *end;
	size_t name_len;

	if (w->len <= WIRE_HEAD || load_be16(w->bytes + 4) != 1)
		return -EINVAL;
	name_len = dname_wire_len(w->bytes + WIRE_HEAD, w->len - WIRE_HEAD);
	w->question_len = name_len + 4;
	if (!name_len || w->len - WIRE_HEAD < w->question_len)
		return -EINVAL;
	w->plain_len = w->len;
	end = w->bytes + WIRE_HEAD + w->question_len;
	if (w->bytes + w->len - end >= 11 && load_be16(w->bytes + 10) == 1 && !end[0] &&
	    load_be16(end + 1) == TYPE_OPT)
		w->plain_len = WIRE_HEAD + w->question_len;
	randomise_case(w->bytes + WIRE_HEAD, name_len);
	return 0;
}

void upstream_query_unref(struct upstream_query *q)
{
	struct upstream_try *t;

	if (--q->refs)
		return;
	while ((t = SLIST_FIRST(&q->tries))) {
		SLIST_REMOVE_HEAD(&q->tries, sibling);
		if (t != &q->first)
			free(t);
	}
	free(q->held.bytes);
	free(q);
}

int upstream_query_new(struct upstream_desk *d, struct upstream_group *g,
		       const uint8_t *wire, size_t len, upstream_done *done, void *arg,
		       struct upstream_query **out)
{
	struct upstream_query *q;
	uint64_t now_us = clock_mono_us();

	if (len > UDP_POOL_QUERY_MAX)
		return -EINVAL;
	q = malloc(sizeof(*q) + len);
	if (!q)
		return -ENOMEM;
	memset(q, 0, sizeof(*q));
	memcpy(q->wire.bytes, wire, len);
	q->wire.len = len;
	if (wire_read(&q->wire)) {
		free(q);
		return -EINVAL;
	}
	q->desk = d;
	q->group = g;
	q->refs = 1;
	q->done = done;
	q->arg = arg;
	q->try_max = UPSTREAM_TRIES_MAX;
	q->begin_us = now_us;
	q->end_ms = now_us / 1000 + g->timeout_ms;
	TAILQ_INSERT_TAIL(&d->open, q, link);
	g->waiting += done != NULL;
	*out = q;
	return 0;
}

struct upstream_try *upstream_query_try_new(struct upstream_query *q)
{
	struct upstream_try *t = q->first.query ? calloc(1, sizeof(*t)) : &q->first;

	if (!t)
		return NULL;
	t->query = q;
	t->wire = &q->wire;
	SLIST_INSERT_HEAD(&q->tries, t, sibling);
	return t;
}

/* --- loops --------------------------------------------------------------------- */

/** Too many letters to be in this case by chance, and not as people write. */
static bool is_drawn_case(const uint8_t *name, size_t len)
{
	unsigned letters = 0, capitals = 0;

	for (size_t i = 0; i < len; i++) {
		capitals += name[i] >= 'A' && name[i] <= 'Z';
		letters += (name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z';
	}
	return letters >= ECHO_LETTERS && capitals && capitals < letters;
}

bool upstream_is_echo(struct upstream_query *q, const struct dname *name)
{
	const uint8_t *sent = q->wire.bytes + WIRE_HEAD;
	const struct upstream_try *t;
	char addr[ADDR_PORT_TEXT_MAX];

	if (q->wire.question_len != name->len + 4u || memcmp(sent, name->wire, name->len) ||
	    !is_drawn_case(sent, name->len))
		return false;
	SLIST_FOREACH (t, &q->tries, sibling)
		if (t->is_awaited && upstream_server_health(t->server)->loops++ == 0)
			log_err("upstream %s %s: a question came back to us: it forwards to "
				"nameward, which forwards to it",
				q->group->name,
				addr_port_to_text(upstream_server_addr(t->server), addr));
	return true;
}

/* --- ending -------------------------------------------------------------------- */

/** Nothing more is awaited; the desk calls back later. */
static void query_end(struct upstream_query *q)
{
	struct upstream_try *t;

	q->is_over = true;
	wheel_clear(&q->desk->wheel, &q->timer);
	SLIST_FOREACH (t, &q->tries, sibling)
		upstream_server_drop(t);
	TAILQ_REMOVE(&q->desk->open, q, link);
	TAILQ_INSERT_TAIL(&q->desk->ended, q, link);
}

bool upstream_query_awaits_any(const struct upstream_query *q)
{
	const struct upstream_try *t;

	SLIST_FOREACH (t, &q->tries, sibling)
		if (t->is_awaited && !t->is_failed)
			return true;
	return false;
}

/** What a socket gave, in the words of upstream.h. */
static int rc_public(int rc)
{
	if (rc == -ECONNREFUSED || rc == -ENOMEM)
		return rc;
	return rc == -EAGAIN ? -ETIMEDOUT : -ENETUNREACH;
}

void upstream_query_end_held(struct upstream_query *q)
{
	q->result.rc = -ETIMEDOUT;
	if (q->hard_rc && !upstream_query_awaits_any(q))
		q->result.rc = rc_public(q->hard_rc);
	if (q->held.kind != HELD_NONE) {
		q->result.rc = 0;
		q->result.wire = q->held.bytes;
		q->result.len = q->held.len;
		q->result.from = q->held.from;
		q->result.rtt_us = q->held.rtt_us;
	}
	query_end(q);
}

static uint32_t elapsed_us(const struct upstream_query *q)
{
	uint64_t us = clock_mono_us() - q->begin_us;

	return (uint32_t)MIN(us, (uint64_t)UINT32_MAX);
}

void upstream_query_end_reply(struct upstream_query *q, const struct upstream_try *t)
{
	q->result.rc = 0;
	q->result.wire = t->reply;
	q->result.len = t->reply_len;
	q->result.from = *upstream_server_addr(t->server);
	q->result.rtt_us = elapsed_us(q);
	query_end(q);
}

void upstream_query_hold(struct upstream_query *q, const struct upstream_try *t,
			 enum held kind)
{
	size_t len = t->facts.whole ? t->reply_len : WIRE_HEAD + q->wire.question_len;
	uint8_t *bytes;

	if (kind < q->held.kind || t->reply_len < WIRE_HEAD + q->wire.question_len)
		return;
	bytes = malloc(len);
	if (!bytes)
		return;
	memcpy(bytes, t->reply, len);
	if (!t->facts.whole)
		memset(bytes + 6, 0, 6); /* no records */
	free(q->held.bytes);
	q->held.kind = kind;
	q->held.bytes = bytes;
	q->held.len = len;
	q->held.from = *upstream_server_addr(t->server);
	q->held.rtt_us = elapsed_us(q);
}

/* --- the desk ------------------------------------------------------------------ */

void upstream_desk_init(struct upstream_desk *d, uint64_t now_ms)
{
	wheel_init(&d->wheel, now_ms);
	TAILQ_INIT(&d->open);
	TAILQ_INIT(&d->ended);
}

void upstream_query_cancel(struct upstream_query *q)
{
	if (!q->is_over)
		query_end(q);
	TAILQ_REMOVE(&q->desk->ended, q, link);
	if (q->done)
		q->group->waiting--;
	q->done = NULL;
	upstream_query_unref(q);
}

void upstream_desk_call_back(struct upstream_desk *d)
{
	struct upstream_query *q;

	if (d->is_calling)
		return;
	d->is_calling = true;
	while ((q = TAILQ_FIRST(&d->ended))) {
		upstream_done *done = q->done;

		TAILQ_REMOVE(&d->ended, q, link);
		if (done) {
			q->group->waiting--;
			done(q->arg, &q->result);
		}
		upstream_query_unref(q);
	}
	d->is_calling = false;
}

void upstream_desk_cancel_all(struct upstream_desk *d, const struct upstream_group *g)
{
	struct upstream_query *q, *next;

	for (q = TAILQ_FIRST(&d->open); q; q = next) {
		next = TAILQ_NEXT(q, link);
		if (q->group == g)
			upstream_query_cancel(q);
	}
	for (q = TAILQ_FIRST(&d->ended); q; q = next) {
		next = TAILQ_NEXT(q, link);
		if (q->group == g)
			upstream_query_cancel(q);
	}
}
