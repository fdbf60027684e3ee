/* What is asked by the control sockets; see control_parts.h. */
#include "resolver/control_parts.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/util.h"
#include "resolver/history_request.h"
#include "resolver/report_lists.h"
#include "resolver/report_local.h"
#include "resolver/report_override.h"
#include "resolver/report_state.h"
#include "resolver/state.h"
#include "resolver/trust.h"
#include "resolver/withdraw.h"

#define WORDS_MAX 5

typedef void report_function(struct resolver *r, FILE *to, const char *arg1, const char *arg2);

/* Write a report of this process into the answer. @return false if memory ran out */
static bool add_report(struct control_conn *c, report_function *report, char **words)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return false;
	report(c->owner->r, to, words[0], words[1]);
	if (fclose(to)) {
		free(text);
		return false;
	}
	evbuffer_add(bufferevent_get_output(c->be), text, len);
	free(text);
	return true;
}

enum target { TO_NFTSYNC, TO_DBWRITER };

static int ask(struct control_conn *c, enum target target, enum msg_question question, const char *arg)
{
	_Alignas(8) uint8_t bytes[sizeof(struct msg_ask) + MSG_ASK_ARG_MAX + 8] = { 0 };
	struct msg_ask *m = (struct msg_ask *)bytes;
	size_t len = arg ? strlen(arg) : 0;
	int rc;

	if (len > MSG_ASK_ARG_MAX)
		return -EINVAL;
	m->question = (uint8_t)question;
	m->arg_len = (uint8_t)len;
	m->txid = c->serial;
	if (len)
		memcpy(m->arg, arg, len);
	rc = target == TO_NFTSYNC ? hold_question(c->owner->r->hold, m) :
				    lookup_log_question(c->owner->r->log, m);
	if (rc)
		return rc;
	c->asked++;
	control_await_answer(c);
	return 0;
}

static void do_status(struct control_conn *c, char **words)
{
	struct evbuffer *out = bufferevent_get_output(c->be);

	evbuffer_add_printf(out, "part\tkey\tvalue\n");
	if (!add_report(c, report_status, words)) {
		control_refuse(c, "out of memory");
		return;
	}
	if (ask(c, TO_NFTSYNC, ASK_STATUS, NULL))
		evbuffer_add_printf(out, "gate\tstate\toff\n");
	if (ask(c, TO_DBWRITER, ASK_STATUS, NULL))
		evbuffer_add_printf(out, "history\tstate\toff\n");
	if (!c->asked)
		control_end_answer(c);
}

static void do_report(struct control_conn *c, report_function *report, char **words)
{
	if (!add_report(c, report, words))
		control_refuse(c, "out of memory");
	else
		control_end_answer(c);
}

static void do_why(struct control_conn *c, char **words)
{
	struct dname name;

	if (!words[0] || dname_from_text(words[0], &name))
		control_refuse(c, "usage: why NAME [CLIENT]");
	else
		do_report(c, report_why, words);
}

static void do_client(struct control_conn *c, char **words)
{
	if (!words[0])
		control_refuse(c, "usage: client ADDRESS|MAC|DEVICE");
	else
		do_report(c, report_client, words);
}

static void do_list_search(struct control_conn *c, char **words)
{
	struct dname name;

	if (!words[0] || dname_from_text(words[0], &name))
		control_refuse(c, "usage: list search NAME");
	else
		do_report(c, report_list_search, words);
}

/* A large cache is told in pieces, the next one when the last has gone out. */
static void on_more(struct bufferevent *be, void *arg)
{
	struct control_conn *c = arg;
	struct evbuffer *out = bufferevent_get_output(be);
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	bool more, first = !c->at;

	if (!to) {
		control_refuse(c, "out of memory");
		return;
	}
	if (first)
		report_cache_head(to);
	do {
		more = report_cache_rows(c->owner->r, to, &c->filter, &c->at);
		fflush(to);
	} while (more && !len);
	if (!fclose(to))
		evbuffer_add(out, text, len);
	free(text);
	if (more)
		control_go_on(c, on_more);
	else
		control_end_answer(c);
}

static void do_cache_ls(struct control_conn *c, char **words)
{
	if (cache_filter_from_text(words[0], &c->filter))
		control_refuse(c, "usage: cache ls [NAME|*.NAME]");
	else
		on_more(c->be, c);
}

static void do_cache_flush(struct control_conn *c, char **words)
{
	struct cache_filter f;
	uint64_t count;

	if (!words[0] || cache_filter_from_text(words[0], &f)) {
		control_refuse(c, "usage: cache flush NAME|*.NAME|*");
		return;
	}
	count = report_cache_flush(c->owner->r, &f);
	log_info("cache: %llu answers forgotten on request", (unsigned long long)count);
	evbuffer_add_printf(bufferevent_get_output(c->be), "forgotten#\n%llu\n",
			    (unsigned long long)count);
	control_end_answer(c);
}

