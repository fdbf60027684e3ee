/* What is in force; see in_force.h. */
#include "resolver/in_force.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf_override.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "resolver/local_names.h"
#include "resolver/state.h"

void in_force_shield(struct resolver *r)
{
	int rc = listener_shield(r->listener);

	if (rc)
		log_warning("listen: packets by wire from our own addresses are taken: %s",
			    strerror(-rc));
}

int in_force_size_cache(struct resolver *r, uint64_t bytes)
{
	struct cache_stats s = { 0 };
	int rc = 0;

	if (r->cache)
		cache_get_stats(r->cache, &s);
	if (!r->cache)
		rc = cache_new(bytes, &r->cache);
	else if (s.size_bytes != bytes)
		rc = cache_resize(r->cache, bytes);
	if (rc)
		log_err("cache: no memory for %llu bytes", (unsigned long long)bytes);
	return r->cache ? 0 : -ENOMEM;
}

static void override_current(struct resolver *r)
{
	if (r->overrides)
		setup_override(r->current, r->overrides);
	schedule_set(&r->schedule, r->current->conf, r->current->overrides,
		     clock_wall_us() / 1000000);
	hold_review(r->hold);
}

void in_force_swap(struct resolver *r, struct setup *s)
{
	if (r->current) {
		if (r->current->asks != s->asks)
			cache_flush(r->cache); /* other servers may know other answers */
		r->current->refs--;
		r->current->next = r->old;
		r->old = r->current;
	}
	r->current = s;
	local_names_follow(r);
	override_current(r);
	clients_flush(r->clients);
	tcp_limit(r->tcp, s->conf->clients.connections);
	tcp_review(r->tcp);
	listener_sweep(r->listener);
	tcp_sweep(r->tcp);
	in_force_shield(r);
	if (!r->stopping) {
		listener_start(r->listener);
		tcp_start(r->tcp);
	}
}

void in_force_free_old(struct resolver *r)
{
	struct setup **at = &r->old;

	while (*at) {
		struct setup *s = *at;

		if (s->refs || !upstream_idle(s->upstreams)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		setup_free(s);
		hold_review(r->hold); /* its last answers may have opened something */
	}
}

void in_force_take_overrides(struct resolver *r, int fd)
{
	int rc = conf_overrides_from_fd(fd, clock_wall_us() / 1000000, &r->overrides);

	close(fd);
	if (rc) {
		log_err("overrides: %s: those before stay", strerror(-rc));
		return;
	}
	if (r->current)
		override_current(r);
}
