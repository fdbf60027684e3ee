/* Looks up hosts by c-ares, one at a time; see fetch_hosts.h. */
#include "fetch/fetch_hosts.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/util.h"

#define TIMEOUT_MS  3000 /* of the first try */
#define TRIES	    2
#define SOCKETS_MAX 16
#define SERVERS_MAX 8

struct fetch_hosts {
	ares_channel channel;
	struct pollfd sockets[SOCKETS_MAX];
	size_t socket_count;
};

/* One question and where its answer goes. */
struct wish {
	char *buf;
	size_t size, used;
	int rc;
	bool is_done;
};

static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct fetch_hosts *h = arg;
	short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
	size_t i = 0;

	while (i < h->socket_count && h->sockets[i].fd != fd)
		i++;
	if (i == SOCKETS_MAX)
		return; /* its time-out will tell */
	h->sockets[i] = (struct pollfd){.fd = fd, .events = events};
	if (i == h->socket_count)
		h->socket_count++;
	if (!events)
		h->sockets[i] = h->sockets[--h->socket_count];
}

struct servers {
	char text[SERVERS_MAX * (ADDR_PORT_TEXT_MAX + 1)]; /* "192.0.2.1:53,[2001:db8::1]:53" */
	size_t used, count;
};

static void add_server(struct servers *s, const struct addr_port *at)
{
	char text[ADDR_PORT_TEXT_MAX];

	if (s->count == SERVERS_MAX)
		return;
	s->used += (size_t)snprintf(s->text + s->used, sizeof(s->text) - s->used, "%s%s",
				    s->count++ ? "," : "", addr_port_to_text(at, text));
}

/** Those of the upstream that most names go to. One that is to be asked over TLS is not
 *  asked in the clear here: then we are, who ask it over TLS. */
static void list_servers(const struct conf *conf, struct servers *s)
{
	const struct conf_upstream *u;
	size_t root = 0;

	for (size_t i = 0; i < conf->forward_count; i++)
		if (conf->forwards[i].suffix.len == 1)
			root = conf->forwards[i].upstream;
	u = root < conf->upstream_count ? &conf->upstreams[root] : NULL;
	for (size_t i = 0; u && i < u->server_count; i++)
		if (!u->servers[i].tls)
			add_server(s, &u->servers[i].at);
	if (s->count)
		return;
	for (size_t i = 0; i < conf->listen_count; i++)
		if (!conf->listens[i].interface) /* it may not be there */
			add_server(s, &conf->listens[i].at);
}

int fetch_hosts_open(const struct conf *conf, struct fetch_hosts **out)
{
	static char lookups[] = "fb";
	struct fetch_hosts *h = calloc(1, sizeof(*h));
	struct servers servers = { .used = 0 };
	struct ares_options options = {
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.lookups = lookups, /* /etc/hosts, then DNS */
		.sock_state_cb = on_socket,
		.sock_state_cb_data = h,
	};

	if (!h)
		return -ENOMEM;
	if (ares_init_options(&h->channel, &options,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
				      ARES_OPT_SOCK_STATE_CB)) {
		free(h);
		return -EIO;
	}
	list_servers(conf, &servers);
	if (servers.count && ares_set_servers_ports_csv(h->channel, servers.text)) {
		fetch_hosts_close(h);
		return -EIO;
	}
	*out = h;
	return 0;
}

void fetch_hosts_close(struct fetch_hosts *h)
{
	if (!h)
		return;
	ares_destroy(h->channel);
	free(h);
}

static int rc_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOMEM:
		return -ENOMEM;
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_EBADNAME:
		return -ENOENT;
	default:
		return -ETIMEDOUT;
	}
}

static void add_address(struct wish *w, const struct sockaddr *sa)
{
	char text[INET6_ADDRSTRLEN];
	bool is_six = sa->sa_family == AF_INET6;
	const void *bytes =
		is_six ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
		       : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;
	size_t room = w->size - w->used;
	int n;

	if (!inet_ntop(sa->sa_family, bytes, text, sizeof(text)))
		return;
	n = snprintf(w->buf + w->used, room, "%s%s%s%s", w->used ? "," : "",
		     is_six ? "[" : "", text, is_six ? "]" : "");
	if ((size_t)n < room)
		w->used += (size_t)n;
	else
		w->buf[w->used] = '\0'; /* those that fit are enough */
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *found)
{
	struct wish *w = arg;

	(void)timeouts;
	w->is_done = true;
	w->rc = rc_of(status);
	if (w->rc)
		return;
	for (const struct ares_addrinfo_node *n = found->nodes; n; n = n->ai_next)
		if (n->ai_family == AF_INET || n->ai_family == AF_INET6)
			add_address(w, n->ai_addr);
	ares_freeaddrinfo(found);
	if (!w->used)
		w->rc = -ENOENT;
}

static void wait_once(struct fetch_hosts *h)
{
	struct timeval most = {.tv_sec = 1}, tv;
	struct timeval *left = ares_timeout(h->channel, &most, &tv);
	struct pollfd ready[SOCKETS_MAX];
	size_t count = h->socket_count;
	int n;

	memcpy(ready, h->sockets, sizeof(ready));
	n = poll(ready, count, (int)(left->tv_sec * 1000 + left->tv_usec / 1000) + 1);
	for (size_t i = 0; n > 0 && i < count; i++)
		if (ready[i].revents)
			ares_process_fd(h->channel,
					ready[i].revents & ~POLLOUT ? ready[i].fd
								    : ARES_SOCKET_BAD,
					ready[i].revents & POLLOUT ? ready[i].fd
								   : ARES_SOCKET_BAD);
	if (n <= 0)
		ares_process_fd(h->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

int fetch_hosts_find(struct fetch_hosts *h, const char *host, char *buf, size_t size)
{
	const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC,
						  .ai_socktype = SOCK_STREAM};
	struct wish w = {.buf = buf, .size = size};

	buf[0] = '\0';
	ares_getaddrinfo(h->channel, host, NULL, &hints, on_answer, &w);
	while (!w.is_done)
		wait_once(h);
	return w.rc;
}

bool fetch_hosts_in_file(const struct fetch_hosts *h, const char *host)
{
	static const int families[] = { AF_INET, AF_INET6 };
	bool is_there = false;

	for (size_t i = 0; i < ARRAY_SIZE(families) && !is_there; i++) {
		struct hostent *found = NULL;

		is_there = !ares_gethostbyname_file(h->channel, host, families[i], &found);
		if (is_there)
			ares_free_hostent(found);
	}
	return is_there;
}
