/* The control socket; see control.h. */
#include "resolver/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/util.h"
#include "resolver/history_request.h"
#include "resolver/report_cache.h"
#include "resolver/report_local.h"
#include "resolver/report_lists.h"
#include "resolver/report_override.h"
#include "resolver/report_state.h"
#include "resolver/state.h"
#include "resolver/trust.h"
#include "resolver/withdraw.h"

#define OUTPUT_MAX (32u * 1024 * 1024) /* a client that does not read is dropped there */
#define WORDS_MAX  5

struct conn {
	struct conn *next, **link;
	struct control *owner;
	struct bufferevent *be; /* owned */
	struct event *late;	/* owned; runs while other processes are asked */
	uint32_t serial;	/* upper part of its questions' txid */
	unsigned asked;		/* questions to other processes without their last answer */
	int rc;
	bool is_trusted;	    /* may change things: root, or who runs us */
	struct cache_filter filter; /* of `cache ls` */
	uint64_t at;		    /* how far it got */
};

struct control {
	struct resolver *r; /* borrowed */
	struct evconnlistener *listener;
	struct conn *conns;
	unsigned count;
	uint32_t serial;
	struct msg_buf withdrawals; /* filled and sent within one request */
};

static void free_conn(struct conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->owner->count--;
	bufferevent_free(c->be);
	event_free(c->late);
	free(c);
}

int control_new(struct resolver *r, struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->r = r;
	*out = c;
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	while (c->conns)
		free_conn(c->conns);
	if (c->listener)
		evconnlistener_free(c->listener);
	free(c);
}

/* Close once the answer has been read. */
static void on_written(struct bufferevent *be, void *arg)
{
	(void)be;
	free_conn(arg);
}

static void on_event(struct bufferevent *be, short what, void *arg)
{
	struct conn *c = arg;

	(void)be;
	/* A client may close its sending side and still wait for the answer. */
	if ((what & BEV_EVENT_EOF) && (c->asked || evbuffer_get_length(
							    bufferevent_get_output(c->be))))
		return;
	free_conn(c);
}

static void end_answer(struct conn *c)
{
	struct evbuffer *out = bufferevent_get_output(c->be);

	event_del(c->late);
	if (c->rc)
		evbuffer_add_printf(out, ".err %s\n", strerror(-c->rc));
	else
		evbuffer_add_printf(out, ".ok\n");
	bufferevent_setcb(c->be, NULL, on_written, on_event, c);
}

/* Another process hangs or died with our question: say what there is, and that it is not all. */
static void on_late(evutil_socket_t fd, short events, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)events;
	c->asked = 0;
	c->rc = -ETIMEDOUT;
	end_answer(c);
}

static void await_answer(struct conn *c)
{
	static const struct timeval wait = { CONTROL_ANSWER_S, 0 };

	event_add(c->late, &wait);
}

static void refuse(struct conn *c, const char *why)
{
	evbuffer_add_printf(bufferevent_get_output(c->be), ".err %s\n", why);
	bufferevent_setcb(c->be, NULL, on_written, on_event, c);
}

/* --- verbs ------------------------------------------------------------------------------ */

typedef void report_function(struct resolver *r, FILE *to, const char *arg1, const char *arg2);

/* Write a report of this process into the answer. @return false if memory ran out */
static bool add_report(struct conn *c, report_function *report, char **words)
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

static int ask(struct conn *c, enum target target, enum msg_question question, const char *arg)
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
	await_answer(c);
	return 0;
}

static void do_status(struct conn *c, char **words)
{
	struct evbuffer *out = bufferevent_get_output(c->be);

	evbuffer_add_printf(out, "part\tkey\tvalue\n");
	if (!add_report(c, report_status, words)) {
		refuse(c, "out of memory");
		return;
	}
	if (ask(c, TO_NFTSYNC, ASK_STATUS, NULL))
		evbuffer_add_printf(out, "gate\tstate\toff\n");
	if (ask(c, TO_DBWRITER, ASK_STATUS, NULL))
		evbuffer_add_printf(out, "history\tstate\toff\n");
	if (!c->asked)
		end_answer(c);
}

