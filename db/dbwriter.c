/*
 * The dbwriter process. Its rights: user nameward-db, group adm (the history is readable by
 * adm), no capability, files of one folder. It reads only what its siblings send, and it is
 * the one process that may wait for a disk.
 *
 * This file holds the event loop, the channels and the timer; recorder.h does the work.
 */
#include "db/dbwriter.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "db/recorder.h"
#include "db/seen_labels.h"
#include "db/store.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/sandbox.h"
#include "lib/util.h"

#define ANSWER_QUEUE	(256 * 1024) /* for a peer that does not read our answers */
#define DRAIN_TICK_MS	20
#define DRAIN_TICKS_MAX 100

struct dbwriter;

struct peer {
	struct dbwriter *dbwriter; /* borrowed; outlives us */
	enum msg_role role;
	struct chan *chan; /* owned; NULL: none */
};

struct dbwriter {
	struct event_base *base; /* owned */
	struct child *child;
	struct recorder *recorder; /* owned */
	struct seen_labels *seen;  /* owned */
	struct conf *conf;	   /* owned; in force; NULL before the first start */
	struct conf *next_conf;	   /* owned; from the next start on */
	struct peer peers[ROLE_COUNT];
	struct event *timer; /* owned */
	/* stopping: the channels are read until a tick brings nothing */
	bool is_stopping;
	unsigned ticks;
	uint64_t messages, messages_at_tick;
};

static struct recorder_now now(void)
{
	return (struct recorder_now){ clock_wall_us(), clock_mono_us() };
}

/* --- who a refused client is -------------------------------------------------------- */

static bool is_device(const struct conf_device *d, const struct mac *mac,
		      const struct addr *addr)
{
	for (size_t i = 0; mac && i < d->mac_count; i++)
		if (!memcmp(&d->macs[i], mac, sizeof(*mac)))
			return true;
	for (size_t i = 0; i < d->addr_count; i++)
		if (addr_equal(&d->addrs[i], addr))
			return true;
	return false;
}

static const char *label_of(void *arg, const struct mac *mac, const struct addr *addr)
{
	const struct dbwriter *w = arg;

	for (size_t i = 0; w->conf && i < w->conf->device_count; i++)
		if (is_device(&w->conf->devices[i], mac, addr))
			return w->conf->devices[i].name;
	return seen_labels_find(w->seen, mac, addr);
}

/* What the resolver calls clients, by leases and mDNS too. */
static void note_labels(struct dbwriter *w, const void *data)
{
	const struct msg_lookup *m = NULL;

	while ((m = msg_next(data, m)))
		seen_labels_put(w->seen, m->has_mac ? &m->mac : NULL, &m->client,
				(const char *)m->data + m->qname_len, m->device_len);
}

/* --- time --------------------------------------------------------------------------- */

static void set_timer(struct dbwriter *w, unsigned ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = (int)(ms % 1000) * 1000 };

	event_add(w->timer, &tv);
}

static void on_turn(void *arg)
{
	struct dbwriter *w = arg;

	if (!w->is_stopping)
		set_timer(w, recorder_run(w->recorder, now()));
}

static void finish(struct dbwriter *w)
{
	recorder_stop(w->recorder, now());
	child_exit(w->child, 0);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
	struct dbwriter *w = arg;

	(void)fd;
	(void)events;
	if (!w->is_stopping)
		return; /* on_turn follows */
	if (w->messages == w->messages_at_tick || ++w->ticks > DRAIN_TICKS_MAX) {
		finish(w);
		return;
	}
	w->messages_at_tick = w->messages;
	recorder_run(w->recorder, now());
	set_timer(w, DRAIN_TICK_MS);
}

static void on_stop(void *arg)
{
	struct dbwriter *w = arg;

	w->is_stopping = true;
	w->messages_at_tick = UINT64_MAX; /* one tick is always waited for */
	set_timer(w, DRAIN_TICK_MS);
}

/* --- peers -------------------------------------------------------------------------- */

/* Deletion on request. */
static int begin(struct dbwriter *w, const struct msg_ask *ask)
{
	char request[MSG_ASK_ARG_MAX + 1];
	int rc;

	memcpy(request, ask->arg, ask->arg_len);
	request[ask->arg_len] = '\0';
	rc = ask->question == ASK_FORGET ? recorder_forget(w->recorder, request, now()) :
					   recorder_prune(w->recorder, request, now());
	if (!rc)
		set_timer(w, 0);
	return rc;
}

static void answer(struct dbwriter *w, struct chan *chan, const struct msg_ask *ask)
{
	uint64_t buf[(sizeof(struct msg_tell) + 4096) / 8];
	struct msg_tell *tell = (struct msg_tell *)buf;

	memset(tell, 0, sizeof(*tell));
	tell->last = 1;
	tell->txid = ask->txid;
	if (ask->question == ASK_STATUS)
		tell->len = (uint32_t)recorder_status(w->recorder, tell->text,
						      sizeof(buf) - sizeof(*tell));
	else if (ask->question == ASK_FOLLOW)
		recorder_follow(w->recorder, now());
	else if (ask->question == ASK_PRUNING)
		tell->len = (uint32_t)recorder_pruning(w->recorder, tell->text,
						       sizeof(buf) - sizeof(*tell));
	else if (ask->question == ASK_FORGET || ask->question == ASK_PRUNE)
		tell->rc = begin(w, ask);
	else
		tell->rc = -EOPNOTSUPP;
	if (msg_send(chan, MSG_TELL, tell, sizeof(*tell) + tell->len, -1))
		log_warning("an answer was lost: the peer does not read");
}

