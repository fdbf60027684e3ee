/* Lists and names of Pi-hole as lists of ours; see import_pihole.h. */
#include "cli/import_pihole.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/import_plan.h"
#include "db/pihole.h"

#define ROW_TEXT_MAX  1200

static const char odd_text[] = "of unusual characters";

static const char *take_list(struct import_plan *p, const struct pihole_row *row)
{
	char name[32];

	if (row->type != 0 && row->type != 1)
		return "a list of unknown type";
	snprintf(name, sizeof(name), "pihole-%" PRId64, row->id);
	return import_list(p, name, row->text, row->type == 1);
}

/* The expression that Pi-hole writes for "with all below", (\.|^)x\.example$, as a name. */
static const char *wildcard_name(const char *regex, char buf[256])
{
	static const char head[] = "(\\.|^)";
	char name[256] = "";
	size_t len = 0;

	if (strncmp(regex, head, strlen(head)) != 0)
		return NULL;
	for (regex += strlen(head); *regex && strcmp(regex, "$") != 0; regex++) {
		if (*regex == '\\' && regex[1] == '.')
			regex++;
		else if (*regex == '.')
			return NULL; /* any character */
		if (len == sizeof(name) - 1)
			return NULL;
		name[len++] = *regex;
	}
	return *regex ? import_name(name, len, buf) : NULL;
}

static const char *take_domain(struct import_plan *p, const struct pihole_row *row)
{
	bool allows = row->type == PIHOLE_ALLOW || row->type == PIHOLE_ALLOW_REGEX;
	enum import_part part = allows ? IMPORT_ALLOWED : IMPORT_BLOCKED;
	char name[256];

	switch (row->type) {
	case PIHOLE_ALLOW:
	case PIHOLE_DENY:
		if (!import_name(row->text, strlen(row->text), name))
			return odd_text;
		import_add(p, part, "name", name);
		return NULL;
	case PIHOLE_ALLOW_REGEX:
	case PIHOLE_DENY_REGEX:
		if (!wildcard_name(row->text, name))
			return "a regular expression: nameward has names, with all below or not";
		import_subtree(p, part, name);
		return NULL;
	default:
		return "of unknown type";
	}
}

static const char *take(struct import_plan *p, const struct pihole_row *row)
{
	if (row->kind == PIHOLE_CLIENT)
		return "decide it yourself: device, group { member } and policy { for }";
	if (row->kind == PIHOLE_GROUP)
		return "decide it yourself: group and policy";
	if (!row->is_for_all)
		return "for some groups only: decide it yourself in their policy";
	return row->kind == PIHOLE_LIST ? take_list(p, row) : take_domain(p, row);
}

void import_pihole_row(struct import_plan *p, const char *from, const struct pihole_row *row)
{
	static const char *const kinds[] = { "adlist", "domain", "client", "group" };
	char text[ROW_TEXT_MAX];
	const char *note;

	snprintf(text, sizeof(text), "%s %" PRId64 ": %s", kinds[row->kind], row->id, row->text);
	if (!row->is_enabled) {
		import_note(p, from, 0, text, IMPORT_NEEDLESS, "was off");
		return;
	}
	note = take(p, row);
	import_note(p, from, 0, text, note ? IMPORT_UNMAPPED : IMPORT_TAKEN, note);
}
