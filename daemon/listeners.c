/* The sockets on which clients are served. Knows nothing of what is read from them. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/listeners.h"
#include "daemon/port_owner.h"
#include "lib/util.h"

#define UDP_BUFFER_BYTES (4 << 20) /* some thousand queries wait while a resolver restarts */
#define TCP_BACKLOG	 512

struct listeners {
	size_t count;
	struct listener_socket sockets[];
};

struct option {
	int level, name, value;
	const char *what; /* for the message; NULL: does without */
};

static int set_options(int fd, const struct option *options, size_t count, const char **what)
{
	for (size_t i = 0; i < count; i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			       sizeof(options[i].value)) < 0 &&
		    options[i].what) {
			*what = options[i].what;
			return -errno;
		}
	return 0;
}

/**
 * FREEBIND: the address may come up later (boot). V6ONLY: 0.0.0.0 and [::] are two sockets.
 * PKTINFO: the reply leaves from the address that was asked. No path MTU is believed
 * (IP_PMTUDISC_OMIT): forged ICMP cannot make us send fragments. UDP has no SO_REUSEADDR,
 * with which a second instance would bind the same port and take half of the queries.
 */
static int prepare(int fd, uint8_t family, bool stream, const char **what)
{
	static const struct option v4[] = {
		{ IPPROTO_IP, IP_FREEBIND, 1, NULL },
		{ IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO" },
		{ IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT, NULL },
	};
	static const struct option v6[] = {
		{ IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY" },
		{ IPPROTO_IPV6, IPV6_FREEBIND, 1, NULL },
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO" },
		{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT, NULL },
	};
	static const struct option tcp[] = { { SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR" } };
	static const struct option udp[] = {
		/* the forced one needs CAP_NET_ADMIN and ignores the system's limit */
		{ SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES, NULL },
		{ SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER_BYTES, NULL },
		{ SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES, NULL },
		{ SOL_SOCKET, SO_SNDBUFFORCE, UDP_BUFFER_BYTES, NULL },
	};
	int rc;

	if (family == AF_INET)
		rc = set_options(fd, v4, ARRAY_SIZE(v4), what);
	else
		rc = set_options(fd, v6, ARRAY_SIZE(v6), what);
	if (rc)
		return rc;
	if (stream)
		return set_options(fd, tcp, ARRAY_SIZE(tcp), what);
	return set_options(fd, udp, ARRAY_SIZE(udp), what);
}

/** @retval fd, or negative errno with the step that failed in what */
static int open_socket(const struct addr_port *at, bool stream, const char **what)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_port_to_sockaddr(at, &ss);
	int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(at->addr.family, type, 0);
	int rc;

	*what = "socket";
	if (fd < 0)
		return -errno;
	rc = prepare(fd, at->addr.family, stream, what);
	if (rc)
		goto err;
	*what = "bind";
	if (bind(fd, (struct sockaddr *)&ss, len) < 0) {
		rc = -errno;
		goto err;
	}
	*what = "listen";
	if (stream && listen(fd, TCP_BACKLOG) < 0) {
		rc = -errno;
		goto err;
	}
	return fd;

err:
	close(fd);
	return rc;
}

static const char *owner_hint(const char *owner)
{
	static const struct {
		const char *process, *hint;
	} hints[] = {
		{ "systemd-resolve", "set DNSStubListener=no in /etc/systemd/resolved.conf, or listen "
				     "on the LAN addresses only" },
		{ "dnsmasq", "set port=0 in its configuration (DHCP goes on), or stop it" },
		{ "namewardd", "another nameward is running" },
		{ "resolver", "another nameward is running" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (!strncmp(owner, hints[i].process, strlen(hints[i].process)))
			return hints[i].hint;
	return "stop it, or choose another address or port on the `listen` line";
}

/** A socket of ours that is in the way of another: 0.0.0.0 beside an address, same port. */
static const struct listener_socket *find_port(const struct listeners *l,
					       const struct addr_port *at, bool stream)
{
	for (size_t i = 0; l && i < l->count; i++)
		if (l->sockets[i].stream == stream && l->sockets[i].at.port == at->port &&
		    l->sockets[i].at.addr.family == at->addr.family)
			return &l->sockets[i];
	return NULL;
}

static void explain(const struct addr_port *at, bool stream, const char *what, int rc,
		    const struct listeners *old, char *why)
{
	char text[ADDR_PORT_TEXT_MAX], owner[PORT_OWNER_MAX];
	const char *kind = stream ? "TCP" : "UDP";

	addr_port_to_text(at, text);
	if (rc == -EADDRINUSE && find_port(old, at, stream)) {
		snprintf(why, LISTENERS_WHY_MAX,
			 "%s %s: another `listen` of ours has this port: such a change needs a "
			 "restart",
			 kind, text);
	} else if (rc == -EADDRINUSE) {
		port_owner_describe(at, stream, owner);
		snprintf(why, LISTENERS_WHY_MAX, "%s %s is taken by %s: %s", kind, text, owner,
			 owner_hint(owner));
	} else if (rc == -EACCES || rc == -EPERM) {
		snprintf(why, LISTENERS_WHY_MAX,
			 "%s %s: %s: %s: a port below 1024 needs root or CAP_NET_BIND_SERVICE",
			 kind, text, what, strerror(-rc));
	} else {
		snprintf(why, LISTENERS_WHY_MAX, "%s %s: %s: %s", kind, text, what,
			 strerror(-rc));
	}
}

static const struct listener_socket *find(const struct listeners *l,
					  const struct addr_port *at, bool stream)
{
	for (size_t i = 0; l && i < l->count; i++)
		if (l->sockets[i].stream == stream && l->sockets[i].at.port == at->port &&
		    l->sockets[i].at.scope == at->scope &&
		    addr_equal(&l->sockets[i].at.addr, &at->addr))
			return &l->sockets[i];
	return NULL;
}

static int add(struct listeners *l, const struct listeners *old, const struct addr_port *at,
	       bool stream, char *why)
{
	const struct listener_socket *kept = find(old, at, stream);
	const char *what = "duplicate";
	int fd;

	if (kept) {
		fd = fcntl(kept->fd, F_DUPFD_CLOEXEC, 0);
		fd = fd < 0 ? -errno : fd;
	} else {
		fd = open_socket(at, stream, &what);
	}
	if (fd < 0) {
		explain(at, stream, what, fd, old ? old : l, why);
		return fd;
	}
	l->sockets[l->count].at = *at;
	l->sockets[l->count].stream = stream;
	l->sockets[l->count].kept = kept != NULL;
	l->sockets[l->count++].fd = fd;
	return 0;
}

/* Where a `listen` is now. @return false: its interface is not there */
static bool find_place(const struct conf_listen *l, struct addr_port *out)
{
	*out = l->at;
	if (l->interface)
		out->scope = if_nametoindex(l->interface);
	return !l->interface || out->scope;
}

int listeners_open(const struct conf *conf, const struct listeners *old,
		   struct listeners **out, char *why)
{
	struct listeners *l;
	int rc = 0;

	l = calloc(1, sizeof(*l) + 2 * conf->listen_count * sizeof(l->sockets[0]));
	if (!l) {
		snprintf(why, LISTENERS_WHY_MAX, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < conf->listen_count && !rc; i++) {
		struct addr_port at;

		if (!find_place(&conf->listens[i], &at) || find(l, &at, false))
			continue; /* not there yet, or written twice */
		rc = add(l, old, &at, false, why);
		if (!rc)
			rc = add(l, old, &at, true, why);
	}
	if (rc) {
		listeners_close(l);
		return rc;
	}
	*out = l;
	return 0;
}

/* @return false: not one of a kind that we make */
static bool read_socket(int fd, struct listener_socket *out)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss), size = sizeof(int);
	int type, listening = 0;

	if (getsockname(fd, (struct sockaddr *)&ss, &len) ||
	    addr_port_from_sockaddr((struct sockaddr *)&ss, &out->at) || !out->at.port ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size))
		return false;
	out->stream = type == SOCK_STREAM;
	out->kept = false;
	out->fd = fd;
	return type == SOCK_DGRAM || (out->stream && listening);
}

int listeners_from_fds(const int *fds, size_t count, struct listeners **out)
{
	struct listeners *l = calloc(1, sizeof(*l) + count * sizeof(l->sockets[0]));

	for (size_t i = 0; i < count; i++) {
		if (l && read_socket(fds[i], &l->sockets[l->count]))
			l->count++;
		else
			close(fds[i]);
	}
	if (!l)
		return -ENOMEM;
	*out = l;
	return 0;
}

static bool is_wanted(const struct conf *conf, const struct addr_port *at)
{
	for (size_t i = 0; i < conf->listen_count; i++) {
		struct addr_port l;

		if (find_place(&conf->listens[i], &l) && l.port == at->port &&
		    l.scope == at->scope && addr_equal(&l.addr, &at->addr))
			return true;
	}
	return false;
}

bool listeners_are_all(const struct listeners *l, const struct conf *conf)
{
	struct addr_port at;

	for (size_t i = 0; i < conf->listen_count; i++)
		if (find_place(&conf->listens[i], &at) && !find(l, &at, false))
			return false;
	return true;
}

void listeners_trim(struct listeners *l, const struct conf *conf,
		    void (*see)(void *arg, const struct listener_socket *s), void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (is_wanted(conf, &l->sockets[i].at)) {
			l->sockets[kept++] = l->sockets[i];
			continue;
		}
		see(arg, &l->sockets[i]);
		close(l->sockets[i].fd);
	}
	l->count = kept;
}

bool listeners_have(const struct listeners *l, const struct listener_socket *s)
{
	return find(l, &s->at, s->stream) != NULL;
}

size_t listeners_count(const struct listeners *l)
{
	return l->count;
}

const struct listener_socket *listeners_at(const struct listeners *l, size_t i)
{
	return &l->sockets[i];
}

void listeners_close(struct listeners *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		close(l->sockets[i].fd);
	free(l);
}
