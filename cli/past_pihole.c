/* Pi-hole's queries; see past_pihole.h. */
#include "cli/past_pihole.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "db/past.h"
#include "db/pihole_queries.h"
#include "lib/msg.h"
#include "lib/util.h"

#define TYPE_OFFSET 100 /* of types that it has no number for */
#define SECOND_US   1000000.0
#define TIME_MAX_S  253402300800.0 /* the year 10000 */

/* Its statuses: what became of the query, and by what. NULL: the row is not taken. */
static const struct {
	uint8_t verdict;
	const char *list;
} statuses[] = {
	[0] = { 0, NULL },
	[1] = { VERDICT_BLOCKED, "gravity" },
	[2] = { VERDICT_FORWARDED, "" },
	[3] = { VERDICT_CACHED, "" },
	[4] = { VERDICT_BLOCKED, "regex" },
	[5] = { VERDICT_BLOCKED, "denied" },
	[6] = { VERDICT_BLOCKED, "upstream" },
	[7] = { VERDICT_BLOCKED, "upstream" },
	[8] = { VERDICT_BLOCKED, "upstream" },
	[9] = { VERDICT_BLOCKED_CNAME, "gravity" },
	[10] = { VERDICT_BLOCKED_CNAME, "regex" },
	[11] = { VERDICT_BLOCKED_CNAME, "denied" },
	[12] = { VERDICT_FORWARDED, "" },
	[13] = { VERDICT_FORWARDED, "" },
	[14] = { VERDICT_FORWARDED, "" },
	[15] = { VERDICT_REFUSED, "" }, /* its database was busy */
	[16] = { VERDICT_LOCAL, "" },	/* special names */
	[17] = { VERDICT_STALE, "" },
	[18] = { VERDICT_BLOCKED, "upstream" },
};

/* Its types; 14 stands for any other. */
static const uint16_t types[] = {
	[1] = 1, [2] = 28, [3] = 255, [4] = 33, [5] = 6, [6] = 12, [7] = 16, [8] = 35,
	[9] = 15, [10] = 43, [11] = 46, [12] = 48, [13] = 2, [15] = 64, [16] = 65,
};

/* Its kinds of reply that say a response code; the others are NOERROR. */
static const uint8_t rcodes[] = { [2] = 3, [7] = 2, [8] = 5, [9] = 4 };

static const char *type_of(int64_t type, struct past_lookup *to)
{
	if (type > TYPE_OFFSET && type <= TYPE_OFFSET + UINT16_MAX)
		to->qtype = (uint16_t)(type - TYPE_OFFSET);
	else if (type > 0 && type < (int64_t)ARRAY_SIZE(types))
		to->qtype = types[type];
	return to->qtype ? NULL : "its type was not recorded by number";
}

static const char *client_of(const struct pihole_query *q, struct past_lookup *to)
{
	if (!q->client || addr_from_text(q->client, &to->client))
		return "its client is not an address";
	if (q->client_name)
		snprintf(to->device, sizeof(to->device), "%s", q->client_name);
	return NULL;
}

static const char *name_of(const struct pihole_query *q, struct past_lookup *to)
{
	if (!q->domain)
		return "its name is gone";
	if (strcmp(q->domain, "hidden") == 0)
		return "Pi-hole hid its name";
	return dname_from_text(q->domain, &to->name) ? "its name is not a domain name" : NULL;
}

/* "9.9.9.9#53" */
static void set_upstream(const struct pihole_query *q, struct past_lookup *to)
{
	char text[ADDR_TEXT_MAX];
	size_t len = q->forward ? strcspn(q->forward, "#") : 0;

	if (!len || len >= sizeof(text))
		return;
	memcpy(text, q->forward, len);
	text[len] = '\0';
	if (addr_from_text(text, &to->upstream))
		to->upstream = (struct addr){ 0 };
}

static const char *outcome_of(const struct pihole_query *q, struct past_lookup *to)
{
	if (q->status < 0 || q->status >= (int64_t)ARRAY_SIZE(statuses))
		return "its status is not known";
	if (!statuses[q->status].list)
		return "Pi-hole did not know what became of it";
	to->verdict = statuses[q->status].verdict;
	snprintf(to->list, sizeof(to->list), "%s", statuses[q->status].list);
	if (to->verdict == VERDICT_BLOCKED_CNAME && q->info)
		snprintf(to->pattern, sizeof(to->pattern), "%s", q->info);
	if (q->reply > 0 && q->reply < (int64_t)ARRAY_SIZE(rcodes))
		to->rcode = rcodes[q->reply];
	if (to->verdict == VERDICT_FORWARDED) {
		set_upstream(q, to);
		if (q->reply_s > 0 && q->reply_s < UINT32_MAX / SECOND_US)
			to->rtt_us = (uint32_t)(q->reply_s * SECOND_US);
	}
	return NULL;
}

int past_pihole_query(const struct pihole_query *q, struct past_lookup *to,
		      const char **why)
{
	past_reset(to);
	*why = NULL;
	if (!(q->time_s > 0 && q->time_s < TIME_MAX_S))
		*why = "it has no time";
	else
		to->ts_us = (int64_t)(q->time_s * SECOND_US);
	if (!*why)
		*why = name_of(q, to);
	if (!*why)
		*why = type_of(q->type, to);
	if (!*why)
		*why = client_of(q, to);
	if (!*why)
		*why = outcome_of(q, to);
	return *why ? -EINVAL : 0;
}
