/* UDP sockets towards clients; see listener.h. */
#include "resolver/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/own_source.h"
#include "resolver/wire.h"

#define BATCH 64

union packet_info {
	char v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
	char v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct cmsghdr align;
};

/* Datagrams being read; filled anew for each recvmmsg. */
struct inbox {
	struct mmsghdr head[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage name[BATCH];
	union packet_info info[BATCH];
	uint8_t data[BATCH][WIRE_QUERY_MAX];
};

/* Answers waiting for the end of the turn. */
struct outbox {
	struct mmsghdr head[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage name[BATCH];
	union packet_info info[BATCH];
	uint8_t data[BATCH][LISTENER_REPLY];
};

struct udp_socket {
	struct listener *owner;
	struct addr_port at;
	struct event *on_read;
	int fd; /* owned */
	unsigned waiting;
	unsigned holds; /* questions that will be answered through it */
	bool marked;	/* closed by the next sweep */
	bool any;	/* bound to no address: answers must name theirs */
	bool orphan;	/* no longer in the listener: the last release frees it */
	struct outbox out;
};

struct listener {
	struct event_base *base; /* borrowed */
	listener_packet *on_packet;
	void *arg;
	struct udp_socket *sockets[LISTENER_SOCKETS]; /* owned */
	unsigned count;
	bool stopped;
	struct listener_stats stats;
	struct own_sources own;
	struct inbox in;
};

int listener_new(struct event_base *base, listener_packet *on_packet, void *arg,
		 struct listener **out)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->base = base;
	l->on_packet = on_packet;
	l->arg = arg;
	for (unsigned i = 0; i < BATCH; i++) {
		l->in.iov[i] = (struct iovec){ l->in.data[i], WIRE_QUERY_MAX };
		l->in.head[i].msg_hdr.msg_iov = &l->in.iov[i];
		l->in.head[i].msg_hdr.msg_iovlen = 1;
		l->in.head[i].msg_hdr.msg_name = &l->in.name[i];
		l->in.head[i].msg_hdr.msg_control = &l->in.info[i];
	}
	*out = l;
	return 0;
}

static void free_socket(struct udp_socket *s)
{
	if (s->on_read)
		event_free(s->on_read);
	close(s->fd);
	free(s);
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->count; i++)
		free_socket(l->sockets[i]);
	free(l);
}

/* The address and interface a datagram came to. One that was sent to many is for none of them to
 * answer (RFC 1122 §3.2.1.3): it stays without an address. Of such the kernel says one of ours
 * beside it. */
static void read_packet_info(struct msghdr *mh, struct asker *a)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			if (info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr)
				a->to = addr_from_bytes(AF_INET, &info.ipi_addr);
			a->ifindex = (uint32_t)info.ipi_ifindex;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr))
				a->to = addr_from_bytes(AF_INET6, &info.ipi6_addr);
			a->ifindex = info.ipi6_ifindex;
		}
	}
}

/* An IPv6 packet may say by wire that it is from ::ffff:127.0.0.1, or from a client by IPv4, and
 * the kernel takes it. A real one of those has come to an IPv4 address of ours. */
static bool is_of_one_family(const struct asker *a)
{
	return a->from.addr.family == a->to.family;
}

static void take_packet(struct udp_socket *s, struct inbox *in, unsigned i)
{
	struct msghdr *mh = &in->head[i].msg_hdr;
	struct asker from = { .udp = s };

	read_packet_info(mh, &from);
	if (mh->msg_flags & (MSG_TRUNC | MSG_CTRUNC) || !addr_len(&from.to) ||
	    addr_port_from_sockaddr(mh->msg_name, &from.from) || !is_of_one_family(&from))
		s->owner->stats.dropped++;
	else
		s->owner->on_packet(s->owner->arg, &from, in->data[i], in->head[i].msg_len);
}

