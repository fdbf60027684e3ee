/*
 * Local data at the supervisor; see local_data.h. It watches the files, and has a process of
 * its own read them: at each new generation, which waits for it, and at each change, when the
 * resolver is given the new image at once. Old data stay when a reading fails.
 */
#include "daemon/local_data.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/file_watch.h"
#include "daemon/generation.h"
#include "daemon/outfit.h"
#include "daemon/process.h"
#include "daemon/supervisor.h"
#include "lib/log.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static size_t count_files(const struct conf *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->local_count; i++)
		n += c->locals[i].file_count;
	return n;
}

static int watch_files(struct supervisor *s, const struct conf *c)
{
	const char **paths = calloc(count_files(c) + 1, sizeof(*paths));
	size_t n = 0;
	int rc;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < c->local_count; i++)
		for (size_t k = 0; k < c->locals[i].file_count; k++)
			paths[n++] = c->locals[i].files[k].path;
	rc = file_watch_set(s->local_files, paths, n);
	free(paths);
	return rc;
}

static void on_change(void *arg)
{
	struct supervisor *s = arg;

	if (!s->stopping)
		local_data_read(s, s->next ? s->next : s->now);
}

void local_data_moved(struct supervisor *s, const struct generation *from,
		      struct generation *to)
{
	if (s->local_for == from)
		s->local_for = to;
	if (s->local_watched == from)
		s->local_watched = to;
}

static void start(struct supervisor *s, struct generation *g)
{
	s->local_for = g;
	process_start(s->processes[ROLE_LOCAL]);
}

/* What is being read is wanted no more: the next generation has no local data. */
static void give_up(struct supervisor *s)
{
	if (s->local_for)
		process_stop(s->processes[ROLE_LOCAL]);
	s->local_for = NULL;
	s->local_again = false;
}

bool local_data_read(struct supervisor *s, struct generation *g)
{
	int rc = 0;

	if (!s->local_files)
		rc = file_watch_new(s->base, on_change, s, &s->local_files);
	if (!rc && g != s->local_watched)
		rc = watch_files(s, g->conf);
	s->local_watched = rc ? NULL : g;
	if (rc)
		log_err("watching hosts and leases: %s: changes may go unnoticed until a reload",
			strerror(-rc));
	if (!conf_wants_local(g->conf)) {
		give_up(s);
		return false;
	}
	if (s->local_for) {
		s->local_for = g; /* what comes now may be of other files or older ... */
		s->local_again = true; /* ... so once more */
	} else {
		start(s, g);
	}
	return true;
}

void local_data_on_up(struct supervisor *s)
{
	struct process *p = s->processes[ROLE_LOCAL];

	if (!s->local_for)
		return;
	process_send(p, MSG_CONF, NULL, 0, s->local_for->bundle_fd);
	outfit_local(p, s->now);
	process_send_start(p, s->local_for->number);
}

void local_data_take(struct supervisor *s, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	if (!s->local_for || s->local_again || seals < 0 || (seals & SEALS) != SEALS) {
		if (s->local_for && !s->local_again)
			log_err("local: image not sealed: refused");
		close(fd);
		return;
	}
	if (s->local_for->local_fd >= 0)
		close(s->local_for->local_fd);
	s->local_for->local_fd = fd;
}

/* A generation whose data could not be read has those before. */
static void keep_old(struct supervisor *s, struct generation *g)
{
	if (g == s->now || g->local_fd >= 0 || s->now->local_fd < 0)
		return;
	g->local_fd = fcntl(s->now->local_fd, F_DUPFD_CLOEXEC, 3);
	if (g->local_fd < 0)
		log_err("local: %s: no local data", strerror(errno));
}

void local_data_on_done(struct supervisor *s)
{
	struct generation *g = s->local_for;

	if (!g)
		return;
	process_stop(s->processes[ROLE_LOCAL]);
	s->local_for = NULL;
	if (s->local_again && !s->stopping) {
		s->local_again = false;
		start(s, g);
		return;
	}
	keep_old(s, g);
	if (g == s->next)
		reload_on_local(s);
	else if (process_is_up(s->processes[ROLE_RESOLVER]))
		outfit_local(s->processes[ROLE_RESOLVER], g);
}
