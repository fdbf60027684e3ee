/* The life of one child process. Knows nothing of what a child does or is told. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/process.h"
#include "lib/chan.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"

#define QUEUE_BYTES	(512 * 1024) /* for a child that is busy: some reloads' worth */
#define LONG_LIFE_MS	10000	     /* after which a death is the first again */

/* Pauses before a start, by the number of short lives before it. The longest is short: who
 * can kill the resolver with a packet must not buy more silence with each one. */
static const uint32_t pauses_ms[] = { 0, 100, 500, 1000, 2000 };

/*
 * What differs between the processes. Pings unanswered before the end: dbwriter may wait for
 * a slow disk or a reader's lock. Time to stop: the resolver answers what is in flight first
 * (up to 4 s); together what a Ctrl-C takes at worst, 9.5 s.
 * The compiler and local run once, for a bounded time, and are not asked meanwhile; when the
 * compiler is told to stop, it is writing to a disk that may be slow.
 */
static const struct traits {
	unsigned silent_pings; /* 0: not pinged */
	uint32_t stop_ms;
	uint32_t run_ms; /* 0: for ever */
} traits[ROLE_COUNT] = {
	[ROLE_RESOLVER] = { .silent_pings = 4, .stop_ms = 4500 },
	[ROLE_NFTSYNC] = { .silent_pings = 4, .stop_ms = 1500 },
	[ROLE_DBWRITER] = { .silent_pings = 40, .stop_ms = 3000 },
	[ROLE_FLOWS] = { .silent_pings = 4, .stop_ms = 500 },
	[ROLE_COMPILER] = { .stop_ms = 60000, .run_ms = 120000 },
	[ROLE_LOCAL] = { .stop_ms = 1000, .run_ms = 10000 },
	[ROLE_MDNS] = { .silent_pings = 4, .stop_ms = 500 },
};

struct process {
	struct event_base *base;       /* borrowed */
	const struct process_ops *ops; /* borrowed */
	void *arg;		       /* borrowed */
	enum msg_role role;
	pid_t pid;	     /* 0: not running */
	struct chan *chan;   /* owned; NULL: not running, or it closed its end */
	struct event *start_timer, *end_timer; /* owned */
	bool wanted, stopping, settled;
	unsigned short_lives;
	unsigned unanswered;
	uint32_t ping_serial, asked_generation, ready_generation, restarts;
	int last_status;
	int64_t started_us; /* wall clock, for people */
	uint64_t started_ms;
};

static bool is_oneshot(const struct process *p)
{
	return traits[p->role].run_ms != 0;
}

static void arm(struct event *timer, uint32_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	evtimer_add(timer, &tv);
}

/* --- messages ------------------------------------------------------------------------- */

static void on_ready(struct process *p, uint32_t generation)
{
	p->ready_generation = generation;
	if (generation == p->asked_generation)
		p->settled = true; /* else a START later than this answer is under way */
}

static void on_pong(struct process *p, const struct msg_ping *m)
{
	if (m->serial != p->ping_serial)
		return; /* late: of a ping before the last */
	p->unanswered = 0;
	p->ops->on_alive(p->arg, p);
}

static void on_chan_message(void *arg, const void *data, size_t len, int fd)
{
	struct process *p = arg;
	const void *record;

	if (msg_check(data, len, fd >= 0)) {
		log_err("%s (pid %d): malformed message of %zu bytes", msg_role_name(p->role),
			(int)p->pid, len);
		if (fd >= 0)
			close(fd);
		process_kill(p);
		return;
	}
	record = msg_next(data, NULL);
	switch (msg_type(data)) {
	case MSG_PONG:
		on_pong(p, record);
		return;
	case MSG_READY:
		on_ready(p, ((const struct msg_start *)record)->generation);
		break;
	case MSG_FAILED:
		p->settled = true;
		break;
	default:
		break;
	}
	p->ops->on_message(p->arg, p, msg_type(data), record, fd);
}

