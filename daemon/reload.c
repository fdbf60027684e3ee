/*
 * Generations: the next one is built whole (texts, sockets, index of lists) and then handed
 * to all, or everything stays as it was. Knows nothing of how children live.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf_bypass.h"
#include "daemon/folders.h"
#include "daemon/generation.h"
#include "daemon/handover.h"
#include "daemon/howto.h"
#include "daemon/local_data.h"
#include "daemon/outfit.h"
#include "daemon/override_file.h"
#include "daemon/privileges.h"
#include "daemon/process.h"
#include "daemon/sd_notify.h"
#include "daemon/supervise.h"
#include "daemon/supervisor.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"

#define RETRY_FIRST_S	30 /* after a first start without an index; doubles ... */
#define RETRY_DOUBLINGS 5  /* ... up to 16 minutes */
#define SEALS		(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define WHY_MAX		MAX(FOLDERS_WHY_MAX, LISTENERS_WHY_MAX)

static const enum msg_role start_order[] = SUPERVISOR_START_ORDER;

/* --- where we stand ------------------------------------------------------------------- */

static void tell_serving(struct supervisor *s)
{
	sd_notify_send(s->notify, "READY=1\nSTATUS=serving %zu sockets, generation %u",
		       listeners_count(s->now->listeners), s->now->number);
}

static void begin_again(struct supervisor *s)
{
	if (!s->reload_again)
		return;
	s->reload_again = false;
	reload_begin(s);
}

static void end_reload(struct supervisor *s)
{
	if (!s->reloading)
		return;
	s->reloading = false;
	tell_serving(s);
	begin_again(s);
}

void reload_look_settled(struct supervisor *s)
{
	if (s->next || s->stopping)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(start_order); i++)
		if (!process_is_settled(s->processes[start_order[i]]))
			return;
	if (s->ready_told) {
		end_reload(s);
		return;
	}
	if (!process_ready_generation(s->processes[ROLE_RESOLVER]))
		return; /* nobody answers clients yet */
	s->ready_told = true;
	tell_serving(s);
	if (s->options->how_to_try)
		howto_print(s->now->conf, s->options->conf_path, stderr);
	begin_again(s);
}

/* --- generations ---------------------------------------------------------------------- */

/** Hand the next generation to all, and let those go whom it does not need. */
static void adopt(struct supervisor *s, struct generation *g)
{
	struct generation *old = s->now;

	s->now = g;
	local_data_moved(s, old, g);
	handover_store(s->notify, old->listeners, g->listeners);
	for (size_t i = 0; i < ARRAY_SIZE(start_order); i++) {
		struct process *p = s->processes[start_order[i]];
		bool wanted = g->wants[start_order[i]];

		if (process_is_wanted(p) && process_is_up(p))
			outfit_change(p, g); /* one to be stopped takes leave of its zones */
		if (wanted)
			process_start(p);
		else
			process_stop(p);
	}
	generation_free(old);
	override_file_follow(s);
	log_info("generation %u: handed to all", g->number);
}

static void retry_later(struct supervisor *s)
{
	struct timeval tv = { .tv_sec = RETRY_FIRST_S << MIN(s->retries, RETRY_DOUBLINGS) };

	s->retries++;
	evtimer_add(s->retry, &tv);
	log_err("lists: none in force: nothing is blocked; trying again in %ld s",
		(long)tv.tv_sec);
}

/* Whether index and local data of s->next are there; then it is handed out, or dropped. */
static void look_built(struct supervisor *s)
{
	struct generation *g = s->next;
	struct process *resolver = s->processes[ROLE_RESOLVER];
	bool good = s->compiled == COMPILED_WELL;

	if (!g || s->compiled == COMPILING || s->local_for == g)
		return;
	s->next = NULL;
	if (g == s->now) {
		if (process_is_up(s->processes[ROLE_NFTSYNC]))
			outfit_ranges(s->processes[ROLE_NFTSYNC], g);
		if (process_is_up(resolver)) {
			outfit_index(resolver, g);
			outfit_local(resolver, g);
			process_send_start(resolver, g->number);
		}
	} else if (good) {
		adopt(s, g);
	} else {
		log_err("lists: generation %u could not be compiled: generation %u stays",
			g->number, s->now->number);
		local_data_read(s, s->now); /* its files are the ones to watch */
		generation_free(g);
	}
	if (!good && s->now->index_fd < 0)
		retry_later(s);
	reload_look_settled(s);
}

