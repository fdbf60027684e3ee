/* Lookups on their way to dbwriter; see lookup_log.h. */
#include "resolver/lookup_log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/chan.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/query.h"

#define SEND_BYTES  8192 /* enough for a message of its own */
#define SEND_MS	    20	 /* what is less waits so long at most */
#define QUEUE_BYTES (8 * 1024 * 1024)

struct lookup_log {
	struct event_base *base; /* borrowed */
	void (*other)(void *arg, const void *message);
	void *arg;
	struct chan *chan; /* owned; NULL: nobody writes */
	struct event *timer;
	struct lookup_log_stats stats; /* sent: what waits in the channel, too */
	struct log_limit limit;
	unsigned gathered; /* records in buf */
	struct msg_buf buf;
};

static void send_buf(struct lookup_log *r)
{
	int rc = msg_buf_send(r->chan, &r->buf);

	if (rc) {
		r->stats.dropped += r->gathered;
		log_warning_limited(&r->limit, "history: %u lookups dropped: %s", r->gathered,
				    strerror(-rc));
	} else {
		r->stats.sent += r->gathered;
	}
	r->gathered = 0;
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	send_buf(arg);
}

int lookup_log_new(struct event_base *base, void (*other)(void *arg, const void *message),
		 void *arg, struct lookup_log **out)
{
	struct lookup_log *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->base = base;
	r->other = other;
	r->arg = arg;
	r->timer = event_new(base, -1, 0, on_timer, r);
	if (!r->timer) {
		free(r);
		return -ENOMEM;
	}
	*out = r;
	return 0;
}

static void count_lookups(void *arg, const void *data)
{
	uint64_t *n = arg;

	if (msg_type(data) != MSG_LOOKUP)
		return;
	for (const void *m = msg_next(data, NULL); m; m = msg_next(data, m))
		++*n;
}

/* Lookups that wait in the channel for a slow dbwriter. */
static uint64_t waiting(const struct lookup_log *r)
{
	uint64_t n = 0;

	if (r->chan)
		chan_each_queued(r->chan, count_lookups, &n);
	return n;
}

static void lose_channel(struct lookup_log *r)
{
	uint64_t lost = waiting(r);

	r->stats.sent -= lost;
	r->stats.dropped += lost;
	chan_close(r->chan);
	r->chan = NULL;
}

void lookup_log_free(struct lookup_log *r)
{
	if (!r)
		return;
	chan_close(r->chan);
	event_free(r->timer);
	free(r);
}

static void on_message(void *arg, const void *data, size_t len, int fd)
{
	struct lookup_log *r = arg;

	if (msg_check(data, len, fd >= 0)) {
		log_err("dbwriter: malformed message of %zu bytes: leaving", len);
		exit(1);
	}
	if (fd >= 0)
		close(fd);
	r->other(r->arg, data);
}

static void on_gone(void *arg, int rc)
{
	struct lookup_log *r = arg;

	(void)rc;
	r->stats.dropped += r->gathered;
	r->gathered = 0;
	msg_buf_reset(&r->buf);
	lose_channel(r);
}

void lookup_log_set_channel(struct lookup_log *r, int fd)
{
	static const struct chan_ops ops = { on_message, on_gone };

	lose_channel(r);
	if (fd >= 0 && chan_open(r->base, fd, QUEUE_BYTES, &ops, r, &r->chan))
		log_err("no channel to dbwriter: out of memory");
}

bool lookup_log_is_on(const struct lookup_log *r)
{
	return r->chan != NULL;
}

/* Room for one record; a full message is sent first. */
static struct msg_lookup *add_record(struct lookup_log *r, size_t size)
{
	struct msg_lookup *m = msg_buf_add(&r->buf, MSG_LOOKUP, size);

	if (!m) {
		send_buf(r);
		m = msg_buf_add(&r->buf, MSG_LOOKUP, size);
	}
	r->gathered++;
	return m;
}

static uint8_t *append(uint8_t *to, const void *from, size_t len)
{
	memcpy(to, from, len);
	return to + len;
}

void lookup_log_add(struct lookup_log *r, const struct lookup *l, const char *list,
		  const struct list_match *match, const struct note *note)
{
	char entry[POLICY_ENTRY_TEXT] = "";
	size_t device = strlen(l->client.label), list_len = list ? strlen(list) : 0;
	size_t answer = note ? note->len : 0, pattern;
	struct dname qname = l->question.qname;
	struct msg_lookup *m;
	uint8_t *to;

	if (!r->chan)
		return;
	if (match)
		policy_entry_text(match, entry);
	pattern = MIN(strlen(entry), 255u);
	dname_lower(&qname);
	m = add_record(r, sizeof(*m) + qname.len + device + list_len + pattern + answer);
	m->verdict = l->verdict;
	m->rcode = l->rcode;
	m->qtype = l->question.qtype;
	m->qclass = l->question.qclass;
	m->ts_us = l->ts_us;
	m->rtt_us = l->rtt_us;
	m->hold_us = l->hold_us;
	m->client = l->asker.from.addr;
	m->has_mac = l->client.has_mac;
	m->mac = l->client.mac;
	m->upstream = l->upstream;
	m->qname_len = qname.len;
	m->device_len = (uint8_t)device;
	m->list_len = (uint8_t)list_len;
	m->pattern_len = (uint8_t)pattern;
	m->answer_len = (uint16_t)answer;
	to = append(m->data, qname.wire, qname.len);
	to = append(to, l->client.label, device);
	to = append(to, list ? list : "", list_len);
	to = append(to, entry, pattern);
	append(to, note ? note->rrs : (const uint8_t *)"", answer);
}

void lookup_log_flush(struct lookup_log *r)
{
	static const struct timeval wait = { 0, SEND_MS * 1000 };

	if (!r->gathered)
		return;
	if (r->buf.len >= SEND_BYTES)
		send_buf(r);
	else if (!evtimer_pending(r->timer, NULL))
		event_add(r->timer, &wait);
}

void lookup_log_drain(struct lookup_log *r, int timeout_ms)
{
	if (!r->chan)
		return;
	send_buf(r);
	chan_drain(r->chan, timeout_ms);
}

void lookup_log_event(struct lookup_log *r, const char *kind, const char *subject,
		    const char *detail)
{
	if (!r->chan)
		return;
	send_buf(r);
	msg_send_event(r->chan, kind, subject, detail);
}

int lookup_log_question(struct lookup_log *r, const struct msg_ask *ask)
{
	return msg_send(r->chan, MSG_ASK, ask, sizeof(*ask) + ask->arg_len, -1);
}

void lookup_log_get_stats(const struct lookup_log *r, struct lookup_log_stats *out)
{
	*out = r->stats;
	out->sent -= waiting(r);
}
