/* One generation of what the children serve by. Knows nothing of the children themselves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/generation.h"
#include "lib/log.h"

bool generation_is_gated(const struct generation *g)
{
	return conf_wants_gate(g->conf);
}

/* A zone that is to stay closed may have left rules when its gate was on: they are taken away
 * although nothing wants any now. */
static bool may_have_stayed(const struct conf *c)
{
	for (size_t i = 0; i < c->zone_count; i++)
		if (c->zones[i].when_down == DOWN_CLOSED)
			return true;
	return false;
}

static void choose_processes(struct generation *g)
{
	bool gate = g->is_root && generation_is_gated(g);

	g->wants[ROLE_RESOLVER] = true;
	g->wants[ROLE_DBWRITER] = g->conf->history.on;
	g->wants[ROLE_NFTSYNC] = gate || (g->is_root && (g->conf->gate.fill_count ||
							 may_have_stayed(g->conf)));
	/* What the gate refuses is only written down. */
	g->wants[ROLE_FLOWS] = gate && g->conf->history.on;
	g->wants[ROLE_MDNS] = g->conf->clients.mdns_names == SWITCH_ON;
}

static int load(struct generation *g, const char *path, struct conf_errors *errors)
{
	int rc = conf_bundle_load(path, &g->bundle, errors);

	if (!rc)
		rc = conf_parse(g->bundle, &g->conf, errors);
	if (!rc)
		rc = conf_bundle_add_ca(g->bundle, g->conf, errors);
	if (rc)
		return rc;
	g->bundle_fd = conf_bundle_write(g->bundle);
	return g->bundle_fd < 0 ? g->bundle_fd : 0;
}

int generation_load(const char *path, bool is_root, uint32_t number,
		    struct generation **out)
{
	struct generation *g = calloc(1, sizeof(*g));
	struct conf_errors *errors = conf_errors_new();
	int rc = -ENOMEM;

	if (!g || !errors)
		goto err;
	g->number = number;
	g->bundle_fd = -1;
	g->index_fd = -1;
	g->ranges_fd = -1;
	g->local_fd = -1;
	rc = load(g, path, errors);
	if (rc)
		goto err;
	conf_errors_free(errors);
	g->is_root = is_root;
	choose_processes(g);
	*out = g;
	return 0;

err:
	if (errors && conf_errors_count(errors))
		conf_errors_print(errors, stderr);
	else
		log_err("configuration: %s", strerror(-rc));
	conf_errors_free(errors);
	generation_free(g);
	return rc;
}

int generation_bypass(struct generation *g, const char *lines)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf *conf = NULL;
	int fd, rc = errors ? conf_bundle_set_bypass(g->bundle, lines) : -ENOMEM;

	if (!rc)
		rc = conf_parse(g->bundle, &conf, errors);
	conf_errors_free(errors);
	if (rc)
		return rc;
	fd = conf_bundle_write(g->bundle);
	if (fd < 0) {
		conf_free(conf);
		return fd;
	}
	if (g->bundle_fd >= 0)
		close(g->bundle_fd);
	conf_free(g->conf);
	g->bundle_fd = fd;
	g->conf = conf;
	choose_processes(g);
	return 0;
}

/* A descriptor of one's own for the same file; -1 stays -1. */
static int share(int fd, int *out)
{
	if (fd < 0)
		return 0;
	*out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *out < 0 ? -errno : 0;
}

int generation_again(const struct generation *of, const char *lines, bool is_root,
		     uint32_t number, struct generation **out)
{
	struct generation *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return -ENOMEM;
	g->number = number;
	g->is_root = is_root;
	g->bundle_fd = g->index_fd = g->ranges_fd = g->local_fd = -1;
	rc = conf_bundle_read(of->bundle_fd, &g->bundle);
	if (!rc)
		rc = generation_bypass(g, lines);
	if (!rc)
		rc = share(of->index_fd, &g->index_fd);
	if (!rc)
		rc = share(of->ranges_fd, &g->ranges_fd);
	if (!rc)
		rc = share(of->local_fd, &g->local_fd);
	if (rc) {
		generation_free(g);
		return rc;
	}
	*out = g;
	return 0;
}

int generation_bind(struct generation *g, const struct listeners *old, char *why)
{
	return listeners_open(g->conf, old, &g->listeners, why);
}

void generation_free(struct generation *g)
{
	if (!g)
		return;
	listeners_close(g->listeners);
	if (g->index_fd >= 0)
		close(g->index_fd);
	if (g->ranges_fd >= 0)
		close(g->ranges_fd);
	if (g->local_fd >= 0)
		close(g->local_fd);
	if (g->bundle_fd >= 0)
		close(g->bundle_fd);
	conf_free(g->conf);
	conf_bundle_free(g->bundle);
	free(g);
}