void reload_on_compiled(struct supervisor *s, bool good)
{
	if (s->compiled != COMPILING)
		return; /* it has said so before it ended */
	s->compiled = good ? COMPILED_WELL : COMPILED_BADLY;
	process_stop(s->processes[ROLE_COMPILER]);
	look_built(s);
}

void reload_on_local(struct supervisor *s)
{
	look_built(s);
}

void reload_compile(struct supervisor *s, struct generation *g)
{
	s->next = g;
	s->compiled = COMPILING;
	local_data_read(s, g);
	process_start(s->processes[ROLE_COMPILER]);
}

/** Keep a second instance out, before a port is touched. */
static int lock(struct supervisor *s, const struct generation *g)
{
	char why[FOLDERS_WHY_MAX] = "";

	s->control = strdup(g->conf->control);
	if (!s->control)
		return -ENOMEM;
	s->lock_fd = folders_lock(s->control, why);
	if (s->lock_fd >= 0)
		return 0;
	log_err("%s", why);
	return s->lock_fd == -EINVAL ? -EIO : s->lock_fd; /* -EINVAL: the configuration */
}

/* --- the bypass ----------------------------------------------------------------------- */

/* The lines in force, in text of CONF_BYPASS_TEXT bytes; what is wrong is said once. */
static void read_bypass(struct supervisor *s, char *text)
{
	struct conf_bypass b;
	int rc = conf_bypass_read(s->control, clock_wall_us() / 1000000, &b);

	if (rc && rc != s->bypass_rc)
		log_err("%s.bypass: %s: not used", s->control, rc == -EINVAL ?
			"not lines of a zone and a time" : strerror(-rc));
	s->bypass_rc = rc;
	conf_bypass_text(&b, text);
}

static int set_bypass(struct supervisor *s, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(s->bypass);
	s->bypass = copy;
	return 0;
}

/** A bypass outlives reloads. */
static int apply_bypass(struct supervisor *s, struct generation *g)
{
	char text[CONF_BYPASS_TEXT];
	int rc;

	read_bypass(s, text);
	rc = *text ? generation_bypass(g, text) : 0;
	return rc ? rc : set_bypass(s, text);
}

static void say_bypass(const struct generation *g)
{
	bool any = false;

	for (size_t i = 0; i < g->conf->zone_count; i++) {
		const struct conf_zone *z = &g->conf->zones[i];

		if (!z->bypass_until_s)
			continue;
		any = true;
		log_warning("bypass: zone %s: nothing is refused for %lld s", z->name,
			    (long long)(z->bypass_until_s - clock_wall_us() / 1000000));
	}
	if (!any)
		log_warning("bypass: ended: every zone's gate is as the configuration says");
}

/** The same generation once more, with these lines of a bypass.
 *  @param why  of WHY_MAX bytes. @retval negative errno: it stays as it is */
static int make_again(struct supervisor *s, const char *text, struct generation **out, char *why)
{
	struct generation *g;
	int rc = generation_again(s->now, text, s->is_root, s->last_number + 1, &g);

	snprintf(why, WHY_MAX, "%s", strerror(rc ? -rc : ENOMEM));
	if (rc)
		return rc;
	rc = generation_bind(g, s->now->listeners, why);
	if (!rc)
		rc = set_bypass(s, text);
	if (rc) {
		generation_free(g);
		return rc;
	}
	*out = g;
	return 0;
}

static void take_again(struct supervisor *s, struct generation *g)
{
	s->last_number = g->number;
	s->reloading = true;
	sd_notify_reloading(s->notify);
	adopt(s, g);
	reload_look_settled(s);
}

/** From the configuration in force, not from its files: those may be half edited while
 *  somebody wants the gate out of the way. */
static void begin_bypass(struct supervisor *s, const char *text)
{
	char why[WHY_MAX];
	struct generation *g;

	if (make_again(s, text, &g, why)) {
		log_err("bypass: %s", why);
		return;
	}
	say_bypass(g);
	take_again(s, g);
}

void reload_look_bypass(struct supervisor *s)
{
	char text[CONF_BYPASS_TEXT];

	if (s->stopping || s->next || s->reloading)
		return;
	read_bypass(s, text);
	if (strcmp(text, s->bypass ? s->bypass : "") != 0)
		begin_bypass(s, text);
}

