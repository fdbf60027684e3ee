/*
 * Process mdns. Rights: account nameward-local, no capability, neither files nor new sockets;
 * those that it has hear the mDNS groups and are shut for writing. It reads what anybody in
 * the network sends, and hands to the resolver which host says it has which address. What is
 * believed of that is decided there, by MAC addresses.
 */
#include "local/mdns.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/util.h"
#include "local/mdns_links.h"
#include "local/mdns_read.h"
#include "local/mdns_sockets.h"

#define NETS_MAX	128 /* of the interfaces listened on; senders of others do not count */
#define PACKETS_A_TURN	32
#define PACKETS_A_SECOND 200 /* then the kernel keeps some, and drops the rest */
#define SETTLE_MS	200 /* addresses mostly change together */
#define QUEUE_BYTES	0   /* a resolver that is busy hears of it when it is said again */

static const struct sandbox rights = {
	.user = "nameward-local",
	.capabilities = 0,
	.calls = SANDBOX_BIND,
};

/* An address of an interface of ours, with its network. */
struct net {
	uint32_t ifindex;
	struct addr_net net;
	bool is_heard; /* there are clients of ours by this interface */
};

struct nets {
	struct net at[NETS_MAX];
	size_t count;
};

struct mdns {
	struct event_base *base; /* owned */
	struct child *child;
	struct conf *conf, *next_conf; /* owned; NULL: not there yet */
	struct chan *resolver; /* owned; NULL: not there */
	struct mdns_sockets sockets;
	struct event *readable[MDNS_SOCKETS_MAX], *links, *settle, *second; /* owned */
	int links_fd, sockets_rc;
	uint32_t serial;   /* of the question after addresses; 0: none yet */
	bool is_asking, is_stale;
	struct nets now, next; /* in force; as the answer comes in */
	unsigned packets;      /* in this second */
	struct msg_buf out;
	uint8_t packet[MDNS_PACKET_MAX + 1];
};

/* --- interfaces ------------------------------------------------------------------------- */

static bool is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->bytes, zero, sizeof(zero));
}

/* Clients are where we answer: by the interfaces that have an address of a listen line; if one
 * stands for all addresses, by those that have a private one. */
static bool is_clients_side(const struct conf *conf, const struct addr *own)
{
	static const struct addr_net loopback = { { AF_INET, { 127 } }, 8 };

	if (addr_net_has(&loopback, own))
		return false;
	for (size_t i = 0; i < conf->listen_count; i++) {
		const struct addr *at = &conf->listens[i].at.addr;

		if (is_any(at) ? addr_is_private(own) : addr_equal(at, own))
			return true;
	}
	return false;
}

static void take_address(void *arg, uint32_t ifindex, const struct addr *a, uint8_t prefix)
{
	struct mdns *m = arg;

	if (m->next.count < NETS_MAX)
		m->next.at[m->next.count++] = (struct net){
			ifindex, { *a, prefix }, is_clients_side(m->conf, a),
		};
}

static bool is_heard(const struct nets *n, uint32_t ifindex)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->at[i].ifindex == ifindex && n->at[i].is_heard)
			return true;
	return false;
}

/* A socket that heard an interface which is gone hears no other. */
static bool is_any_worn(const struct mdns *m)
{
	for (int i = 1; i < MDNS_SOCKETS_MAX; i++)
		if (m->sockets.bound[i] && !is_heard(&m->now, m->sockets.bound[i]))
			return true;
	return false;
}

static void join(struct mdns *m, uint32_t ifindex)
{
	int rc = mdns_sockets_join(&m->sockets, ifindex);

	if (rc == -ENOSPC && is_any_worn(m)) {
		log_info("interfaces have come and gone: another process has new sockets");
		child_exit(m->child, 0);
	} else if (rc == -ENOSPC) {
		log_warning("more than %d interfaces: names are not heard on number %u",
			    MDNS_LINKS_MAX, ifindex);
	} else if (rc) {
		log_warning("interface number %u: %s: names are not heard there", ifindex,
			    strerror(-rc));
	}
}

/* All addresses are there: hear what is new, and no more what is not. */
static void follow_links(struct mdns *m)
{
	struct nets before = m->now;

	m->now = m->next;
	for (size_t i = 0; i < before.count; i++)
		if (before.at[i].is_heard && !is_heard(&m->now, before.at[i].ifindex))
			mdns_sockets_leave(&m->sockets, before.at[i].ifindex);
	for (size_t i = 0; i < m->now.count; i++)
		if (m->now.at[i].is_heard && !is_heard(&before, m->now.at[i].ifindex))
			join(m, m->now.at[i].ifindex);
}

