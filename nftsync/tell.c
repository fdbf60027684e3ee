/* Answers to questions, in slices; see tell.h. */
#include "nftsync/tell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "nftsync/fill.h"
#include "nftsync/gate.h"
#include "nftsync/gate_ranges.h"

#define PIECE_BYTES (16 * 1024)
#define QUEUE_BYTES (128 * 1024) /* do not run further ahead of the asker */
#define SLICES_A_TURN 8

struct answer {
	bool used;
	uint32_t txid;
	enum msg_question question;
	char arg[MSG_ASK_ARG_MAX + 1];
	unsigned slice;	    /* slices made so far */
	size_t cursor;	    /* ASK_LEASES */
	char *text;	    /* owned; text[at..len) is still to be sent */
	size_t at, len;
	bool is_last; /* nothing comes behind text */
	int rc;
	struct tell_withdrawn withdrawn;
};

struct tell {
	struct gate *gate; /* borrowed */
	struct answer answers[TELL_MAX];
	struct msg_buf out;
};

int tell_new(struct gate *gate, struct tell **out)
{
	struct tell *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->gate = gate;
	*out = t;
	return 0;
}

static void finish(struct answer *a)
{
	free(a->text);
	*a = (struct answer){ 0 };
}

void tell_drop(struct tell *t)
{
	for (size_t i = 0; i < TELL_MAX; i++)
		finish(&t->answers[i]);
}

void tell_free(struct tell *t)
{
	if (!t)
		return;
	tell_drop(t);
	free(t);
}

/* --- status ------------------------------------------------------------------------- */

static void row(FILE *to, const char *key, uint64_t value)
{
	fprintf(to, "gate\t%s\t%" PRIu64 "\n", key, value);
}

static void print_status(FILE *to, struct gate *gate)
{
	static const char *const states[] = {
		[GATE_IDLE] = "off",
		[GATE_LOADED] = "loaded",
		[GATE_LOST] = "lost",
	};
	const struct gate_stats *s = gate_stats(gate);
	uint64_t refused = 0, would = 0;

	gate_counters(gate, &refused, &would); /* a table that is away has counted nothing */
	fprintf(to, "gate\ttable\t%s\n", states[gate_state(gate)]);
	fprintf(to, "gate\trefresh\t%s\n", gate_refresh_form(gate));
	fprintf(to, "gate\twhen_down\t%s\n", gate_when_down(gate));
	row(to, "leases", lease_count(gate_ledger(gate)));
	row(to, "inserted", s->inserted);
	row(to, "refreshed", s->refreshed);
	row(to, "covered", s->covered);
	row(to, "not_gated", s->refused);
	row(to, "ended", s->ended);
	row(to, "evicted", s->evicted);
	row(to, "withdrawn", s->withdrawn);
	row(to, "kept_in_use", s->kept);
	row(to, "connections_ended", s->killed);
	row(to, "adopted", s->adopted);
	row(to, "failed", s->failed);
	row(to, "commits", s->commits);
	row(to, "restores", s->restores);
	row(to, "restored", s->restored);
	row(to, "restore_us", s->restore_us);
	row(to, "filled", gate_fill_stats(gate)->written);
	row(to, "fill_failed", gate_fill_stats(gate)->failed);
	row(to, "refused_ranges", gate_ranges_count(gate));
	row(to, "refused_packets", refused);
	row(to, "would_packets", would);
}

/* --- leases ------------------------------------------------------------------------- */

static const char *device_text(const struct msg_device *d, char buf[ADDR_TEXT_MAX])
{
	struct addr a;
	struct mac m;

	if (d->kind == DEVICE_ROUTER)
		return strcpy(buf, "router");
	if (d->kind == DEVICE_IFNAME)
		return strcpy(buf, (const char *)d->id);
	if (d->kind == DEVICE_MAC) {
		memcpy(m.bytes, d->id, sizeof(m.bytes));
		return mac_to_text(&m, buf);
	}
	a = addr_from_bytes(d->kind == DEVICE_IP4 ? AF_INET : AF_INET6, d->id);
	return addr_to_text(&a, buf);
}

