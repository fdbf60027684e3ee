/* What each child is given. Knows nothing of when. */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/generation.h"
#include "daemon/outfit.h"
#include "daemon/process.h"
#include "lib/chan.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/util.h"

/** Who talks to whom. A taken-over process reaches nobody else. */
static const enum msg_role edges[][2] = {
	{ ROLE_RESOLVER, ROLE_NFTSYNC },
	{ ROLE_RESOLVER, ROLE_DBWRITER },
	{ ROLE_NFTSYNC, ROLE_DBWRITER },
	{ ROLE_FLOWS, ROLE_DBWRITER },
	{ ROLE_MDNS, ROLE_RESOLVER },
};

static void send_peer(struct process *to, const struct process *peer, int fd)
{
	struct msg_peer m = { .size = sizeof(m), .role = (uint16_t)process_role(peer) };

	process_send(to, MSG_PEER, &m, sizeof(m), fd);
	close(fd);
}

static void connect_pair(struct process *a, struct process *b)
{
	int fds[2], rc = chan_pair(fds);

	if (rc) {
		log_err("channel between %s and %s: %s", msg_role_name(process_role(a)),
			msg_role_name(process_role(b)), strerror(-rc));
		return;
	}
	send_peer(a, b, fds[0]);
	send_peer(b, a, fds[1]);
}

void outfit_connect(struct process *const all[ROLE_COUNT], struct process *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		struct process *other = NULL;

		if (edges[i][0] == process_role(p))
			other = all[edges[i][1]];
		else if (edges[i][1] == process_role(p))
			other = all[edges[i][0]];
		if (other && process_is_up(other))
			connect_pair(p, other);
	}
}

/** All of them, also those that it has: others it closes. */
static void send_listeners(struct process *resolver, const struct listeners *l)
{
	for (size_t i = 0; i < listeners_count(l); i++) {
		const struct listener_socket *s = listeners_at(l, i);
		struct msg_listen m = { .size = sizeof(m), .stream = s->stream, .at = s->at };

		process_send(resolver, MSG_LISTEN, &m, sizeof(m), s->fd);
	}
}

void outfit_index(struct process *p, const struct generation *g)
{
	if (g->index_fd >= 0)
		process_send(p, MSG_INDEX, NULL, 0, g->index_fd);
}

void outfit_ranges(struct process *p, const struct generation *g)
{
	if (g->ranges_fd >= 0)
		process_send(p, MSG_RANGES, NULL, 0, g->ranges_fd);
}

void outfit_local(struct process *p, const struct generation *g)
{
	if (g->local_fd >= 0)
		process_send(p, MSG_LOCAL, NULL, 0, g->local_fd);
}

void outfit_secret(struct process *resolver, const struct hash_key *secret)
{
	struct msg_secret m = { .size = sizeof(m), .key = { secret->k[0], secret->k[1] } };

	process_send(resolver, MSG_SECRET, &m, sizeof(m), -1);
}

void outfit_overrides(struct process *resolver, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	int fd = text ? memfd_create("nameward-overrides", MFD_CLOEXEC) : -1;

	if (!text)
		return;
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		log_err("overrides: %s: those before stay", strerror(errno));
	else
		process_send(resolver, MSG_OVERRIDES, NULL, 0, fd);
	if (fd >= 0)
		close(fd);
}

void outfit_query(struct process *resolver, int fd)
{
	if (fd >= 0)
		process_send(resolver, MSG_QUERY, NULL, 0, fd);
}

void outfit_tell_state(struct process *resolver, const struct process *of)
{
	struct msg_child m;

	process_describe(of, &m);
	process_send(resolver, MSG_CHILD, &m, sizeof(m), -1);
}

void outfit_all(struct process *const all[ROLE_COUNT], struct process *p,
		const struct generation *g, int control_fd)
{
	process_send(p, MSG_CONF, NULL, 0, g->bundle_fd);
	if (process_role(p) == ROLE_NFTSYNC)
		outfit_ranges(p, g);
	if (process_role(p) != ROLE_RESOLVER)
		return;
	send_listeners(p, g->listeners);
	process_send(p, MSG_CONTROL, NULL, 0, control_fd);
	outfit_index(p, g);
	outfit_local(p, g);
	for (int role = 0; role < ROLE_COUNT; role++)
		if (all[role])
			outfit_tell_state(p, all[role]);
}

void outfit_netfilter(struct process *nftsync, int *fd)
{
	if (*fd < 0)
		*fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			     NETLINK_NETFILTER);
	if (*fd >= 0)
		process_send(nftsync, MSG_NETFILTER, NULL, 0, *fd);
	else /* it opens one that dies with it */
		log_warning("netfilter socket: %s", strerror(errno));
}

static int make_ledger(void)
{
	int fd = memfd_create("nameward-leases", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (!ftruncate(fd, MSG_LEDGER_BYTES) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW))
		return fd;
	close(fd);
	return -1;
}

void outfit_ledger(struct process *nftsync, int *fd)
{
	if (*fd < 0)
		*fd = make_ledger();
	if (*fd >= 0)
		process_send(nftsync, MSG_LEDGER, NULL, 0, *fd);
	else /* it has none */
		log_warning("memory for a copy of the leases: %s", strerror(errno));
}

void outfit_change(struct process *p, const struct generation *g)
{
	process_send(p, MSG_CONF, NULL, 0, g->bundle_fd);
	if (process_role(p) == ROLE_RESOLVER) {
		send_listeners(p, g->listeners);
		outfit_index(p, g);
		outfit_local(p, g);
	}
	if (process_role(p) == ROLE_NFTSYNC)
		outfit_ranges(p, g);
	process_send_start(p, g->number);
}
