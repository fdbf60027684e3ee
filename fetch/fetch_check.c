/* Reads a body as the list compiler will, and judges what came out; see fetch_check.h. */
#include "fetch/fetch_check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "blocklists/list_build.h"
#include "blocklists/list_file.h"
#include "blocklists/list_index.h"
#include "blocklists/list_sides.h"
#include "blocklists/list_why.h"
#include "conf/conf.h"
#include "fetch/fetch_get.h"
#include "lib/sealed.h"

#define HOST_MAX 256
#define QTYPE_A	 1

static int open_index(const struct conf_list *l, int fd, struct list_index **out)
{
	struct list_source s = {
		.name = l->name,
		.fd = fd,
		.format = l->format,
		.subdomains = l->subdomains,
		.owners = (const char *const *)l->owners,
		.owner_count = l->owner_count,
	};
	int index = sealed_new("nameward-list");
	int rc;

	if (index < 0)
		return index;
	rc = list_build(&s, 1, index);
	if (!rc)
		rc = sealed_finish(index);
	if (!rc)
		rc = list_index_open(index, out);
	close(index);
	return rc;
}

/** By all that a list can say of a name to this host, in the order of policy.c's rungs. */
static bool is_blocked(const struct list_index *x, const struct dname *name)
{
	static const struct addr loopback = { AF_INET, { 127, 0, 0, 1 } };
	const struct list_asking ask = { .client = &loopback, .qtype = QTYPE_A };
	uint64_t said[LEVELS];

	list_index_find(x, name, 1, said);
	list_sides_find(x, name, &ask, 1, said);
	if (said[LEVEL_ALLOW_IMPORTANT])
		return false;
	return said[LEVEL_IMPORTANT] || (said[LEVEL_BLOCK] && !said[LEVEL_ALLOW]);
}

/** Whether it blocks where some list comes from. */
static bool blocks_source(const struct conf *conf, const struct list_index *x, char *why)
{
	for (size_t i = 0; i < conf->list_count; i++) {
		char host[HOST_MAX];
		struct dname name;

		if (!conf->lists[i].url ||
		    fetch_url_host(conf->lists[i].url, host, sizeof(host)) ||
		    dname_from_text(host, &name) || !is_blocked(x, &name))
			continue;
		snprintf(why, FETCH_CHECK_WHY_MAX,
			 "it blocks %.100s, where list %s comes from", host,
			 conf->lists[i].name);
		return true;
	}
	return false;
}

static bool is_only_allowed(const struct conf *conf, size_t list)
{
	for (size_t i = 0; i < conf->policy_count; i++)
		if (conf_policy_lists(&conf->policies[i], true) >> list & 1)
			return false;
	return true;
}

/** A table that only tells who owns what has rows that nobody wants. */
static uint64_t entries_of(const struct conf_list *l, const struct list_stats *s)
{
	bool is_table = l->format == LIST_OWNERS && !l->owner_count;

	return is_table ? s->by_kind[LINE_NOT_WANTED] : s->entries;
}

static int judge(const struct conf *conf, size_t list, const struct list_index *x,
		 uint64_t before, uint64_t *entries, char *why)
{
	const struct list_stats *s = list_index_stats(x, 0);
	char text[LIST_WHY_MAX];

	*entries = entries_of(&conf->lists[list], s);
	if (s->rc) {
		snprintf(why, FETCH_CHECK_WHY_MAX, "%s", list_why_text(s, text));
		return 0;
	}
	if (!*entries) {
		snprintf(why, FETCH_CHECK_WHY_MAX, "no entry in %" PRIu64 " lines",
			 s->lines);
		return 0;
	}
	if (before >= FETCH_SHRINK_MIN && *entries < before - before / 2) {
		snprintf(why, FETCH_CHECK_WHY_MAX,
			 "it shrank from %" PRIu64 " to %" PRIu64 " entries", before,
			 *entries);
		return -EKEYREJECTED;
	}
	if (!is_only_allowed(conf, list) && blocks_source(conf, x, why))
		return -EKEYREJECTED;
	return 1;
}

int fetch_check(const struct conf *conf, size_t list, int fd, uint64_t before,
		uint64_t *entries, char *why)
{
	struct list_index *x;
	int rc = open_index(&conf->lists[list], fd, &x);

	if (rc)
		return rc;
	rc = judge(conf, list, x, before, entries, why);
	list_index_close(x);
	return rc;
}
