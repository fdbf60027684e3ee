/* What stands before a question; see guard.h. */
#include "resolver/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "resolver/access.h"
#include "resolver/cookie.h"
#include "resolver/query.h"
#include "resolver/rate_limit.h"
#include "resolver/reply.h"
#include "resolver/state.h"
#include "resolver/wire_own.h"

struct guard {
	struct access *access;	 /* owned */
	struct rate_limit *rate; /* owned */
	struct hash_key root;	 /* of the secrets of cookies */
	struct guard_stats stats;
};

int guard_new(struct guard **out)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	if (access_new(&g->access) || rate_limit_new(&g->rate)) {
		guard_free(g);
		return -ENOMEM;
	}
	hash_key_init(&g->root);
	*out = g;
	return 0;
}

void guard_set_secret(struct guard *g, const struct hash_key *root)
{
	g->root = *root;
}

void guard_free(struct guard *g)
{
	if (!g)
		return;
	access_free(g->access);
	rate_limit_free(g->rate);
	free(g);
}

void guard_get_stats(const struct guard *g, struct guard_stats *out)
{
	*out = g->stats;
}

static void drop(const struct lookup *l)
{
	if (l->asker.tcp)
		tcp_forget(l->asker.tcp);
}

/* These answers are no lookups of a client: they are counted, but not recorded. */
static void refuse(struct resolver *r, struct lookup *l, const char *why)
{
	uint8_t *room = reply_room(r, l);

	reply_write(l, room, wire_write_error(&l->question, RCODE_REFUSED, EDE_PROHIBITED, why,
					      room));
}

/* Who knows of cookies asks again with the one that this carries, others ask by TCP. */
static void slip(struct resolver *r, struct lookup *l)
{
	uint8_t *room = reply_room(r, l);
	size_t len = l->question.cookie_len ?
			     wire_write_error(&l->question, RCODE_BADCOOKIE, EDE_NONE, NULL, room) :
			     wire_write_truncated(&l->question, room);

	r->guard->stats.slipped++;
	reply_write(l, room, len);
}

/* Whose bucket, and what the history says of who empties it. */
struct payer {
	const struct addr *from;
	const struct mac *mac; /* NULL: not known, or a stranger */
	const char *kind, *detail;
	bool is_proven;
};

static enum rate_verdict take_token(struct resolver *r, const struct conf_clients *conf,
				    const struct payer *p, uint64_t now_us)
{
	struct addr key = rate_limit_key(p->from, p->mac);
	char client[ADDR_TEXT_MAX];
	bool is_told = false;
	enum rate_verdict verdict;

	if (!conf->rate || access_is_loopback(p->from))
		return RATE_PASS;
	verdict = rate_limit_take(r->guard->rate, &key, conf->rate, conf->burst, p->is_proven,
				  now_us, &is_told);
	if (is_told)
		lookup_log_event(r->log, p->kind, addr_to_text(p->from, client), p->detail);
	return verdict;
}

/* A stranger's refusals are limited as a client's questions are, and it is not told to come by
 * TCP. @return whether it is to be refused, and not just dropped */
static bool meet_stranger(struct resolver *r, const struct conf_clients *conf,
			  const struct addr *from, uint64_t now_us)
{
	const struct payer p = { .from = from, .kind = "stranger",
				 .detail = "asks more than the rate, and is no client" };

	r->guard->stats.strangers++;
	return take_token(r, conf, &p, now_us) == RATE_PASS && conf->others != OTHERS_IGNORE;
}

/* @return whether the question has our cookie, which only its address can know */
static bool take_cookie(struct guard *g, struct lookup *l)
{
	struct wire_question *q = &l->question;
	uint8_t option[COOKIE_BYTES];
	enum cookie_state state;

	if (!q->cookie_len)
		return false;
	state = cookie_answer(&g->root, q->cookie, q->cookie_len, &l->asker.from.addr,
			      (uint32_t)(l->ts_us / 1000000), option);
	wire_add_option(q, OPTION_COOKIE, option, sizeof(option));
	g->stats.cookies += state == COOKIE_GOOD;
	return state == COOKIE_GOOD;
}

/* RFC 7828: how long the connection may be idle, for who wants to know; never by UDP. */
static void answer_keepalive(const struct resolver *r, struct lookup *l)
{
	uint8_t units[2]; /* of 100 ms */

	if (!l->asker.tcp || !l->question.keepalive)
		return;
	store_be16(units, (uint16_t)(tcp_idle_s(r->tcp) * 10));
	wire_add_option(&l->question, OPTION_KEEPALIVE, units, sizeof(units));
}

static bool is_within_rate(struct resolver *r, struct lookup *l)
{
	const struct payer p = {
		.from = &l->asker.from.addr,
		.mac = l->client.has_mac ? &l->client.mac : NULL,
		.kind = "client-limited",
		.detail = "asks more than the rate of `clients'",
		.is_proven = take_cookie(r->guard, l) || l->asker.tcp,
	};
	enum rate_verdict verdict = take_token(r, &l->setup->conf->clients, &p, l->start_us);

	if (verdict == RATE_PASS)
		return true;
	if (verdict == RATE_SLIP) {
		slip(r, l);
		return false;
	}
	r->guard->stats.limited++;
	if (l->asker.tcp)
		refuse(r, l, "too many questions");
	return false;
}

bool guard_admit(struct resolver *r, struct lookup *l)
{
	const struct conf_clients *conf = &l->setup->conf->clients;
	struct guard *g = r->guard;

	if (access_is_forged(&l->asker)) {
		g->stats.forged++;
		drop(l);
		return false;
	}
	if (!access_allows(g->access, conf, &l->asker, l->start_us / 1000)) {
		if (meet_stranger(r, conf, &l->asker.from.addr, l->start_us))
			refuse(r, l, "not a client of this resolver");
		else
			drop(l);
		return false;
	}
	clients_find(r->clients, l->setup, &l->asker, l->start_us / 1000, &l->client);
	answer_keepalive(r, l);
	return is_within_rate(r, l);
}

bool guard_admit_connection(void *arg, const struct asker *from, struct addr *who)
{
	struct resolver *r = arg;
	uint64_t now_us = clock_mono_us();
	struct client client;

	if (!r->current)
		return false;
	if (!access_allows(r->guard->access, &r->current->conf->clients, from, now_us / 1000)) {
		meet_stranger(r, &r->current->conf->clients, &from->from.addr, now_us);
		return false;
	}
	clients_find(r->clients, r->current, from, now_us / 1000, &client);
	*who = rate_limit_key(&from->from.addr, client.has_mac ? &client.mac : NULL);
	return true;
}
