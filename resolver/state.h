/*
 * The resolver's parts in one place, for the files that make the resolver out of them:
 * resolver, query, control, why. The parts themselves do not know it.
 */
#ifndef RESOLVER_STATE_H
#define RESOLVER_STATE_H

#include "lib/home.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "resolver/cache.h"
#include "resolver/clients.h"
#include "resolver/hold.h"
#include "resolver/listener.h"
#include "resolver/lookup_log.h"
#include "resolver/schedule.h"
#include "resolver/setup.h"
#include "resolver/tcp.h"
#include "resolver/wire.h"

struct chan;
struct child;
struct conf_overrides;
struct control;
struct event_base;
struct local_image;
struct guard;
struct neighbour;
struct queries;

struct resolver_stats {
	uint64_t queries;
	uint64_t by_verdict[VERDICT_COUNT];
	uint64_t dropped;  /* packets that deserve no answer */
	uint64_t formerr, notimp;
	uint64_t joined;   /* waited for the same question of another */
	uint64_t prefetched; /* asked for anew before its end */
	uint64_t rebind_cut; /* answers of which a part led home */
	uint64_t too_many; /* more in flight than QUERIES_MAX */
	uint64_t waited, waited_in_vain; /* for the client's MAC address */
};

struct resolver {
	struct event_base *base;
	struct child *child;
	struct listener *listener;
	struct tcp *tcp;
	struct neighbour *neighbours;
	struct clients *clients;
	struct cache *cache;
	struct hold *hold;
	struct lookup_log *log;
	struct control *control;
	struct queries *queries;
	struct local_image *local; /* NULL: none */
	struct home home;
	struct chan *mdns; /* owned; NULL: not there */
	struct log_limit rebind_said;
	struct guard *guard;
	struct schedule schedule; /* of current */
	struct conf_overrides *overrides; /* as the supervisor told; owned; NULL: none yet */
	struct setup *current; /* NULL before the first START */
	struct setup *old;     /* earlier ones that questions still refer to */
	struct resolver_stats stats;
	struct msg_child children[ROLE_COUNT]; /* as the supervisor told; pid 0: not running */
	uint64_t started_us; /* of clock_mono_us */
	bool stopping;
	uint8_t scratch[WIRE_MAX]; /* an answer being written; used within one call */
};

#endif
