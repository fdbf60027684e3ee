/*
 * Process local. Rights: account nameward-local, no capability, files (to read hosts and
 * leases with that account's permissions), no network. Takes MSG_CONF and, if one is in
 * force, MSG_LOCAL; answers START with MSG_LOCAL and READY, and is gone.
 */
#include "local/local_reader.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_file.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/sandbox.h"
#include "lib/sealed.h"
#include "local/local_build.h"
#include "local/local_gather.h"
#include "local/local_image.h"

#define FILE_MAX (16u << 20) /* bytes of one file */

static const struct sandbox rights = {
	.user = "nameward-local",
	.capabilities = 0,
	.calls = SANDBOX_FILES,
};

struct local_reader {
	struct child *child; /* borrowed */
	struct conf *conf;   /* owned; NULL: not there yet */
	struct local_image *old; /* owned: in force now; NULL: none */
};

/* --- files ------------------------------------------------------------------------------ */

static const char *why_text(int rc)
{
	switch (rc) {
	case -EPROTONOSUPPORT:
		return "not a file of that kind";
	case -E2BIG:
		return "larger than 16 MiB";
	case -EMEDIUMTYPE:
		return "not a regular file";
	case -EBUSY:
		return "it changed while it was read";
	default:
		return strerror(-rc);
	}
}

/* @retval 0; -ENOMEM */
static int read_file(const struct conf *conf, const struct conf_local *l,
		     const struct conf_local_file *f, const struct local_image *old,
		     int64_t now_s, struct local_builder *b)
{
	char path[512], *text;
	struct stat st;
	size_t len;
	int rc = conf_file_read(f->path, FILE_MAX, &text, &len, &st);

	if (!rc) {
		rc = local_gather_text(conf, l, f, text, len, now_s, b);
		free(text);
	}
	if (!rc || rc == -ENOMEM)
		return rc;
	log_safe(f->path, path, sizeof(path));
	if (rc == -ENOENT) {
		log_info("%s: not there yet: it has no names", path);
		return 0;
	}
	log_warning("%s: %s: what it said before stays", path, why_text(rc));
	return local_gather_old(conf, f, old, b);
}

static int gather(const struct conf *conf, const struct local_image *old, int64_t now_s,
		  struct local_builder *b)
{
	int rc = local_gather_conf(conf, b);

	/* Hosts files first: what they say is better than what clients do. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < conf->local_count; i++) {
			const struct conf_local *l = &conf->locals[i];

			for (size_t k = 0; !rc && k < l->file_count; k++)
				if ((l->files[k].format == LOCAL_HOSTS) == (pass == 0))
					rc = read_file(conf, l, &l->files[k], old, now_s, b);
		}
	return rc;
}

static void log_built(const struct local_builder *b, bool is_first)
{
	struct local_build_stats s;

	local_builder_get_stats(b, &s);
	if (s.full)
		log_warning("%zu records left out: too many", s.full);
	if (!is_first)
		return; /* clients make leases change as often as they like */
	log_info("%zu records of %zu names, %zu clients have a name", s.records, s.names,
		 s.labels);
	if (s.held)
		log_info("%zu records left out: their names are another's", s.held);
}

static int seal(int fd)
{
	struct local_image *x;
	int rc;

	rc = sealed_finish(fd);
	if (!rc)
		rc = local_image_open(fd, &x); /* as the resolver will */
	if (!rc)
		local_image_close(x);
	return rc;
}

int local_reader_build(const struct conf *conf, const struct local_image *old, int64_t now_s,
		       int *out_fd)
{
	struct local_builder *b;
	int rc = local_builder_new(&b), fd = -1;

	if (rc)
		return rc;
	rc = gather(conf, old, now_s, b);
	if (!rc) {
		fd = sealed_new("nameward-local");
		rc = fd < 0 ? fd : local_builder_write(b, fd);
	}
	if (!rc)
		rc = seal(fd);
	if (!rc) {
		log_built(b, !old);
		*out_fd = fd;
	} else if (fd >= 0) {
		close(fd);
	}
	local_builder_free(b);
	return rc;
}

/* --- the process ------------------------------------------------------------------------ */

static void on_message(void *arg, enum msg_type type, const void *record, int fd)
{
	struct local_reader *r = arg;
	int rc;

	(void)record;
	if (type == MSG_CONF && !r->conf) {
		rc = conf_from_fd(fd, &r->conf);
		if (rc)
			log_err("configuration: %s", strerror(-rc));
	} else if (type == MSG_LOCAL && !r->old) {
		rc = local_image_open(fd, &r->old);
		if (rc)
			log_err("local data in force: %s: none can be kept", strerror(-rc));
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

static int on_start(void *arg, uint32_t generation, char *why)
{
	struct local_reader *r = arg;
	int fd, rc;

	(void)generation;
	child_exit(r->child, 0); /* after this turn, whatever comes out */
	if (!r->conf) {
		snprintf(why, MSG_TEXT_MAX, "local data: no configuration");
		return -EINVAL;
	}
	rc = local_reader_build(r->conf, r->old, clock_wall_us() / 1000000, &fd);
	if (rc) {
		snprintf(why, MSG_TEXT_MAX, "local data: %s", strerror(-rc));
		return rc;
	}
	rc = msg_send(child_supervisor(r->child), MSG_LOCAL, NULL, 0, fd);
	if (rc)
		snprintf(why, MSG_TEXT_MAX, "local data: image not sent: %s", strerror(-rc));
	close(fd);
	return rc;
}

int local_reader_main(void)
{
	static const struct child_ops ops = {
		.on_peer = on_peer,
		.on_message = on_message,
		.on_start = on_start,
	};
	struct local_reader r = { .conf = NULL };
	struct event_base *base;
	const char *why;
	int status = 1;

	if (sandbox_enter(&rights, &why)) {
		log_err("sandbox: %s", why);
		return 1;
	}
	base = event_base_new();
	if (base)
		status = child_run(base, ROLE_LOCAL, &ops, &r, &r.child);
	else
		log_err("out of memory");
	local_image_close(r.old);
	conf_free(r.conf);
	if (base)
		event_base_free(base);
	return status;
}
