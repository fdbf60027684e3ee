/* What the end of the daemon leaves in the kernel; see gate.h and gate_parts.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/log.h"
#include "nftsync/gate_parts.h"
#include "nftsync/netlink.h"
#include "nftsync/ruleset.h"

static void print_zones(FILE *to, const struct conf *c, enum conf_when_down which,
			const char *word)
{
	const char *before = word;

	for (size_t i = 0; i < c->zone_count; i++) {
		if (c->zones[i].when_down != which)
			continue;
		fprintf(to, "%s %s", before, c->zones[i].name);
		before = "";
	}
}

/* "closed: iot guest, open: lan"; NULL: no memory. */
static char *describe(const struct conf *c)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	bool closed = false, open = false;

	if (!to)
		return NULL;
	for (size_t i = 0; i < c->zone_count; i++) {
		closed |= c->zones[i].when_down == DOWN_CLOSED;
		open |= c->zones[i].when_down == DOWN_OPEN;
	}
	print_zones(to, c, DOWN_CLOSED, "closed:");
	if (closed && open)
		fputs(", ", to);
	print_zones(to, c, DOWN_OPEN, "open:");
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}

void gate_plan_leave(struct gate *g, const struct conf *c)
{
	ruleset_free(g->down);
	g->down = NULL;
	free(g->down_text);
	g->down_text = describe(c);
	if (ruleset_new_down(c, &g->down))
		log_err("gate: no memory for the rules of when-down: they end with the daemon");
}

const char *gate_when_down(const struct gate *g)
{
	return g->down_text ? g->down_text : "-";
}

static int leave_closed(struct gate *g)
{
	int rc;

	ruleset_widen_sets(g->down, ruleset_set_size(g->rules));
	ruleset_take_ranges(g->down, g->rules);
	if (!ruleset_table_flags(g->rules))
		ruleset_disown(g->down);
	rc = table_render_clear(g->nl, g->down, &g->buf);
	if (rc)
		return rc;
	ruleset_render_base(g->down, &g->buf);
	ruleset_render_rules(g->down, &g->buf);
	rc = nl_buf_end(&g->buf);
	return rc ? rc : netlink_commit(g->nl, &g->buf);
}

void gate_leave(struct gate *g)
{
	int rc;

	if (g->state != GATE_LOADED || !g->down || !ruleset_is_wanted(g->down)) {
		gate_remove(g);
		return;
	}
	rc = leave_closed(g);
	if (rc)
		log_warning("gate: table inet %s stays whole: it cannot be reduced to what "
			    "when-down says: %s",
			    ruleset_table(g->rules), strerror(-rc));
	else
		log_info("gate: table inet %s stays (%s)", ruleset_table(g->rules),
			 gate_when_down(g));
	g->state = GATE_IDLE;
}