/* Whether an interface of this name shares its leases. */
static bool is_sharer(const struct gate *gate, const char *name)
{
	struct msg_device d = { .kind = DEVICE_IFNAME };
	const struct msg_device *sharers;

	if (strlen(name) >= sizeof(d.id))
		return false;
	memcpy(d.id, name, strlen(name));
	gate_sharers(gate, &d, &sharers);
	return sharers != &d;
}

/* The argument in the form that rows print, so that texts compare. @retval -EINVAL */
static int normalize(const struct gate *gate, char arg[MSG_ASK_ARG_MAX + 1])
{
	struct addr a;
	struct mac m;

	if (!*arg)
		return 0;
	if (!addr_from_text(arg, &a)) {
		addr_to_text(&a, arg);
		return 0;
	}
	if (mac_from_text(arg, &m))
		return !strcmp(arg, "router") || is_sharer(gate, arg) ? 0 : -EINVAL;
	mac_to_text(&m, arg);
	return 0;
}

static uint64_t seconds(uint64_t ms)
{
	return ms / 1000;
}

/* With an argument: a row for each claim, with its own times behind those of the lease. */
static void print_claims(FILE *to, struct gate *gate, const struct lease_view *v,
			 const char *head, uint64_t now_ms)
{
	struct lease_claim_view claims[LEASE_CLAIMS + 1];
	size_t n = lease_claims(gate_ledger(gate), &v->key, claims);

	for (size_t i = 0; i < n; i++) {
		const struct lease_claim_view *c = &claims[i];
		char name[DNAME_TEXT_MAX] = "-";

		if (c->name)
			dname_wire_to_text(c->name, c->name_len, name);
		fprintf(to, "%s\t%s\t", head, name);
		if (c->asked_ms)
			fprintf(to, "%" PRIu64 "\t", seconds(now_ms - c->asked_ms));
		else
			fputs("-\t", to);
		fprintf(to, "%" PRIu64 "\n",
			c->end_ms > now_ms ? seconds(c->end_ms - now_ms) : 0);
	}
}

static void print_lease(FILE *to, const struct answer *a, struct gate *gate,
			const struct lease_view *v, uint64_t now_ms)
{
	char device[ADDR_TEXT_MAX], addr[ADDR_TEXT_MAX], name[DNAME_TEXT_MAX] = "-";
	char head[2 * ADDR_TEXT_MAX + 24];

	device_text(&v->key.device, device);
	addr_to_text(&v->key.addr, addr);
	if (*a->arg && strcmp(a->arg, device) && strcmp(a->arg, addr))
		return;
	snprintf(head, sizeof(head), "%s\t%s\t%" PRIu64, device, addr,
		 v->end_ms > now_ms ? seconds(v->end_ms - now_ms) : 0);
	if (*a->arg) {
		print_claims(to, gate, v, head, now_ms);
		return;
	}
	if (v->name)
		dname_wire_to_text(v->name, v->name_len, name);
	fprintf(to, "%s\t%s\n", head, name);
}

static void print_leases(FILE *to, struct answer *a, struct gate *gate)
{
	struct lease_view views[LEASE_WALK_MIN];
	uint64_t now_ms = clock_mono_ms();
	size_t n;

	if (!a->slice)
		fprintf(to, "device\taddress\tleft_s#\tname%s\n",
			*a->arg ? "\tasked_s#\tclaim_left_s#" : "");
	n = lease_walk(gate_ledger(gate), &a->cursor, views, ARRAY_SIZE(views));
	for (size_t i = 0; i < n; i++)
		print_lease(to, a, gate, &views[i], now_ms);
	a->is_last = n == 0;
}

/* --- slices ------------------------------------------------------------------------- */