/** It closed its channel: it is about to end, or cannot be talked to any more. */
static void on_chan_gone(void *arg, int rc)
{
	struct process *p = arg;

	(void)rc;
	chan_close(p->chan);
	p->chan = NULL;
	arm(p->end_timer, traits[p->role].stop_ms);
}

/* --- start ---------------------------------------------------------------------------- */

/**
 * In the forked child: only the channel and standard error are handed on. A session of its
 * own keeps a terminal's Ctrl-C for the supervisor, which stops the children in order.
 * A binary replaced on disk meanwhile does not matter: /proc/self/exe is the running one.
 */
static void become_child(enum msg_role role, int fd, pid_t supervisor)
{
	char *const argv[] = { (char *)"namewardd", (char *)"--child",
			       (char *)msg_role_name(role), NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(fd, CHILD_FD) < 0 || fcntl(CHILD_FD, F_SETFD, 0) < 0 ||
	    close_range(CHILD_FD + 1, ~0U, 0) < 0)
		_exit(127);
	setsid();
	umask(0027);
	/* Holds until it becomes its account; then its sandbox asks for another signal. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != supervisor)
		_exit(127);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv("/proc/self/exe", argv);
	_exit(127);
}

/** @retval 0 running, with its channel open; negative errno */
static int spawn(struct process *p)
{
	static const struct chan_ops ops = { on_chan_message, on_chan_gone };
	pid_t supervisor = getpid(), pid;
	int fds[2], rc = chan_pair(fds);

	if (rc)
		return rc;
	pid = fork();
	if (pid == 0)
		become_child(p->role, fds[1], supervisor);
	rc = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return rc;
	}
	p->pid = pid;
	rc = chan_open(p->base, fds[0], QUEUE_BYTES, &ops, p, &p->chan);
	if (rc)
		process_kill(p); /* and reaped as any other */
	return rc;
}

static void start_later(struct process *p)
{
	uint32_t pause = pauses_ms[MIN(p->short_lives, ARRAY_SIZE(pauses_ms) - 1)];

	p->short_lives++;
	arm(p->start_timer, pause);
}

static void start_now(struct process *p)
{
	int rc;

	p->stopping = false;
	p->settled = false;
	p->unanswered = 0;
	p->ready_generation = 0;
	p->started_us = clock_wall_us();
	p->started_ms = clock_mono_ms();
	rc = spawn(p);
	if (!rc) {
		if (is_oneshot(p))
			arm(p->end_timer, traits[p->role].run_ms);
		p->ops->on_up(p->arg, p);
		return;
	}
	log_err("%s: cannot start: %s", msg_role_name(p->role), strerror(-rc));
	if (!p->pid)
		start_later(p);
}

static void on_start_timer(evutil_socket_t fd, short events, void *arg)
{
	struct process *p = arg;

	(void)fd;
	(void)events;
	if (p->wanted && !p->pid)
		start_now(p);
}

void process_start(struct process *p)
{
	bool running = p->pid != 0;

	if (p->wanted)
		return;
	p->wanted = true;
	p->short_lives = 0;
	if (!running) /* else it is being stopped, and comes back after */
		start_now(p);
}

/* --- end ------------------------------------------------------------------------------ */

void process_kill(struct process *p)
{
	if (p->pid)
		kill(p->pid, SIGKILL);
}

static void on_end_timer(evutil_socket_t fd, short events, void *arg)
{
	struct process *p = arg;

	(void)fd;
	(void)events;
	if (!p->pid)
		return;
	log_warning("%s (pid %d): did not end in time: killed", msg_role_name(p->role),
		    (int)p->pid);
	process_kill(p);
}

void process_stop(struct process *p)
{
	p->wanted = false;
	evtimer_del(p->start_timer);
	if (!p->pid || p->stopping)
		return;
	p->stopping = true;
	arm(p->end_timer, traits[p->role].stop_ms);
	process_send(p, MSG_STOP, NULL, 0, -1);
}