static void on_peer_message(void *arg, const void *data, size_t len, int fd)
{
	struct peer *peer = arg;
	struct dbwriter *w = peer->dbwriter;

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || msg_check(data, len, false)) {
		log_err("%s: malformed message of %zu bytes: leaving",
			msg_role_name(peer->role), len);
		w->is_stopping = true;
		recorder_stop(w->recorder, now());
		child_exit(w->child, 1);
		return;
	}
	w->messages++;
	switch (msg_type(data)) {
	case MSG_LOOKUP:
		note_labels(w, data);
		recorder_take(w->recorder, data);
		break;
	case MSG_REFUSED:
	case MSG_EVENT:
		recorder_take(w->recorder, data);
		break;
	case MSG_ASK:
		answer(w, peer->chan, msg_next(data, NULL));
		break;
	default:
		log_warning("%s: unexpected message of type %d", msg_role_name(peer->role),
			    msg_type(data));
	}
}

static void on_peer_gone(void *arg, int rc)
{
	struct peer *peer = arg;

	(void)rc; /* the supervisor says what became of it, and sends a new channel */
	chan_close(peer->chan);
	peer->chan = NULL;
}

static void on_peer(void *arg, enum msg_role role, int fd)
{
	static const struct chan_ops ops = { on_peer_message, on_peer_gone };
	struct dbwriter *w = arg;
	struct peer *peer = &w->peers[role];
	int rc;

	chan_close(peer->chan);
	peer->chan = NULL;
	peer->dbwriter = w;
	peer->role = role;
	rc = chan_open(w->base, fd, ANSWER_QUEUE, &ops, peer, &peer->chan);
	if (rc)
		log_err("channel to %s: %s", msg_role_name(role), strerror(-rc));
}

/* --- the supervisor ----------------------------------------------------------------- */

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	struct dbwriter *w = arg;
	int rc;

	(void)record;
	if (type == MSG_CONF) {
		conf_free(w->next_conf);
		w->next_conf = NULL;
		rc = conf_from_fd(fd, &w->next_conf);
		if (rc)
			log_err("the configuration cannot be read: %s", strerror(-rc));
	}
	if (fd >= 0)
		close(fd);
}

static int on_start(void *arg, uint32_t generation, char *why)
{
	struct dbwriter *w = arg;
	int rc;

	(void)generation;
	if (!w->next_conf) {
		if (w->conf)
			return 0; /* nothing new for us */
		snprintf(why, MSG_TEXT_MAX, "no configuration has come");
		return -EINVAL;
	}
	rc = recorder_configure(w->recorder, &w->next_conf->history, now());
	if (rc) {
		snprintf(why, MSG_TEXT_MAX, "history: %s", strerror(-rc));
		return rc;
	}
	conf_free(w->conf);
	w->conf = w->next_conf;
	w->next_conf = NULL;
	return 0;
}

/* --- life --------------------------------------------------------------------------- */

static int serve(struct dbwriter *w)
{
	static const struct child_ops ops = {
		.on_peer = on_peer,
		.on_message = on_message,
		.on_start = on_start,
		.on_stop = on_stop,
		.on_turn = on_turn,
	};
	struct history_labels labels = { label_of, w };
	int status = 1;

	w->base = event_base_new();
	w->recorder = recorder_new(&labels);
	w->seen = seen_labels_new();
	if (w->base)
		w->timer = event_new(w->base, -1, 0, on_timer, w);
	if (w->base && w->recorder && w->seen && w->timer)
		status = child_run(w->base, ROLE_DBWRITER, &ops, w, &w->child);
	else
		log_err("out of memory");
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		chan_close(w->peers[i].chan);
	recorder_free(w->recorder);
	seen_labels_free(w->seen);
	conf_free(w->conf);
	conf_free(w->next_conf);
	if (w->timer)
		event_free(w->timer);
	if (w->base)
		event_base_free(w->base);
	return status;
}

int dbwriter_main(void)
{
	static const struct sandbox sandbox = {
		.user = "nameward-db",
		.calls = SANDBOX_FILES,
		.keep_group_adm = true,
	};
	struct dbwriter w = { 0 };
	const char *why = NULL;
	int rc;

	log_init(msg_role_name(ROLE_DBWRITER), LOG_LEVEL_INFO);
	rc = sandbox_enter(&sandbox, &why);
	if (rc) {
		log_err("sandbox: %s: %s", why ? why : "failed", strerror(-rc));
		return 1;
	}
	umask(0027);
	store_library_init();
	return serve(&w);
}