static int print_slice(struct tell *t, struct answer *a, FILE *to)
{
	char *text;
	int rc;

	a->is_last = true;
	switch (a->question) {
	case ASK_STATUS:
		print_status(to, t->gate);
		return 0;
	case ASK_LEASES:
		print_leases(to, a, t->gate);
		return 0;
	case ASK_WITHDRAWN:
		fprintf(to, "withdrawn#\tkept#\n%" PRIu64 "\t%" PRIu64 "\n",
			a->withdrawn.deleted, a->withdrawn.kept);
		return 0;
	case ASK_RULES:
		rc = gate_rules_text(t->gate, &text);
		if (!rc)
			fputs(text, to);
		if (!rc)
			free(text);
		return rc;
	default:
		return -EOPNOTSUPP;
	}
}

static void refill(struct tell *t, struct answer *a)
{
	FILE *to;

	free(a->text);
	a->text = NULL;
	a->at = a->len = 0;
	to = open_memstream(&a->text, &a->len);
	if (!to) {
		a->rc = -ENOMEM;
		a->is_last = true;
		return;
	}
	a->rc = print_slice(t, a, to);
	a->slice++;
	if (fclose(to)) {
		a->rc = -ENOMEM;
		a->len = 0;
	}
	if (a->rc)
		a->is_last = true;
}

/* Whole lines of the text, as many as go into a piece. */
static size_t piece_len(const struct answer *a)
{
	size_t left = a->len - a->at;
	const char *end;

	if (left <= PIECE_BYTES)
		return left;
	end = memrchr(a->text + a->at, '\n', PIECE_BYTES);
	return end ? (size_t)(end - (a->text + a->at)) + 1 : PIECE_BYTES;
}

/* @return false: the answer is finished, or could not be sent */
static bool send_piece(struct tell *t, struct chan *to, struct answer *a)
{
	size_t len = piece_len(a);
	bool last = a->is_last && a->at + len == a->len;
	struct msg_tell *m;

	if (!len && !last)
		return true; /* a slice without a matching row */
	msg_buf_reset(&t->out);
	m = msg_buf_add(&t->out, MSG_TELL, sizeof(*m) + len);
	if (!m)
		return false;
	m->txid = a->txid;
	m->len = (uint32_t)len;
	m->last = last;
	m->rc = last ? a->rc : 0;
	if (len)
		memcpy(m->text, a->text + a->at, len);
	if (msg_buf_send(to, &t->out))
		return false;
	a->at += len;
	return !last;
}

static bool pump(struct tell *t, struct chan *to, struct answer *a)
{
	for (int i = 0; i < SLICES_A_TURN && chan_queued(to) < QUEUE_BYTES; i++) {
		if (a->at == a->len && !a->is_last)
			refill(t, a);
		if (!send_piece(t, to, a)) {
			finish(a);
			return false;
		}
	}
	return true;
}

bool tell_pump(struct tell *t, struct chan *to)
{
	bool more = false;

	for (size_t i = 0; i < TELL_MAX && to; i++)
		if (t->answers[i].used)
			more |= pump(t, to, &t->answers[i]);
	return more;
}

void tell_ask(struct tell *t, struct chan *to, const struct msg_ask *ask,
	      const struct tell_withdrawn *withdrawn)
{
	struct answer busy = { .txid = ask->txid, .is_last = true, .rc = -EBUSY };
	struct answer *a = NULL;

	for (size_t i = 0; i < TELL_MAX && !a; i++)
		if (!t->answers[i].used)
			a = &t->answers[i];
	if (!a) {
		send_piece(t, to, &busy);
		return;
	}
	*a = (struct answer){ .used = true, .txid = ask->txid, .question = ask->question,
			      .withdrawn = *withdrawn };
	memcpy(a->arg, ask->arg, ask->arg_len);
	if (a->question == ASK_LEASES && normalize(t->gate, a->arg)) {
		a->rc = -EINVAL;
		a->is_last = true;
	}
}