static void log_end(const struct process *p)
{
	unsigned long long life_s = (clock_mono_ms() - p->started_ms) / 1000;
	const char *after = p->wanted && !is_oneshot(p) ? ", starting it again" : "";

	if (WIFSIGNALED(p->last_status))
		log_warning("%s (pid %d): ended by signal %d (%s) after %llu s%s",
			    msg_role_name(p->role), (int)p->pid, WTERMSIG(p->last_status),
			    strsignal(WTERMSIG(p->last_status)), life_s, after);
	else if (WEXITSTATUS(p->last_status) || *after)
		log_warning("%s (pid %d): ended with status %d after %llu s%s",
			    msg_role_name(p->role), (int)p->pid,
			    WEXITSTATUS(p->last_status), life_s, after);
}

void process_reap(struct process *p)
{
	int status;

	if (!p->pid || waitpid(p->pid, &status, WNOHANG) != p->pid)
		return;
	p->last_status = status;
	if (!p->stopping || status)
		log_end(p);
	chan_close(p->chan);
	p->chan = NULL;
	p->pid = 0;
	p->settled = true;
	evtimer_del(p->end_timer);
	if (is_oneshot(p) && !p->stopping)
		p->wanted = false;
	if (p->wanted && clock_mono_ms() - p->started_ms >= LONG_LIFE_MS)
		p->short_lives = 0;
	if (p->wanted) {
		p->restarts++;
		start_later(p);
	}
	p->ops->on_down(p->arg, p);
}

void process_ping(struct process *p)
{
	struct msg_ping m = { .size = sizeof(m) };
	unsigned limit = traits[p->role].silent_pings;

	if (!p->chan || p->stopping || !limit)
		return;
	if (p->unanswered >= limit) {
		log_err("%s (pid %d): silent for %u s: killed", msg_role_name(p->role),
			(int)p->pid, p->unanswered * PROCESS_PING_S);
		process_kill(p);
		return;
	}
	p->unanswered++;
	m.serial = ++p->ping_serial;
	/* A full queue is a silence as any other. */
	(void)msg_send(p->chan, MSG_PING, &m, sizeof(m), -1);
}

/* --- sending, looking ----------------------------------------------------------------- */

void process_send(struct process *p, enum msg_type type, const void *record, size_t bytes,
		  int fd)
{
	int rc = p->chan ? msg_send(p->chan, type, record, bytes, fd) : -EPIPE;

	if (!rc || rc == -EPIPE)
		return; /* gone: on_down is to come */
	log_err("%s (pid %d): message %d: %s: killed", msg_role_name(p->role), (int)p->pid,
		(int)type, strerror(-rc));
	process_kill(p);
}

void process_send_start(struct process *p, uint32_t generation)
{
	struct msg_start m = { .size = sizeof(m), .generation = generation };

	p->settled = false;
	p->asked_generation = generation;
	process_send(p, MSG_START, &m, sizeof(m), -1);
}

enum msg_role process_role(const struct process *p)
{
	return p->role;
}

bool process_is_up(const struct process *p)
{
	return p->pid != 0;
}

bool process_is_wanted(const struct process *p)
{
	return p->wanted;
}

bool process_is_settled(const struct process *p)
{
	return p->settled || !p->wanted;
}

uint32_t process_ready_generation(const struct process *p)
{
	return p->ready_generation;
}

void process_describe(const struct process *p, struct msg_child *out)
{
	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	out->role = (uint16_t)p->role;
	out->pid = p->pid;
	out->restarts = p->restarts;
	out->last_status = p->last_status;
	out->started_us = p->pid ? p->started_us : 0;
}

int process_new(struct event_base *base, enum msg_role role, const struct process_ops *ops,
		void *arg, struct process **out)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->base = base;
	p->role = role;
	p->ops = ops;
	p->arg = arg;
	p->start_timer = evtimer_new(base, on_start_timer, p);
	p->end_timer = evtimer_new(base, on_end_timer, p);
	if (!p->start_timer || !p->end_timer) {
		process_free(p);
		return -ENOMEM;
	}
	*out = p;
	return 0;
}

void process_free(struct process *p)
{
	if (!p)
		return;
	process_kill(p);
	chan_close(p->chan);
	if (p->start_timer)
		event_free(p->start_timer);
	if (p->end_timer)
		event_free(p->end_timer);
	free(p);
}
