/* See conf_bypass.h. */
#include "conf/conf_bypass.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/wish_file.h"
#include "lib/util.h"

#define NAME_CHARS                                                                          \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*"

int conf_bypass_path(const char *control, char *buf)
{
	return snprintf(buf, PATH_MAX, "%s.bypass", control) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* --- text --------------------------------------------------------------------------- */

/* "ZONE SECONDS", len bytes. */
static int parse_line(const char *line, size_t len, struct conf_bypass_zone *out)
{
	size_t mark = line[0] == CONF_QUARANTINE_MARK;
	size_t name = mark + strspn(line + mark, NAME_CHARS);
	char *end;

	if (name == mark || name - mark > CONF_NAME_MAX || line[name] != ' ' ||
	    line[name + 1] < '0' || line[name + 1] > '9')
		return -EINVAL;
	memcpy(out->zone, line, name);
	out->zone[name] = '\0';
	errno = 0;
	out->until_s = strtoll(line + name + 1, &end, 10);
	return !errno && end == line + len ? 0 : -EINVAL;
}

int conf_bypass_parse(const char *text, int64_t now_s, struct conf_bypass *out)
{
	struct conf_bypass b = { 0 };

	out->count = 0;
	for (const char *line = text, *end; *line; line = end + 1) {
		struct conf_bypass_zone z = { 0 };

		end = strchr(line, '\n');
		if (!end || b.count == CONF_BYPASS_MAX ||
		    parse_line(line, (size_t)(end - line), &z) ||
		    z.until_s > now_s + CONF_BYPASS_S_MAX)
			return -EINVAL;
		if (z.until_s > now_s)
			b.zones[b.count++] = z;
	}
	*out = b;
	return 0;
}

const char *conf_bypass_text(const struct conf_bypass *b, char *buf)
{
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < b->count; i++)
		len += (size_t)snprintf(buf + len, CONF_BYPASS_TEXT - len, "%s %" PRId64 "\n",
					b->zones[i].zone, b->zones[i].until_s);
	return buf;
}

/* --- the file ------------------------------------------------------------------------- */

int conf_bypass_read(const char *control, int64_t now_s, struct conf_bypass *out)
{
	char path[PATH_MAX], text[CONF_BYPASS_TEXT];
	int rc = conf_bypass_path(control, path);

	out->count = 0;
	if (!rc)
		rc = wish_file_read(path, text, sizeof(text));
	return rc ? rc : conf_bypass_parse(text, now_s, out);
}

int conf_bypass_write(const char *control, const struct conf_bypass *b)
{
	char path[PATH_MAX], text[CONF_BYPASS_TEXT];
	int rc = conf_bypass_path(control, path);

	return rc ? rc : wish_file_write(path, conf_bypass_text(b, text));
}

/* --- what it says --------------------------------------------------------------------- */

static bool is_quarantine(const struct conf_bypass_zone *z)
{
	return z->zone[0] == CONF_QUARANTINE_MARK;
}

int conf_bypass_set(struct conf_bypass *b, const char *zone, int64_t until_s)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->zones[i].zone, zone) != 0 &&
		    (until_s || strcmp(zone, "*") != 0 || is_quarantine(&b->zones[i])))
			b->zones[kept++] = b->zones[i];
	b->count = kept;
	if (!until_s)
		return 0;
	if (b->count == CONF_BYPASS_MAX || strlen(zone) >= sizeof(b->zones[0].zone))
		return -ENOSPC;
	b->zones[b->count] = (struct conf_bypass_zone){ .until_s = until_s };
	strcpy(b->zones[b->count++].zone, zone);
	return 0;
}

static int64_t until_of(const struct conf_bypass *b, const char *zone)
{
	int64_t until = 0;

	for (size_t i = 0; i < b->count; i++)
		if (!strcmp(b->zones[i].zone, "*") || !strcmp(b->zones[i].zone, zone))
			until = MAX(until, b->zones[i].until_s);
	return until;
}

/* Which zone a device is in is known only when it asks: one zone's bypass leaves it alone. */
static void apply_to_devices(struct conf *c, const struct conf_bypass *b)
{
	if (!until_of(b, "*"))
		return;
	for (size_t i = 0; i < c->device_count; i++)
		if (c->devices[i].gate == DEVICE_ENFORCE)
			c->devices[i].gate = DEVICE_OBSERVE;
}

/* Also while all is bypassed: who put it there meant it. */
static void apply_quarantines(struct conf *c, const struct conf_bypass *b)
{
	for (size_t i = 0; i < b->count; i++)
		for (size_t k = 0; is_quarantine(&b->zones[i]) && k < c->device_count; k++)
			if (!strcmp(c->devices[k].name, b->zones[i].zone + 1)) {
				c->devices[k].gate = DEVICE_QUARANTINE;
				c->devices[k].quarantine_until_s = b->zones[i].until_s;
			}
}

void conf_bypass_apply(struct conf *c, const struct conf_bypass *b)
{
	apply_to_devices(c, b);
	apply_quarantines(c, b);
	c->gate.router_bypass_until_s = until_of(b, "*");
	if (c->gate.router_bypass_until_s && c->gate.router == GATE_ENFORCE)
		c->gate.router = GATE_OBSERVE;
	for (size_t i = 0; i < c->zone_count; i++) {
		struct conf_zone *z = &c->zones[i];

		z->bypass_until_s = until_of(b, z->name);
		if (!z->bypass_until_s)
			continue;
		if (z->gate == GATE_ENFORCE)
			z->gate = GATE_OBSERVE;
		z->on_failure = FAILURE_ANSWER;
		z->has_reach = false;
		z->refuse_dot = SWITCH_OFF;
		z->refuse_lists = 0;
	}
}