static void do_report(struct conn *c, report_function *report, char **words)
{
	if (!add_report(c, report, words))
		refuse(c, "out of memory");
	else
		end_answer(c);
}

static void do_why(struct conn *c, char **words)
{
	struct dname name;

	if (!words[0] || dname_from_text(words[0], &name))
		refuse(c, "usage: why NAME [CLIENT]");
	else
		do_report(c, report_why, words);
}

static void do_client(struct conn *c, char **words)
{
	if (!words[0])
		refuse(c, "usage: client ADDRESS|MAC|DEVICE");
	else
		do_report(c, report_client, words);
}

static void do_list_search(struct conn *c, char **words)
{
	struct dname name;

	if (!words[0] || dname_from_text(words[0], &name))
		refuse(c, "usage: list search NAME");
	else
		do_report(c, report_list_search, words);
}

/* A large cache is told in pieces, the next one when the last has gone out. */
static void on_more(struct bufferevent *be, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *out = bufferevent_get_output(be);
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	bool more, first = !c->at;

	if (!to) {
		refuse(c, "out of memory");
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
		bufferevent_setcb(be, NULL, on_more, on_event, c);
	else
		end_answer(c);
}

static void do_cache_ls(struct conn *c, char **words)
{
	if (cache_filter_from_text(words[0], &c->filter))
		refuse(c, "usage: cache ls [NAME|*.NAME]");
	else
		on_more(c->be, c);
}

static void do_cache_flush(struct conn *c, char **words)
{
	struct cache_filter f;
	uint64_t count;

	if (!words[0] || cache_filter_from_text(words[0], &f)) {
		refuse(c, "usage: cache flush NAME|*.NAME|*");
		return;
	}
	if (!c->is_trusted) {
		refuse(c, "only root may change the cache");
		return;
	}
	count = report_cache_flush(c->owner->r, &f);
	log_info("cache: %llu answers forgotten on request", (unsigned long long)count);
	evbuffer_add_printf(bufferevent_get_output(c->be), "forgotten#\n%llu\n",
			    (unsigned long long)count);
	end_answer(c);
}

static void do_gate(struct conn *c, enum msg_question question, const char *arg)
{
	if (ask(c, TO_NFTSYNC, question, arg))
		refuse(c, "the gate is off: no zone observes or enforces, or nftsync is not running");
}

static void do_gate_ls(struct conn *c, char **words)
{
	do_gate(c, ASK_LEASES, words[0]);
}

static void do_gate_rules(struct conn *c, char **words)
{
	(void)words;
	evbuffer_add_printf(bufferevent_get_output(c->be), "rule\n");
	do_gate(c, ASK_RULES, NULL);
}

static void do_history(struct conn *c, char **words)
{
	struct history_request request;
	const char *why = history_request_read(words, c->is_trusted, &request);

	if (!why && ask(c, TO_DBWRITER, request.question, request.arg))
		why = "dbwriter is not running, or does not read";
	if (why)
		refuse(c, why);
	else
		evbuffer_add_printf(bufferevent_get_output(c->be), "%s\n", request.heading);
}

static void do_gate_withdraw(struct conn *c, char **words)
{
	struct msg_buf *buf = &c->owner->withdrawals;
	const char *why;

	if (!c->is_trusted) {
		refuse(c, "only root may do that");
		return;
	}
	why = withdraw_read(c->owner->r, words, buf);
	if (why)
		refuse(c, why);
	else if (hold_withdraw(c->owner->r->hold, buf))
		refuse(c, "nftsync is not running, or does not read");
	else
		do_gate(c, ASK_WITHDRAWN, NULL);
}

/* One row a verb: one or two words, then what it does with the words behind them; or which
 * report they are for. */
static const struct {
	const char *verb, *noun;
	void (*run)(struct conn *c, char **words);
	report_function *report;
} verbs[] = {
	{ "status", NULL, do_status, NULL },
	{ "why", NULL, do_why, NULL },
	{ "client", NULL, do_client, NULL },
	{ "gate", "ls", do_gate_ls, NULL },
	{ "gate", "rules", do_gate_rules, NULL },
	{ "cache", "ls", do_cache_ls, NULL },
	{ "cache", "flush", do_cache_flush, NULL },
	{ "gate", "withdraw", do_gate_withdraw, NULL },
	{ "history", NULL, do_history, NULL },
	{ "list", "search", do_list_search, NULL },
	{ "list", "ls", NULL, report_list_ls },
	{ "local", "ls", NULL, report_local_ls },
	{ "override", "ls", NULL, report_override_ls },
};

static void run(struct conn *c, char *line)
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
		if (verbs[i].run)
			verbs[i].run(c, words + (verbs[i].noun ? 2 : 1));
		else
			do_report(c, verbs[i].report, words + 2);
		return;
	}
	refuse(c, "unknown request; known: status, why NAME [CLIENT], client CLIENT, gate ls [ADDRESS], "
		  "gate rules, gate withdraw WHAT CLIENT, list search NAME, list ls, "
		  "cache ls [NAME], cache flush NAME, local ls [NAME], override ls, history forget WHAT, "
		  "history prune [before TS KINDS], history pruning, history follow");
}

