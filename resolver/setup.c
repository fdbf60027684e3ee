/* A generation of the resolver; see setup.h. */
#include "resolver/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_server.h"
#include "lib/log.h"
#include "resolver/override.h"

/* The index says "list 3": of another configuration that is another list. */
static bool is_index_of(const struct list_index *x, const struct conf *conf)
{
	if (list_index_list_count(x) != conf->list_count)
		return false;
	for (unsigned i = 0; i < conf->list_count; i++)
		if (strcmp(list_index_stats(x, i)->name, conf->lists[i].name))
			return false;
	return true;
}

int setup_new(struct event_base *base, struct conf *conf, struct list_index *index,
	      uint32_t generation, const struct setup *before, struct setup **out)
{
	struct setup *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (!s)
		goto err_args;
	if (index && !is_index_of(index, conf)) {
		log_err("list index: of another configuration: lists of this generation are "
			"empty");
		list_index_close(index);
		index = NULL;
	}
	s->conf = conf;
	s->index = index;
	s->generation = generation;
	s->asks = before && setup_asks_the_same(before->conf, conf) ? before->asks : generation;
	s->refs = 1;
	rc = upstream_pool_open(base, conf, before ? before->upstreams : NULL, &s->upstreams);
	if (rc)
		goto err_setup;
	*out = s;
	return 0;

err_setup:
	free(s);
err_args:
	conf_free(conf);
	list_index_close(index);
	return rc;
}

void setup_override(struct setup *s, const struct conf_overrides *wanted)
{
	struct overrides *o = overrides_new(s->conf, wanted);

	if (wanted->count && !o)
		log_err("overrides: out of memory: none is in force");
	overrides_free(s->overrides);
	s->overrides = o;
}

void setup_free(struct setup *s)
{
	if (!s)
		return;
	upstream_pool_close(s->upstreams);
	list_index_close(s->index);
	overrides_free(s->overrides);
	conf_free(s->conf);
	free(s);
}

static bool same_servers(const struct conf_upstream *a, const struct conf_upstream *b)
{
	if (a->server_count != b->server_count)
		return false;
	for (size_t i = 0; i < a->server_count; i++)
		if (!conf_server_equal(&a->servers[i], &b->servers[i]))
			return false;
	return true;
}

static bool is_any_own(const struct conf *c)
{
	for (size_t i = 0; i < c->policy_count; i++)
		if (c->policies[i].has_upstream)
			return true;
	return false;
}

/* Policies' answers are kept by the number of their upstream. */
static bool same_for_policies(const struct conf *a, const struct conf *b)
{
	if (!is_any_own(a) && !is_any_own(b))
		return true;
	if (a->upstream_count != b->upstream_count)
		return false;
	for (size_t i = 0; i < a->upstream_count; i++)
		if (!same_servers(&a->upstreams[i], &b->upstreams[i]))
			return false;
	return true;
}

bool setup_asks_the_same(const struct conf *a, const struct conf *b)
{
	if (!same_for_policies(a, b))
		return false;
	if (a->forward_count != b->forward_count)
		return false;
	for (size_t i = 0; i < a->forward_count; i++) {
		const struct conf_forward *x = &a->forwards[i], *y = &b->forwards[i];

		if (!dname_equal(&x->suffix, &y->suffix) ||
		    !same_servers(&a->upstreams[x->upstream], &b->upstreams[y->upstream]))
			return false;
	}
	return true;
}
