/*
 * Process compiler. Rights: account nameward-list, no capability, files (to read the lists
 * with that account's permissions, and to keep builds in lists-folder), no network. Takes
 * MSG_CONF and, if one is in force, MSG_INDEX; answers START with MSG_INDEX, MSG_OLDER if that
 * is not of the lists as they are, if a zone refuses lists' addresses MSG_RANGES, and READY;
 * writes a new build to disk, and is gone.
 */
#include "blocklists/compiler.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blocklists/list_compile.h"
#include "blocklists/list_index.h"
#include "blocklists/list_ranges.h"
#include "conf/conf.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/sandbox.h"

static const struct sandbox rights = {
	.user = "nameward-list",
	.capabilities = 0,
	.calls = SANDBOX_FILES,
};

struct compiler {
	struct child *child; /* borrowed */
	struct conf *conf;   /* owned; NULL: not there yet */
	struct list_index *old; /* owned: in force now; NULL: none */
	struct list_compiled out;
};

/* --- the process ---------------------------------------------------------------------- */

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	struct compiler *c = arg;
	int rc;

	(void)record;
	if (type == MSG_CONF && !c->conf) {
		rc = conf_from_fd(fd, &c->conf);
		if (rc)
			log_err("configuration: %s", strerror(-rc));
	} else if (type == MSG_INDEX && !c->old) {
		rc = list_index_open(fd, &c->old);
		if (rc)
			log_err("lists in force: %s: none can be kept", strerror(-rc));
	}
	if (fd >= 0)
		close(fd);
}

/** No other process talks to this one. */
static void on_peer(void *arg, enum msg_role role, int fd)
{
	(void)arg;
	(void)role;
	close(fd);
}

static int send_ranges(struct compiler *c, int index_fd, char *why)
{
	int fd, rc = list_ranges_build(c->conf, index_fd, &fd);

	if (!rc) {
		rc = msg_send(child_supervisor(c->child), MSG_RANGES, NULL, 0, fd);
		close(fd);
	}
	if (rc)
		snprintf(why, MSG_TEXT_MAX, "lists: addresses to refuse: %s", strerror(-rc));
	return rc;
}

static int on_start(void *arg, uint32_t generation, char *why)
{
	struct compiler *c = arg;
	int rc;

	(void)generation;
	child_exit(c->child, 0); /* after this turn, whatever comes out */
	if (!c->conf) {
		snprintf(why, MSG_TEXT_MAX, "lists: no configuration");
		return -EINVAL;
	}
	rc = list_compile(c->conf, c->old, &c->out);
	if (rc) {
		snprintf(why, MSG_TEXT_MAX, "lists: %s", strerror(-rc));
		return rc;
	}
	rc = msg_send(child_supervisor(c->child), MSG_INDEX, NULL, 0, c->out.fd);
	if (!rc && c->out.is_older)
		rc = msg_send(child_supervisor(c->child), MSG_OLDER, NULL, 0, -1);
	if (rc)
		snprintf(why, MSG_TEXT_MAX, "lists: index not sent: %s", strerror(-rc));
	else if (conf_refused_lists(c->conf))
		rc = send_ranges(c, c->out.fd, why);
	return rc;
}

int compiler_main(void)
{
	static const struct child_ops ops = {
		.on_peer = on_peer,
		.on_message = on_message,
		.on_start = on_start,
	};
	struct compiler c = { .out = { .fd = -1 } };
	struct event_base *base;
	const char *why;
	int status = 1;

	if (sandbox_enter(&rights, &why)) {
		log_err("sandbox: %s", why);
		return 1;
	}
	base = event_base_new();
	if (base)
		status = child_run(base, ROLE_COMPILER, &ops, &c, &c.child);
	else
		log_err("out of memory");
	if (!status && c.conf) /* nobody waits for the disk any more */
		list_compile_keep(c.conf, &c.out);
	list_compiled_fini(&c.out);
	list_index_close(c.old);
	conf_free(c.conf);
	if (base)
		event_base_free(base);
	return status;
}
