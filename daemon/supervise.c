/*
 * Start, signals and end of the supervisor. What it reads from outside: the configuration,
 * signals, and fixed-size messages of its children.
 *
 * Order at start: lock, sockets, folders, rights dropped, then all children at once; the
 * resolver's START waits for the compiler's index.
 */
#include <errno.h>
#include <event2/event.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_query.h"
#include "daemon/file_watch.h"
#include "daemon/folders.h"
#include "daemon/generation.h"
#include "daemon/handover.h"
#include "daemon/listeners.h"
#include "daemon/override_file.h"
#include "daemon/privileges.h"
#include "daemon/process.h"
#include "daemon/sd_notify.h"
#include "daemon/supervise.h"
#include "daemon/supervisor.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/network.h"
#include "lib/util.h"

#define FILES_MAX     65536 /* descriptors a child may have; a TCP client is one */
#define STOP_AGAIN_MS 1000  /* timeout(1), sudo and others send one signal twice */

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
	struct supervisor *s = arg;

	(void)fd;
	(void)events;
	for (int role = 0; role < ROLE_COUNT; role++)
		if (s->processes[role])
			process_ping(s->processes[role]);
	reload_look_bypass(s);
	reload_look_interfaces(s);
}

static void on_links(void *arg)
{
	reload_look_interfaces(arg);
}

/** Of the timer that tries to get an index after all, and of SIGHUP. */
static void on_reload(evutil_socket_t fd, short events, void *arg)
{
	(void)fd;
	(void)events;
	reload_begin(arg);
}

static void on_stop_signal(evutil_socket_t signal_number, short events, void *arg)
{
	struct supervisor *s = arg;

	(void)events;
	if (s->stopping) {
		if (clock_mono_ms() - s->stopping_since_ms >= STOP_AGAIN_MS)
			event_base_loopbreak(s->base); /* what still runs is killed */
		return;
	}
	s->stopping = true;
	s->stopping_since_ms = clock_mono_ms();
	log_info("stopping");
	sd_notify_send(s->notify, "STOPPING=1\nSTATUS=stopping");
	evtimer_del(s->retry);
	/* Ctrl-C in a terminal ends a trial, which leaves nothing behind. */
	if (signal_number == SIGTERM)
		process_send(s->processes[ROLE_NFTSYNC], MSG_LEAVE, NULL, 0, -1);
	children_stop_next(s);
}

static void on_child_signal(evutil_socket_t signal_number, short events, void *arg)
{
	struct supervisor *s = arg;

	(void)signal_number;
	(void)events;
	for (int role = 0; role < ROLE_COUNT; role++)
		if (s->processes[role])
			process_reap(s->processes[role]);
}

static int make_events(struct supervisor *s)
{
	static const struct timeval period = { .tv_sec = PROCESS_PING_S };
	static const struct {
		int number;
		event_callback_fn fn;
	} signals[SIGNAL_COUNT] = {
		[ON_HUP] = { SIGHUP, on_reload },
		[ON_TERM] = { SIGTERM, on_stop_signal },
		[ON_INT] = { SIGINT, on_stop_signal },
		[ON_CHILD] = { SIGCHLD, on_child_signal },
	};

	s->base = event_base_new();
	if (!s->base)
		return -ENOMEM;
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		s->signals[i] = evsignal_new(s->base, signals[i].number, signals[i].fn, s);
		if (!s->signals[i] || event_add(s->signals[i], NULL))
			return -ENOMEM;
	}
	s->retry = evtimer_new(s->base, on_reload, s);
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (!s->retry || !s->tick || event_add(s->tick, &period))
		return -ENOMEM;
	if (network_open(s->base, NETWORK_LINKS, on_links, s, &s->links))
		log_warning("changes of interfaces are seen every %d s only", PROCESS_PING_S);
	return 0;
}

static int make_processes(struct supervisor *s)
{
	int rc = 0;

	for (enum msg_role role = ROLE_RESOLVER; role < ROLE_COUNT && !rc; role++)
		rc = process_new(s->base, role, &children_ops, s, &s->processes[role]);
	return rc;
}