static void ask_links(struct mdns *m)
{
	m->next.count = 0;
	m->is_stale = false;
	if (++m->serial == 0)
		m->serial = 1;
	m->is_asking = !mdns_links_ask(m->links_fd, m->serial);
}

static void settle(struct mdns *m)
{
	static const struct timeval wait = { 0, SETTLE_MS * 1000 };

	m->is_stale = true;
	if (!m->is_asking && !event_pending(m->settle, EV_TIMEOUT, NULL))
		event_add(m->settle, &wait);
}

static void on_settled(evutil_socket_t fd, short events, void *arg)
{
	struct mdns *m = arg;

	(void)fd;
	(void)events;
	if (m->conf)
		ask_links(m);
}

static void on_links(evutil_socket_t fd, short events, void *arg)
{
	struct mdns *m = arg;
	unsigned said = mdns_links_read(fd, m->serial, take_address, m);

	(void)events;
	if (said & LINKS_ALL && m->is_asking) {
		m->is_asking = false;
		if (!(said & LINKS_CHANGED))
			follow_links(m);
	}
	if (said & LINKS_CHANGED || m->is_stale)
		settle(m);
}

/* --- packets ---------------------------------------------------------------------------- */

/* In a network of the interface that it came in by, where there are clients. */
static bool is_on_link(const struct nets *n, uint32_t ifindex, const struct addr *from)
{
	if (!is_heard(n, ifindex))
		return false;
	for (size_t i = 0; i < n->count; i++)
		if (n->at[i].ifindex == ifindex && addr_net_has(&n->at[i].net, from))
			return true;
	return false;
}

static void flush(struct mdns *m)
{
	if (m->resolver)
		(void)msg_buf_send(m->resolver, &m->out);
	msg_buf_reset(&m->out);
}

static void tell(struct mdns *m, uint32_t ifindex, const struct addr *from,
		 const struct mdns_name *n)
{
	struct msg_heard *h = msg_buf_add(&m->out, MSG_HEARD, sizeof(*h));

	if (!h) {
		flush(m);
		h = msg_buf_add(&m->out, MSG_HEARD, sizeof(*h));
	}
	h->ifindex = ifindex;
	h->ttl_s = n->ttl_s;
	h->from = *from;
	h->addr = n->addr;
	memcpy(h->name, n->name, sizeof(h->name));
}

/* RFC 6762 §6, §11: a response comes from the mDNS port of a host on this link. */
static void take_packet(struct mdns *m, size_t len, const struct addr_port *from,
			uint32_t ifindex)
{
	struct mdns_name names[MDNS_NAMES_MAX];
	int count;

	if (from->port != MDNS_PORT || !is_on_link(&m->now, ifindex, &from->addr))
		return;
	count = mdns_read(m->packet, len, names);
	for (int i = 0; i < count; i++)
		tell(m, ifindex, &from->addr, &names[i]);
}

static void listen_again(struct mdns *m, bool on)
{
	for (int i = 0; i < MDNS_SOCKETS_MAX; i++) {
		if (!m->readable[i])
			continue;
		if (on)
			event_add(m->readable[i], NULL);
		else
			event_del(m->readable[i]);
	}
}

static void on_second(evutil_socket_t fd, short events, void *arg)
{
	struct mdns *m = arg;

	(void)fd;
	(void)events;
	if (m->packets >= PACKETS_A_SECOND)
		listen_again(m, true);
	m->packets = 0;
}

static void on_packets(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval second = { 1, 0 };
	struct mdns *m = arg;

	(void)events;
	if (!event_pending(m->second, EV_TIMEOUT, NULL))
		event_add(m->second, &second);
	for (unsigned i = 0; i < PACKETS_A_TURN; i++) {
		struct addr_port from;
		uint32_t ifindex;
		int len;

		if (m->packets >= PACKETS_A_SECOND) {
			listen_again(m, false);
			return;
		}
		len = mdns_sockets_receive(fd, m->packet, sizeof(m->packet), &from, &ifindex);
		if (len < 0 && len != -EBADMSG)
			return;
		m->packets++;
		if (len > 0)
			take_packet(m, (size_t)len, &from, ifindex);
	}
}

/* --- messages --------------------------------------------------------------------------- */

