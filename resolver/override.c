/* Overrides in force; see override.h. */
#include "resolver/override.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/policy.h"

struct bound {
	struct conf_override said;
	size_t index;	  /* of the device, group or policy; POLICY_NONE: conf has none */
	struct addr addr; /* of a client without a device; family 0: none */
};

struct overrides {
	size_t count;
	struct bound items[];
};

static size_t find_index(const struct conf *conf, const struct conf_override *o)
{
	for (size_t i = 0; o->scope == OVERRIDE_CLIENT && i < conf->device_count; i++)
		if (!strcmp(conf->devices[i].name, o->who))
			return i;
	for (size_t i = 0; o->scope == OVERRIDE_GROUP && i < conf->group_count; i++)
		if (!strcmp(conf->groups[i].name, o->who))
			return i;
	for (size_t i = 0; o->scope == OVERRIDE_POLICY && i < conf->policy_count; i++)
		if (!strcmp(conf->policies[i].name, o->who))
			return i;
	return POLICY_NONE;
}

struct overrides *overrides_new(const struct conf *conf, const struct conf_overrides *wanted)
{
	struct overrides *o;

	if (!wanted->count)
		return NULL;
	o = calloc(1, sizeof(*o) + wanted->count * sizeof(o->items[0]));
	if (!o)
		return NULL;
	o->count = wanted->count;
	for (size_t i = 0; i < o->count; i++) {
		struct bound *b = &o->items[i];

		b->said = wanted->items[i];
		b->index = find_index(conf, &b->said);
		if (b->said.scope == OVERRIDE_CLIENT && b->index == POLICY_NONE &&
		    addr_from_text(b->said.who, &b->addr))
			b->addr.family = 0;
	}
	return o;
}

void overrides_free(struct overrides *o)
{
	free(o);
}

int64_t overrides_apply(struct overrides *o, int64_t now_s, bool *changed)
{
	int64_t next_s = INT64_MAX;
	size_t kept = 0;

	for (size_t i = 0; o && i < o->count; i++) {
		if (o->items[i].said.until_s <= now_s)
			continue;
		next_s = MIN(next_s, o->items[i].said.until_s);
		if (kept != i)
			o->items[kept] = o->items[i];
		kept++;
	}
	if (o && kept < o->count) {
		o->count = kept;
		*changed = true;
	}
	return next_s;
}

/* Who has its device by a name that is not trusted is not let off by it. */
static bool is_for(const struct bound *b, const struct conf *conf,
		   const struct policy_asker *asker)
{
	bool is_doubtful = asker->place->is_weak && b->said.action != OVERRIDE_BLOCK;
	size_t device = is_doubtful ? POLICY_NONE : asker->place->device;

	switch (b->said.scope) {
	case OVERRIDE_ALL:
		return true;
	case OVERRIDE_CLIENT:
		if (b->index != POLICY_NONE)
			return device == b->index;
		return b->addr.family && asker->addr && addr_equal(&b->addr, asker->addr);
	case OVERRIDE_GROUP:
		return b->index != POLICY_NONE && asker->addr &&
		       policy_group_has(&conf->groups[b->index], asker->addr, device);
	case OVERRIDE_POLICY:
		return b->index != POLICY_NONE && asker->place->policy == b->index &&
		       !is_doubtful;
	default:
		return false;
	}
}

/* Whether b goes before a. */
static bool is_nearer(const struct conf_override *b, const struct conf_override *a)
{
	return !a || b->name.len > a->name.len ||
	       (b->name.len == a->name.len && b->action == OVERRIDE_ALLOW);
}

const struct conf_override *overrides_find(const struct overrides *o, const struct conf *conf,
					   const struct policy_asker *asker,
					   const struct dname *qname)
{
	const struct conf_override *best = NULL;

	for (size_t i = 0; o && i < o->count; i++) {
		const struct bound *b = &o->items[i];
		bool is_pause = b->said.action == OVERRIDE_PAUSE;

		if (!is_pause && (!qname || !dname_is_under(qname, &b->said.name) ||
				  !is_nearer(&b->said, best)))
			continue;
		if (!is_for(b, conf, asker))
			continue;
		best = &b->said;
		if (is_pause)
			break;
	}
	return best;
}

const struct conf_override *overrides_at(const struct overrides *o, size_t i)
{
	return o && i < o->count ? &o->items[i].said : NULL;
}

bool overrides_is_bound(const struct overrides *o, size_t i)
{
	const struct bound *b = &o->items[i];

	return b->said.scope == OVERRIDE_ALL || b->index != POLICY_NONE || b->addr.family;
}
