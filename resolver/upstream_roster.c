/* Servers that outlive a reload; see upstream_roster.h. */
#include "resolver/upstream_roster.h"

#include <errno.h>
#include <stdlib.h>

#include "conf/conf_server.h"
#include "resolver/upstream_trust.h"

void upstream_roster_begin(struct upstream_roster *r)
{
	r->round++;
}

/** A server may stand twice in a configuration, and is two then. */
static struct upstream_member *find_same(struct upstream_roster *r,
					 const struct conf_server *to, uint32_t timeout_ms,
					 const struct upstream_trust *trust)
{
	struct upstream_member *m;

	LIST_FOREACH (m, &r->members, link)
		if (m->round != r->round && m->timeout_ms == timeout_ms &&
		    m->trust == trust && conf_server_equal(&m->to, to))
			return m;
	return NULL;
}

static void member_free(struct upstream_member *m)
{
	upstream_server_close(m->server);
	upstream_trust_free(m->trust);
	conf_server_fini(&m->to);
	free(m);
}

static int member_new(const struct upstream_roster *r, const struct conf_server *to,
		      uint32_t timeout_ms, struct upstream_trust *trust,
		      struct upstream_member **out)
{
	struct upstream_shared shared = { .base = r->base, .rx = r->rx, .trust = trust };
	struct upstream_member *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return -ENOMEM;
	m->timeout_ms = timeout_ms;
	m->trust = upstream_trust_ref(trust);
	rc = conf_server_copy(to, &m->to);
	if (!rc)
		rc = upstream_server_open(&shared, &m->to, timeout_ms, r->ops, r->arg,
					  &m->server);
	if (rc) {
		member_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

int upstream_roster_take(struct upstream_roster *r, const struct conf_server *to,
			 uint32_t timeout_ms, struct upstream_trust *trust,
			 struct upstream_server **out)
{
	struct upstream_member *m;
	int rc;

	m = find_same(r, to, timeout_ms, trust);
	if (!m) {
		rc = member_new(r, to, timeout_ms, trust, &m);
		if (rc)
			return rc;
		LIST_INSERT_HEAD(&r->members, m, link);
	}
	m->round = r->round;
	m->refs++;
	*out = m->server;
	return 0;
}

void upstream_roster_leave(struct upstream_roster *r, const struct upstream_server *s)
{
	struct upstream_member *m = LIST_FIRST(&r->members);

	while (m->server != s)
		m = LIST_NEXT(m, link);
	if (--m->refs)
		return;
	LIST_REMOVE(m, link);
	member_free(m);
}