/* Each process turns names of interfaces into numbers when it reads a configuration. */
static bool servers_are_where_they_were(const struct conf *c)
{
	for (size_t i = 0; i < c->upstream_count; i++) {
		const struct conf_upstream *u = &c->upstreams[i];

		for (size_t j = 0; j < u->server_count; j++) {
			uint32_t now = if_nametoindex(u->servers[j].interface);

			if (now && now != u->servers[j].at.scope)
				return false;
		}
	}
	return true;
}

void reload_look_interfaces(struct supervisor *s)
{
	char why[WHY_MAX];
	struct generation *g;

	if (s->stopping || s->next || s->reloading ||
	    (listeners_are_all(s->now->listeners, s->now->conf) &&
	     servers_are_where_they_were(s->now->conf)))
		return;
	if (make_again(s, s->bypass ? s->bypass : "", &g, why)) {
		log_warning_limited(&s->links_said, "interfaces: %s", why);
		return;
	}
	log_info("interfaces: one of the configuration has come");
	take_again(s, g);
}

static void warn_of_listens(const struct generation *g)
{
	char text[ADDR_PORT_TEXT_MAX];

	for (size_t i = 0; i < g->conf->listen_count; i++) {
		const struct conf_listen *l = &g->conf->listens[i];

		if (l->interface && !if_nametoindex(l->interface))
			log_warning("listen %s: there is no interface %s yet: served when it comes",
				    conf_place_to_text(&l->at, l->interface, text), l->interface);
	}
}

static void warn_of_gate(const struct supervisor *s, const struct generation *g)
{
	if (!generation_is_gated(g))
		return;
	if (!s->is_root)
		log_warning("started as an ordinary user: the gate is off");
	else if (!privileges_have_net_admin())
		log_err("CAP_NET_ADMIN is missing: the gate cannot work (dropped by the service "
			"manager or a container?)");
}

int reload_prepare(struct supervisor *s, struct generation **out)
{
	char why[WHY_MAX];
	struct generation *g;
	int rc = generation_load(s->options->conf_path, s->is_root, s->last_number + 1, &g);

	if (rc)
		return rc;
	rc = s->control ? 0 : lock(s, g);
	if (!rc)
		rc = apply_bypass(s, g);
	if (rc)
		goto err;
	if (!s->now && s->last_sockets)
		handover_trim(s->notify, s->last_sockets, g->conf);
	rc = generation_bind(g, s->now ? s->now->listeners : s->last_sockets, why);
	if (rc) {
		log_err("%s", why);
		rc = rc == -EINVAL ? -EIO : rc;
		goto err;
	}
	warn_of_gate(s, g);
	warn_of_listens(g);
	if (g->wants[ROLE_DBWRITER] && folders_history(g->conf->history.file, why))
		log_err("%s", why); /* DNS goes on without; dbwriter tries again and again */
	s->last_number = g->number;
	*out = g;
	return 0;

err:
	generation_free(g);
	return rc;
}

void reload_begin(struct supervisor *s)
{
	struct generation *g;

	if (s->stopping)
		return;
	if (s->next || s->reloading) {
		s->reload_again = true;
		return;
	}
	s->reloading = true;
	sd_notify_reloading(s->notify);
	evtimer_del(s->retry);
	if (reload_prepare(s, &g)) {
		log_err("reload: generation %u stays in force", s->now->number);
		end_reload(s);
		return;
	}
	if (strcmp(g->conf->control, s->control))
		log_warning("control: the new path is used after a restart");
	if (strcmp(g->conf->query_group, s->now->conf->query_group))
		log_warning("query-group: the new group may ask after a restart");
	log_info("reload: compiling generation %u", g->number);
	reload_compile(s, g);
}

/** Only what is sealed is handed on: nobody can change it under its user's feet. */
void reload_take_built(struct supervisor *s, enum msg_type type, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	int *to;

	if (!s->next || seals < 0 || (seals & SEALS) != SEALS) {
		log_err("compiler: index not sealed, or not asked for: refused");
		close(fd);
		return;
	}
	to = type == MSG_INDEX ? &s->next->index_fd : &s->next->ranges_fd;
	if (*to >= 0)
		close(*to);
	*to = fd;
}
