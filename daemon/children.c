/*
 * What children say, and what follows when one comes or goes. Knows nothing of how a
 * generation is made.
 */
#include <event2/event.h>
#include <unistd.h>

#include "daemon/generation.h"
#include "daemon/local_data.h"
#include "daemon/outfit.h"
#include "daemon/process.h"
#include "daemon/sd_notify.h"
#include "daemon/supervisor.h"
#include "lib/log.h"
#include "lib/util.h"

/* The resolver's last rows must still find dbwriter. */
static const enum msg_role stop_order[] = { ROLE_MDNS, ROLE_RESOLVER, ROLE_FLOWS, ROLE_NFTSYNC,
					    ROLE_DBWRITER };

static void tell_resolver(struct supervisor *s, const struct process *of)
{
	if (process_is_up(s->processes[ROLE_RESOLVER]))
		outfit_tell_state(s->processes[ROLE_RESOLVER], of);
}

static void on_up(void *arg, struct process *p)
{
	struct supervisor *s = arg;
	bool waits = process_role(p) == ROLE_RESOLVER && s->next == s->now;

	if (process_role(p) == ROLE_COMPILER) {
		outfit_all(s->processes, p, s->next, s->control_fd);
		outfit_index(p, s->now);
		process_send_start(p, s->next->number);
		return;
	}
	if (process_role(p) == ROLE_LOCAL) {
		local_data_on_up(s);
		return;
	}
	if (process_role(p) == ROLE_RESOLVER) {
		outfit_secret(p, &s->secret);
		outfit_overrides(p, s->overrides);
		outfit_query(p, s->query_fd);
	}
	outfit_all(s->processes, p, s->now, s->control_fd);
	if (process_role(p) == ROLE_NFTSYNC) {
		outfit_netfilter(p, &s->netfilter_fd);
		outfit_ledger(p, &s->ledger_fd);
	}
	outfit_connect(s->processes, p);
	if (!waits)
		process_send_start(p, s->now->number);
	if (process_role(p) != ROLE_RESOLVER)
		tell_resolver(s, p);
}

void children_stop_next(struct supervisor *s)
{
	static const enum msg_role useless[] = { ROLE_COMPILER, ROLE_LOCAL };

	for (size_t i = 0; i < ARRAY_SIZE(useless); i++) {
		process_stop(s->processes[useless[i]]);
		process_kill(s->processes[useless[i]]); /* its work is not wanted any more */
	}
	for (size_t i = 0; i < ARRAY_SIZE(stop_order); i++) {
		struct process *p = s->processes[stop_order[i]];

		process_stop(p);
		if (process_is_up(p))
			return; /* on_down comes back here */
	}
	event_base_loopbreak(s->base);
}

static void on_down(void *arg, struct process *p)
{
	struct supervisor *s = arg;

	if (s->stopping) {
		children_stop_next(s);
		return;
	}
	if (process_role(p) != ROLE_RESOLVER)
		tell_resolver(s, p);
	if (process_role(p) == ROLE_LOCAL) {
		if (!process_is_wanted(p))
			local_data_on_done(s);
	} else if (process_role(p) != ROLE_COMPILER) {
		reload_look_settled(s);
	} else if (s->next && !process_is_wanted(p)) {
		reload_on_compiled(s, false);
	}
}

static void on_compiler_message(struct supervisor *s, enum msg_type type, int fd)
{
	switch (type) {
	case MSG_INDEX:
	case MSG_RANGES:
		reload_take_built(s, type, fd);
		return;
	case MSG_OLDER: /* what is in force then is compared with the lists, or built anew */
		s->reload_again = true;
		return;
	case MSG_READY:
		if (s->next)
			reload_on_compiled(s, s->next->index_fd >= 0);
		return;
	default: /* MSG_FAILED: it has said why */
		if (s->next)
			reload_on_compiled(s, false);
	}
}

static void on_local_message(struct supervisor *s, enum msg_type type, int fd)
{
	if (type == MSG_LOCAL)
		local_data_take(s, fd);
	else /* MSG_FAILED: it has said why */
		local_data_on_done(s);
}

/** What the compiler says, besides READY and FAILED. */
static bool is_compiled(enum msg_type type)
{
	return type == MSG_INDEX || type == MSG_RANGES || type == MSG_OLDER;
}

static void on_message(void *arg, struct process *p, enum msg_type type, const void *record,
		       int fd)
{
	struct supervisor *s = arg;
	bool answer = type == MSG_READY || type == MSG_FAILED;

	(void)record;
	if (process_role(p) == ROLE_COMPILER && (answer || is_compiled(type))) {
		on_compiler_message(s, type, fd);
		return;
	}
	if (process_role(p) == ROLE_LOCAL && (answer || type == MSG_LOCAL)) {
		on_local_message(s, type, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (!answer) {
		log_err("%s: sent message %d, which is not for us",
			msg_role_name(process_role(p)), (int)type);
		process_kill(p);
		return;
	}
	/* A resolver that could not begin serves nobody; others mend themselves. */
	if (process_role(p) == ROLE_RESOLVER && !process_ready_generation(p))
		process_kill(p);
	reload_look_settled(s);
}

static void on_alive(void *arg, struct process *p)
{
	struct supervisor *s = arg;

	if (process_role(p) == ROLE_RESOLVER)
		sd_notify_send(s->notify, "WATCHDOG=1");
}

const struct process_ops children_ops = {
	.on_up = on_up,
	.on_down = on_down,
	.on_message = on_message,
	.on_alive = on_alive,
};
