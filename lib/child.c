/* The frame of a child process; see child.h. */
#include "lib/child.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/util.h"

#define SUPERVISOR_QUEUE (256 * 1024)

struct child {
	struct event_base *base;     /* borrowed */
	const struct child_ops *ops; /* borrowed */
	void *arg;		     /* borrowed */
	struct chan *supervisor;     /* owned */
	bool stopping, done;
	int status;
};

static void stop(struct child *c)
{
	if (c->stopping)
		return;
	c->stopping = true;
	if (c->ops->on_stop)
		c->ops->on_stop(c->arg);
	else
		child_exit(c, 0);
}

static void start(struct child *c, const struct msg_start *m)
{
	char why[MSG_TEXT_MAX] = "";

	if (!c->ops->on_start(c->arg, m->generation, why)) {
		msg_send(c->supervisor, MSG_READY, m, sizeof(*m), -1);
		return;
	}
	log_err("generation %u cannot be served: %s", m->generation, why);
	msg_send_failed(c->supervisor, why);
}

static void on_message(void *arg, const void *data, size_t len, int fd)
{
	struct child *c = arg;
	const void *record;

	if (msg_check(data, len, fd >= 0)) {
		log_err("supervisor: malformed message of %zu bytes: leaving", len);
		if (fd >= 0)
			close(fd);
		child_exit(c, 1);
		return;
	}
	record = msg_next(data, NULL);
	switch (msg_type(data)) {
	case MSG_PING:
		msg_send(c->supervisor, MSG_PONG, record, sizeof(struct msg_ping), -1);
		break;
	case MSG_PEER:
		c->ops->on_peer(c->arg, ((const struct msg_peer *)record)->role, fd);
		break;
	case MSG_START:
		start(c, record);
		break;
	case MSG_STOP:
		stop(c);
		break;
	default:
		c->ops->on_message(c->arg, msg_type(data), record, fd);
	}
}

static void on_gone(void *arg, int rc)
{
	struct child *c = arg;

	log_warning("the supervisor is gone%s: leaving", rc ? " (broken channel)" : "");
	stop(c);
}

/* The supervisor decides about stopping; a terminal's Ctrl-C reaches every process. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

int child_run(struct event_base *base, enum msg_role role, const struct child_ops *ops,
	      void *arg, struct child **out)
{
	static const struct chan_ops chan_ops = { on_message, on_gone };
	struct child c = { .base = base, .ops = ops, .arg = arg };
	int rc;

	prctl(PR_SET_NAME, msg_role_name(role));
	ignore_signals();
	rc = chan_open(base, CHILD_FD, SUPERVISOR_QUEUE, &chan_ops, &c, &c.supervisor);
	if (rc) {
		log_err("channel to the supervisor: error %d", -rc);
		return 1;
	}
	*out = &c;
	while (!c.done) {
		event_base_loop(base, EVLOOP_ONCE);
		if (ops->on_turn)
			ops->on_turn(arg);
	}
	chan_drain(c.supervisor, 100);
	chan_close(c.supervisor);
	*out = NULL;
	return c.status;
}

struct chan *child_supervisor(struct child *c)
{
	return c->supervisor;
}

void child_exit(struct child *c, int status)
{
	c->done = true;
	c->status = status;
}
