/*
 * Process compiler. Rights: account nameward-list, no capability, files (to read the lists
 * with that account's permissions), no network. Takes MSG_CONF and, if one is in force,
 * MSG_INDEX; answers START with MSG_INDEX, if a zone refuses lists' addresses MSG_RANGES, and
 * READY, and is gone.
 */
#include "blocklists/compiler.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_file.h"
#include "blocklists/list_guard.h"
#include "blocklists/list_index.h"
#include "blocklists/list_ranges.h"
#include "blocklists/list_why.h"
#include "conf/conf.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/sealed.h"

static const struct sandbox rights = {
	.user = "nameward-list",
	.capabilities = 0,
	.calls = SANDBOX_FILES,
};

struct compiler {
	struct child *child; /* borrowed */
	struct conf *conf;   /* owned; NULL: not there yet */
	struct list_index *old; /* owned: in force now; NULL: none */
};

/* --- the build ------------------------------------------------------------------------ */

/** What strangers wrote is guarded; a file that no URL gives is the operator's own. */
static void source_open(const struct conf_list *list, const struct list_index *old,
			const struct list_guard *guard, struct list_source *s)
{
	*s = (struct list_source){
		.name = list->name,
		.fd = -1,
		.format = list->format,
		.subdomains = list->subdomains,
		.owners = (const char *const *)list->owners,
		.owner_count = list->owner_count,
		.guard = list->url ? guard : NULL,
		.names = list->names,
		.name_count = list->name_count,
		.old = old,
	};
	if (list->file)
		s->rc = list_file_open(list->file, &s->fd);
}

static void log_list(const struct conf_list *list, const struct list_stats *s)
{
	char path[512], why[LIST_WHY_MAX];

	log_safe(list->file ? list->file : "no file", path, sizeof(path));
	if (s->rc)
		log_warning("list %s: %s: %s", s->name, path, list_why_text(s, why));
	else if (s->invalid + s->unsupported + s->ignored && !s->entries)
		log_warning("list %s: %s: no name in %" PRIu64 " lines", s->name, path,
			    s->lines);
	else if (s->invalid)
		log_info("list %s: %" PRIu64 " names; %" PRIu64
			 " not understood, the first in line %u of %s; %" PRIu64
			 " rules not for DNS or not supported",
			 s->name, s->entries, s->invalid, s->first_invalid_line, path,
			 s->ignored + s->unsupported);
	else if (s->ignored + s->unsupported)
		log_info("list %s: %" PRIu64 " names; %" PRIu64
			 " rules not for DNS, %" PRIu64 " not supported",
			 s->name, s->entries, s->ignored, s->unsupported);
	else
		log_info("list %s: %" PRIu64 " name%s", s->name, s->entries,
			 s->entries == 1 ? "" : "s");
}

/** Seal, verify as the resolver will, and say what each list gave. */
static int index_finish(const struct conf *conf, int fd)
{
	struct list_index *x;
	int rc;

	rc = sealed_finish(fd);
	if (!rc)
		rc = list_index_open(fd, &x);
	if (rc)
		return rc;
	for (unsigned i = 0; i < list_index_list_count(x); i++)
		log_list(&conf->lists[i], list_index_stats(x, i));
	list_index_close(x);
	return 0;
}

static int build_into(const struct conf *conf, const struct list_index *old, int fd)
{
	struct list_source *sources = calloc(conf->list_count + 1, sizeof(*sources));
	size_t count = conf->list_count;
	struct list_guard *guard = NULL;
	int rc = sources ? list_guard_of_conf(conf, &guard) : -ENOMEM;

	for (size_t i = 0; !rc && i < count; i++)
		source_open(&conf->lists[i], old, guard, &sources[i]);
	if (!rc)
		rc = list_build(sources, count, fd);
	for (size_t i = 0; guard && i < count; i++) {
		if (sources[i].fd >= 0)
			close(sources[i].fd);
	}
	list_guard_free(guard);
	free(sources);
	return rc;
}

int compiler_build(const struct conf *conf, const struct list_index *old, int *out_fd)
{
	int fd = sealed_new("nameward-lists");
	int rc;

	_Static_assert(CONF_LISTS_MAX == LIST_INDEX_LISTS, "a bit for each list");
	if (fd < 0)
		return fd;
	rc = build_into(conf, old, fd);
	if (!rc)
		rc = index_finish(conf, fd);
	if (rc)
		close(fd);
	else
		*out_fd = fd;
	return rc;
}

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
	int fd, rc;

	(void)generation;
	child_exit(c->child, 0); /* after this turn, whatever comes out */
	if (!c->conf) {
		snprintf(why, MSG_TEXT_MAX, "lists: no configuration");
		return -EINVAL;
	}
	rc = compiler_build(c->conf, c->old, &fd);
	if (rc) {
		snprintf(why, MSG_TEXT_MAX, "lists: %s", strerror(-rc));
		return rc;
	}
	rc = msg_send(child_supervisor(c->child), MSG_INDEX, NULL, 0, fd);
	if (rc)
		snprintf(why, MSG_TEXT_MAX, "lists: index not sent: %s", strerror(-rc));
	else if (conf_refused_lists(c->conf))
		rc = send_ranges(c, fd, why);
	close(fd);
	return rc;
}

int compiler_main(void)
{
	static const struct child_ops ops = {
		.on_peer = on_peer,
		.on_message = on_message,
		.on_start = on_start,
	};
	struct compiler c = { .conf = NULL };
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
	list_index_close(c.old);
	conf_free(c.conf);
	if (base)
		event_base_free(base);
	return status;
}
