/*
 * Sets of lists' addresses in the description of our table: what is known of each, which of
 * them the rules look into, and their elements as messages; see ruleset.h and rule_build.h.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/util.h"
#include "nftsync/rule_build.h"
#include "nftsync/ruleset.h"

bool rule_is_idle(const struct rule *r)
{
	return r->steps[0].op == OP_LOOKUP && !*r->steps[0].name;
}

const char *rule_add_range_set(struct ruleset *rs, const char *list, uint8_t family)
{
	struct rule_range *r;

	for (size_t i = 0; i < rs->range_count; i++)
		if (rs->ranges[i].family == family && !strcmp(rs->ranges[i].list, list))
			return rs->ranges[i].name;
	r = rule_add_range_row(rs);
	if (!r)
		return "";
	r->family = family;
	r->list = rule_name(rs, list, "");
	r->name = rule_room(rs, RULESET_RANGE_NAME);
	return r->name ? r->name : "";
}

size_t ruleset_range_count(const struct ruleset *rs)
{
	return rs->range_count;
}

void ruleset_range_at(const struct ruleset *rs, size_t i, struct ruleset_range *out)
{
	const struct rule_range *r = &rs->ranges[i];

	*out = (struct ruleset_range){ .list = r->list, .family = r->family,
				       .count = r->count, .content = r->content };
}

const char *ruleset_range_name(const struct ruleset_range *r, uint32_t serial, char *buf)
{
	snprintf(buf, RULESET_RANGE_NAME, "list%d_%x_%s", r->family == AF_INET ? 4 : 6, serial,
		 r->list);
	return buf;
}

void ruleset_set_range(struct ruleset *rs, size_t i, const char *name, size_t count,
		       uint64_t content)
{
	struct rule_range *r = &rs->ranges[i];

	snprintf(r->name, RULESET_RANGE_NAME, "%s", name);
	r->count = count;
	r->content = content;
}

void ruleset_take_ranges(struct ruleset *rs, const struct ruleset *from)
{
	for (size_t i = 0; i < rs->range_count; i++)
		for (size_t k = 0; from && k < from->range_count; k++)
			if (rs->ranges[i].family == from->ranges[k].family &&
			    !strcmp(rs->ranges[i].list, from->ranges[k].list))
				ruleset_set_range(rs, i, from->ranges[k].name,
						  from->ranges[k].count,
						  from->ranges[k].content);
}

/** The number in the name, if it is one of this list's; else 0. */
static uint32_t serial_of(const struct rule_range *r, const char *name)
{
	const struct ruleset_range range = { .list = r->list, .family = r->family };
	char again[RULESET_RANGE_NAME];
	uint32_t serial;

	if (strncmp(name, "list", 4) != 0 || sscanf(name + 4, "%*1[46]_%8x_", &serial) != 1)
		return 0;
	return strcmp(ruleset_range_name(&range, serial, again), name) ? 0 : serial;
}

uint32_t ruleset_adopt_range(struct ruleset *rs, const char *name)
{
	for (size_t i = 0; i < rs->range_count; i++) {
		uint32_t serial = serial_of(&rs->ranges[i], name);

		if (!serial)
			continue;
		if (!*rs->ranges[i].name || serial < serial_of(&rs->ranges[i], rs->ranges[i].name))
			ruleset_set_range(rs, i, name, 0, RULESET_RANGE_DOUBTED);
		return serial;
	}
	return 0;
}

void ruleset_forget_ranges(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->range_count; i++)
		ruleset_set_range(rs, i, "", 0, 0);
}

void ruleset_distrust_ranges(struct ruleset *rs)
{
	for (size_t i = 0; i < rs->range_count; i++)
		if (*rs->ranges[i].name)
			rs->ranges[i].content = RULESET_RANGE_DOUBTED;
}

bool ruleset_has_range_set(const struct ruleset *rs, const char *name)
{
	for (size_t i = 0; i < rs->range_count; i++)
		if (!strcmp(rs->ranges[i].name, name))
			return true;
	return false;
}

size_t ruleset_ranges_in_force(const struct ruleset *rs)
{
	size_t n = 0;

	for (size_t i = 0; i < rs->range_count; i++)
		n += rs->ranges[i].count;
	return n;
}