static void do_gate(struct control_conn *c, enum msg_question question, const char *arg)
{
	if (ask(c, TO_NFTSYNC, question, arg))
		control_refuse(c, "the gate is off: no zone observes or enforces, or nftsync is not running");
}

static void do_gate_ls(struct control_conn *c, char **words)
{
	do_gate(c, ASK_LEASES, words[0]);
}

static void do_gate_rules(struct control_conn *c, char **words)
{
	(void)words;
	evbuffer_add_printf(bufferevent_get_output(c->be), "rule\n");
	do_gate(c, ASK_RULES, NULL);
}

/* The word behind "history" is the first of the request. */
static void do_history(struct control_conn *c, char **words)
{
	struct history_request request;
	const char *why = history_request_read(words - 1, &request);

	if (!why && ask(c, TO_DBWRITER, request.question, request.arg))
		why = "dbwriter is not running, or does not read";
	if (why)
		control_refuse(c, why);
	else
		evbuffer_add_printf(bufferevent_get_output(c->be), "%s\n", request.heading);
}

static void do_gate_withdraw(struct control_conn *c, char **words)
{
	struct msg_buf *buf = &c->owner->withdrawals;
	const char *why;

	why = withdraw_read(c->owner->r, words, buf);
	if (why)
		control_refuse(c, why);
	else if (hold_withdraw(c->owner->r->hold, buf))
		control_refuse(c, "nftsync is not running, or does not read");
	else
		do_gate(c, ASK_WITHDRAWN, NULL);
}

/* One row a verb: one or two words, then what it does with the words behind them; or which
 * report they are for. What changes something is for root alone, and never by the socket for
 * reading. */
static const struct {
	const char *verb, *noun;
	void (*run)(struct control_conn *c, char **words);
	report_function *report;
	bool changes;
} verbs[] = {
	{ "status", NULL, do_status, NULL, false },
	{ "why", NULL, do_why, NULL, false },
	{ "client", NULL, do_client, NULL, false },
	{ "gate", "ls", do_gate_ls, NULL, false },
	{ "gate", "rules", do_gate_rules, NULL, false },
	{ "cache", "ls", do_cache_ls, NULL, false },
	{ "cache", "flush", do_cache_flush, NULL, true },
	{ "gate", "withdraw", do_gate_withdraw, NULL, true },
	{ "history", "forget", do_history, NULL, true },
	{ "history", "prune", do_history, NULL, true },
	{ "history", "pruning", do_history, NULL, false },
	{ "history", "follow", do_history, NULL, false },
	{ "list", "search", do_list_search, NULL, false },
	{ "list", "ls", NULL, report_list_ls, false },
	{ "list", "holders", NULL, report_list_holders, false },
	{ "local", "ls", NULL, report_local_ls, false },
	{ "override", "ls", NULL, report_override_ls, false },
};

static const char *why_not(const struct control_conn *c, bool changes)
{
	if (changes && c->door->is_reading)
		return "only the control socket changes something: this one is for reading";
	return changes && !c->is_trusted ? "only root may do that" : NULL;
}

static void run_verb(struct control_conn *c, size_t i, char **words)
{
	const char *why = why_not(c, verbs[i].changes);

	if (why)
		control_refuse(c, why);
	else if (verbs[i].run)
		verbs[i].run(c, words);
	else
		do_report(c, verbs[i].report, words);
}

void control_run(struct control_conn *c, char *line)
{
	char *words[WORDS_MAX + 3] = { NULL }, *rest = line;
	unsigned n = 0;

	while (n < WORDS_MAX && (words[n] = strsep(&rest, " \t")))
		if (*words[n])
			n++;
	words[n] = NULL;
	for (size_t i = 0; n && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(words[0], verbs[i].verb))
			continue;
		if (verbs[i].noun && (n < 2 || strcmp(words[1], verbs[i].noun)))
			continue;
		run_verb(c, i, words + (verbs[i].noun ? 2 : 1));
		return;
	}
	control_refuse(c, "unknown request; known: status, why NAME [CLIENT], client CLIENT, gate ls [ADDRESS], "
			  "gate rules, gate withdraw WHAT CLIENT, list search NAME, list ls, list holders NAME,..., "
			  "cache ls [NAME], cache flush NAME, local ls [NAME], override ls, history forget WHAT, "
			  "history prune [before TS KINDS], history pruning, history follow");
}