static void on_readable(evutil_socket_t fd, short events, void *arg)
{
	struct udp_socket *s = arg;
	struct inbox *in = &s->owner->in;
	int n;

	(void)events;
	for (unsigned i = 0; i < BATCH; i++) {
		in->head[i].msg_hdr.msg_namelen = sizeof(in->name[i]);
		in->head[i].msg_hdr.msg_controllen = sizeof(in->info[i]);
	}
	n = recvmmsg(fd, in->head, BATCH, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return; /* errors of earlier answers surface here: nothing to do about them */
	s->owner->stats.received += (unsigned)n;
	for (int i = 0; i < n; i++)
		take_packet(s, in, (unsigned)i);
}

static struct udp_socket *find_socket(struct listener *l, const struct addr_port *at)
{
	for (unsigned i = 0; i < l->count; i++)
		if (!memcmp(&l->sockets[i]->at.addr, &at->addr, sizeof(at->addr)) &&
		    l->sockets[i]->at.port == at->port && l->sockets[i]->at.scope == at->scope)
			return l->sockets[i];
	return NULL;
}

static int watch(struct udp_socket *s)
{
	s->on_read = event_new(s->owner->base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
	if (!s->on_read)
		return -ENOMEM;
	return !s->owner->stopped && event_add(s->on_read, NULL) ? -ENOMEM : 0;
}

static void link_outbox(struct outbox *out)
{
	for (unsigned i = 0; i < BATCH; i++) {
		out->iov[i].iov_base = out->data[i];
		out->head[i].msg_hdr.msg_iov = &out->iov[i];
		out->head[i].msg_hdr.msg_iovlen = 1;
		out->head[i].msg_hdr.msg_name = &out->name[i];
	}
}

int listener_add(struct listener *l, int fd, const struct addr_port *at)
{
	static const uint8_t none[16];
	struct udp_socket *s = find_socket(l, at);

	if (s) { /* the same socket through another descriptor: keep ours */
		s->marked = false;
		close(fd);
		return 0;
	}
	if (l->count == LISTENER_SOCKETS || !(s = calloc(1, sizeof(*s)))) {
		close(fd);
		return l->count == LISTENER_SOCKETS ? -ENOSPC : -ENOMEM;
	}
	s->owner = l;
	s->fd = fd;
	s->at = *at;
	s->any = !memcmp(at->addr.bytes, none, sizeof(none)) || at->scope;
	link_outbox(&s->out);
	if (watch(s)) {
		free_socket(s);
		return -ENOMEM;
	}
	l->sockets[l->count++] = s;
	return 0;
}

int listener_shield(struct listener *l)
{
	int rc = 0;

	own_source_read(&l->own);
	for (unsigned i = 0; i < l->count; i++) {
		const struct udp_socket *s = l->sockets[i];
		int failed = own_source_shield(&l->own, s->at.addr.family, s->fd);

		rc = failed ? failed : rc;
	}
	return rc;
}

void listener_stop(struct listener *l)
{
	l->stopped = true;
	for (unsigned i = 0; i < l->count; i++)
		event_del(l->sockets[i]->on_read);
}

void listener_start(struct listener *l)
{
	l->stopped = false;
	for (unsigned i = 0; i < l->count; i++)
		event_add(l->sockets[i]->on_read, NULL);
}

void listener_mark(struct listener *l)
{
	for (unsigned i = 0; i < l->count; i++)
		l->sockets[i]->marked = true;
}

static void fill_packet_info(struct msghdr *mh, union packet_info *info, const struct asker *to)
{
	struct cmsghdr *c = &info->align;

	memset(info, 0, sizeof(*info));
	mh->msg_control = info;
	if (to->to.family == AF_INET) {
		struct in_pktinfo from = { 0 };

		memcpy(&from.ipi_spec_dst, to->to.bytes, 4);
		mh->msg_controllen = sizeof(info->v4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(from));
		memcpy(CMSG_DATA(c), &from, sizeof(from));
		return;
	}
	struct in6_pktinfo from = { .ipi6_ifindex = to->from.scope };

	memcpy(&from.ipi6_addr, to->to.bytes, 16);
	mh->msg_controllen = sizeof(info->v6);
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(c), &from, sizeof(from));
}

/* A message the kernel refuses (no route, filtered) must not hold up the ones behind it. */
static void flush_socket(struct udp_socket *s)
{
	unsigned done = 0;

	while (done < s->waiting) {
		int n = sendmmsg(s->fd, s->out.head + done, s->waiting - done, MSG_DONTWAIT);

		if (n > 0) {
			done += (unsigned)n;
			s->owner->stats.sent += (unsigned)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN) {
			s->owner->stats.send_failed += s->waiting - done;
			break;
		}
		s->owner->stats.send_failed++;
		done++;
	}
	s->waiting = 0;
}

void udp_hold(struct udp_socket *s)
{
	s->holds++;
}

void udp_release(struct udp_socket *s)
{
	s->holds--;
	if (!s->orphan)
		return;
	flush_socket(s); /* no longer one of those that the end of the turn flushes */
	if (!s->holds)
		free_socket(s);
}

uint8_t *udp_reserve(struct udp_socket *s)
{
	if (s->waiting == BATCH)
		flush_socket(s);
	return s->out.data[s->waiting];
}

void udp_commit(const struct asker *to, size_t len)
{
	struct udp_socket *s = to->udp;
	unsigned i = s->waiting++;
	struct msghdr *mh = &s->out.head[i].msg_hdr;

	s->out.iov[i].iov_len = len;
	mh->msg_namelen = addr_port_to_sockaddr(&to->from, &s->out.name[i]);
	if (s->any) /* else it is bound to the address that was asked */
		fill_packet_info(mh, &s->out.info[i], to);
}

void listener_flush(struct listener *l)
{
	for (unsigned i = 0; i < l->count; i++)
		if (l->sockets[i]->waiting)
			flush_socket(l->sockets[i]);
}

void listener_sweep(struct listener *l)
{
	unsigned kept = 0;

	listener_flush(l);
	for (unsigned i = 0; i < l->count; i++) {
		struct udp_socket *s = l->sockets[i];

		if (!s->marked) {
			l->sockets[kept++] = s;
			continue;
		}
		s->orphan = true;
		event_del(s->on_read);
		if (!s->holds)
			free_socket(s);
	}
	l->count = kept;
}

void listener_get_stats(const struct listener *l, struct listener_stats *out)
{
	*out = l->stats;
}