static void on_resolver_message(void *arg, const void *data, size_t len, int fd)
{
	struct mdns *m = arg;

	(void)data;
	if (fd >= 0)
		close(fd);
	log_err("resolver: unexpected message of %zu bytes: leaving", len);
	child_exit(m->child, 1);
}

static void on_resolver_gone(void *arg, int rc)
{
	struct mdns *m = arg;

	(void)rc;
	chan_close(m->resolver);
	m->resolver = NULL;
}

static void on_peer(void *arg, enum msg_role role, int fd)
{
	static const struct chan_ops ops = { on_resolver_message, on_resolver_gone };
	struct mdns *m = arg;
	int rc;

	if (role != ROLE_RESOLVER) {
		close(fd);
		return;
	}
	chan_close(m->resolver);
	m->resolver = NULL;
	rc = chan_open(m->base, fd, QUEUE_BYTES, &ops, m, &m->resolver);
	if (rc)
		log_err("resolver: channel: %s", strerror(-rc));
}

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	struct mdns *m = arg;
	int rc;

	(void)record;
	if (type == MSG_CONF) {
		conf_free(m->next_conf);
		m->next_conf = NULL;
		rc = conf_from_fd(fd, &m->next_conf);
		if (rc)
			log_err("configuration: %s", strerror(-rc));
	}
	if (fd >= 0)
		close(fd);
}

static int on_start(void *arg, uint32_t generation, char *why)
{
	struct mdns *m = arg;

	(void)generation;
	if (!m->next_conf) {
		snprintf(why, MSG_TEXT_MAX, "mdns: no configuration");
		return -EINVAL;
	}
	conf_free(m->conf);
	m->conf = m->next_conf;
	m->next_conf = NULL;
	if (m->sockets_rc) {
		snprintf(why, MSG_TEXT_MAX, "mdns: port %d: %s: names of clients are not heard",
			 MDNS_PORT, strerror(-m->sockets_rc));
		return m->sockets_rc;
	}
	ask_links(m);
	return 0;
}

static void on_turn(void *arg)
{
	flush(arg);
}

/* --- the process ------------------------------------------------------------------------ */

static int make_events(struct mdns *m)
{
	m->base = event_base_new();
	if (!m->base)
		return -ENOMEM;
	m->settle = event_new(m->base, -1, 0, on_settled, m);
	m->second = event_new(m->base, -1, 0, on_second, m);
	if (!m->settle || !m->second)
		return -ENOMEM;
	if (m->sockets_rc)
		return 0; /* it is said when the configuration is there */
	m->links = event_new(m->base, m->links_fd, EV_READ | EV_PERSIST, on_links, m);
	if (!m->links || event_add(m->links, NULL))
		return -ENOMEM;
	for (int i = 0; i < MDNS_SOCKETS_MAX; i++) {
		if (m->sockets.fds[i] < 0)
			continue;
		m->readable[i] = event_new(m->base, m->sockets.fds[i], EV_READ | EV_PERSIST,
					   on_packets, m);
		if (!m->readable[i] || event_add(m->readable[i], NULL))
			return -ENOMEM;
	}
	return 0;
}

static void free_parts(struct mdns *m)
{
	struct event *events[] = { m->links, m->settle, m->second };

	chan_close(m->resolver);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i])
			event_free(events[i]);
	for (int i = 0; i < MDNS_SOCKETS_MAX; i++)
		if (m->readable[i])
			event_free(m->readable[i]);
	if (m->base)
		event_base_free(m->base);
	if (!m->sockets_rc)
		mdns_sockets_close(&m->sockets);
	if (m->links_fd >= 0)
		close(m->links_fd);
	conf_free(m->conf);
	conf_free(m->next_conf);
}

/* Needs no right; afterwards none can be opened. */
static void open_sockets(struct mdns *m)
{
	m->links_fd = mdns_links_open();
	m->sockets_rc = m->links_fd < 0 ? m->links_fd : mdns_sockets_open(&m->sockets);
}

int mdns_main(void)
{
	static const struct child_ops ops = { on_peer, on_message, on_start, NULL, on_turn };
	struct mdns *m = calloc(1, sizeof(*m));
	const char *why;
	int status = 1;

	if (!m)
		return 1;
	open_sockets(m);
	if (sandbox_enter(&rights, &why))
		log_err("sandbox: %s", why);
	else if (make_events(m))
		log_err("out of memory");
	else
		status = child_run(m->base, ROLE_MDNS, &ops, m, &m->child);
	free_parts(m);
	free(m);
	return status;
}