/** The socket for reading; without it things go on. */
static void open_query(struct supervisor *s)
{
	const char *group = s->now->conf->query_group;
	char path[PATH_MAX], why[FOLDERS_WHY_MAX];

	if (conf_query_path(s->control, path))
		return;
	if (s->is_root && !getgrnam(group))
		log_warning("query-group: there is no group %s: only root may ask by %s", group, path);
	s->query_fd = folders_control(path, group, why);
	if (s->query_fd < 0)
		log_warning("%s", why);
}

static void close_query(struct supervisor *s)
{
	char path[PATH_MAX];

	if (s->query_fd < 0)
		return;
	if (!conf_query_path(s->control, path))
		unlink(path);
	close(s->query_fd);
}

/** The first generation, with the control socket. @return 0, or the exit status */
static int first_generation(struct supervisor *s)
{
	const char *missing = s->is_root ? privileges_missing_account() : NULL;
	char why[FOLDERS_WHY_MAX];
	int rc;

	if (missing) {
		log_err("account %s is missing: etc/users.sh (make users) makes it", missing);
		return 1;
	}
	rc = reload_prepare(s, &s->now);
	if (rc)
		return rc == -EINVAL ? SUPERVISE_BAD_CONFIG : 1;
	handover_store(s->notify, s->last_sockets, s->now->listeners);
	listeners_close(s->last_sockets);
	s->last_sockets = NULL;
	s->control_fd = folders_control(s->control, FOLDERS_HISTORY_GROUP, why);
	if (s->control_fd < 0) {
		log_err("%s", why);
		return 1;
	}
	open_query(s);
	return 0;
}

/** As many descriptors as the system allows, up to FILES_MAX; the children inherit it. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = MIN(files.rlim_max, FILES_MAX);
	(void)setrlimit(RLIMIT_NOFILE, &files); /* lowering the soft limit cannot fail */
}

static void end(struct supervisor *s)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		process_free(s->processes[role]);
	network_close(s->links);
	file_watch_free(s->local_files);
	file_watch_free(s->override_file);
	free(s->overrides);
	if (s->next != s->now)
		generation_free(s->next);
	generation_free(s->now);
	listeners_close(s->last_sockets);
	if (s->control_fd >= 0) {
		unlink(s->control);
		close(s->control_fd);
	}
	close_query(s);
	if (s->netfilter_fd >= 0)
		close(s->netfilter_fd);
	if (s->ledger_fd >= 0)
		close(s->ledger_fd);
	if (s->lock_fd >= 0)
		folders_unlock(s->control, s->lock_fd);
	free(s->control);
	free(s->bypass);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		if (s->signals[i])
			event_free(s->signals[i]);
	if (s->retry)
		event_free(s->retry);
	if (s->tick)
		event_free(s->tick);
	if (s->base)
		event_base_free(s->base);
	sd_notify_close(s->notify);
}

/** @return 0 when the loop was left as asked, or the exit status */
static int start_and_serve(struct supervisor *s)
{
	static const enum msg_role order[] = SUPERVISOR_START_ORDER;
	int rc, status = first_generation(s);

	if (status)
		return status;
	rc = privileges_drop();
	if (rc) {
		log_err("dropping rights: %s (CAP_SETPCAP is missing?)", strerror(-rc));
		return 1;
	}
	rc = make_events(s);
	if (!rc)
		rc = make_processes(s);
	if (rc) {
		log_err("start: %s", strerror(-rc));
		return 1;
	}
	override_file_follow(s);
	reload_compile(s, s->now);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (s->now->wants[order[i]])
			process_start(s->processes[order[i]]);
	if (event_base_dispatch(s->base) < 0) {
		log_err("event loop: it failed");
		return 1;
	}
	return 0;
}

int supervise_run(const struct supervise_options *options)
{
	struct supervisor s = {
		.options = options,
		.lock_fd = -1,
		.control_fd = -1,
		.query_fd = -1,
		.netfilter_fd = -1,
		.ledger_fd = -1,
		.is_root = privileges_are_root(),
	};
	int status;

	umask(0022);
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	hash_key_init(&s.secret);
	s.notify = sd_notify_open();
	s.last_sockets = handover_take();
	status = start_and_serve(&s);
	end(&s);
	if (!status)
		log_info("stopped");
	return status;
}