/* --- connections ------------------------------------------------------------------------- */

static void on_read(struct bufferevent *be, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(be);
	char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF);

	if (!line) {
		if (evbuffer_get_length(in) >= CONTROL_LINE)
			refuse(c, "line too long");
		return;
	}
	bufferevent_setcb(be, NULL, NULL, on_event, c); /* one request a connection */
	run(c, line);
	free(line);
}

static struct conn *new_conn(struct control *owner, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = owner;
	c->is_trusted = trust_peer(fd);
	c->late = event_new(owner->r->base, -1, 0, on_late, c);
	if (c->late)
		c->be = bufferevent_socket_new(owner->r->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->be)
		return c;
	if (c->late)
		event_free(c->late);
	free(c);
	return NULL;
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa,
		      int len, void *arg)
{
	static const struct timeval idle = { CONTROL_TIMEOUT_S, 0 };
	struct control *owner = arg;
	struct conn *c = NULL;

	(void)l;
	(void)sa;
	(void)len;
	if (owner->count < CONTROL_CONNECTIONS)
		c = new_conn(owner, fd);
	if (!c) {
		close(fd);
		return;
	}
	c->serial = ++owner->serial;
	c->next = owner->conns;
	c->link = &owner->conns;
	if (c->next)
		c->next->link = &c->next;
	owner->conns = c;
	owner->count++;
	bufferevent_setwatermark(c->be, EV_READ, 0, CONTROL_LINE);
	bufferevent_set_timeouts(c->be, &idle, &idle);
	bufferevent_setcb(c->be, on_read, NULL, on_event, c);
	bufferevent_enable(c->be, EV_READ | EV_WRITE);
}

void control_listen(struct control *c, int fd)
{
	if (c->listener)
		evconnlistener_free(c->listener);
	c->listener = evconnlistener_new(c->r->base, on_accept, c,
					 LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!c->listener) {
		log_err("control socket: out of memory");
		close(fd);
	}
}

void control_on_tell(struct control *c, const void *message)
{
	const struct msg_tell *m = msg_next(message, NULL);
	struct evbuffer *out;
	struct conn *conn;

	if (msg_type(message) != MSG_TELL)
		return;
	for (conn = c->conns; conn && conn->serial != m->txid; conn = conn->next)
		;
	if (!conn || !conn->asked)
		return; /* its client went away */
	out = bufferevent_get_output(conn->be);
	if (evbuffer_get_length(out) + m->len > OUTPUT_MAX) {
		free_conn(conn);
		return;
	}
	evbuffer_add(out, m->text, m->len);
	await_answer(conn);
	if (!m->last)
		return;
	if (m->rc)
		conn->rc = m->rc;
	if (!--conn->asked)
		end_answer(conn);
}
