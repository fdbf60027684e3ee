/* Requests as text, limits as numbers; see prune_request.h. */
#include "db/prune_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "db/prune.h"
#include "lib/util.h"

static const char *const words[PRUNE_KINDS + 1] = {
	[PRUNE_LOOKUPS] = "lookups", [PRUNE_REFUSALS] = "refusals", [PRUNE_EVENTS] = "events",
	[PRUNE_HOURLY] = "hourly",   [PRUNE_DAILY] = "daily",
};

const char *prune_kind_text(enum prune_kind kind)
{
	return words[MIN(kind, PRUNE_KINDS)];
}

int prune_kind_from_text(const char *text, enum prune_kind *out)
{
	for (unsigned i = 0; i < PRUNE_KINDS; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = (enum prune_kind)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int kinds_from_text(const char *text, unsigned *out)
{
	char copy[PRUNE_REQUEST_MAX], *rest = copy, *word;
	enum prune_kind kind;
	unsigned kinds = 0;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -EINVAL;
	while ((word = strsep(&rest, ","))) {
		if (prune_kind_from_text(word, &kind))
			return -EINVAL;
		kinds |= 1u << kind;
	}
	*out = kinds;
	return 0;
}

int prune_request_from_text(const char *text, struct prune_request *out)
{
	struct prune_request r = { 0 };
	char *end;

	if (!*text) {
		*out = r;
		return 0;
	}
	if (strncmp(text, "before ", 7) != 0 || text[7] < '1' || text[7] > '9')
		return -EINVAL;
	errno = 0;
	r.before_us = strtoll(text + 7, &end, 10);
	if (errno || *end != ' ' || kinds_from_text(end + 1, &r.kinds))
		return -EINVAL;
	*out = r;
	return 0;
}

const char *prune_request_text(const struct prune_request *r, char *buf)
{
	size_t len = 0;

	buf[0] = '\0';
	if (!r->before_us || !r->kinds)
		return buf;
	len = (size_t)snprintf(buf, PRUNE_REQUEST_MAX, "before %" PRId64, r->before_us);
	for (unsigned i = 0, n = 0; i < PRUNE_KINDS; i++)
		if (r->kinds & 1u << i)
			len += (size_t)snprintf(buf + len, PRUNE_REQUEST_MAX - len, "%c%s",
						n++ ? ',' : ' ', words[i]);
	return buf;
}

static int64_t us_of(uint64_t seconds)
{
	return (int64_t)MIN(seconds, (uint64_t)INT64_MAX / 2000000) * 1000000;
}

void prune_limits_of(const struct conf_history *conf, struct prune_limits *out)
{
	*out = (struct prune_limits){
		.keep_lookups_us = us_of(conf->keep_lookups_s),
		.keep_refusals_us = us_of(conf->keep_refusals_s),
		.keep_hourly_us = us_of(conf->keep_hourly_s),
		.keep_daily_us = us_of(conf->keep_daily_s),
		.max_bytes = (int64_t)MIN(conf->max_size_bytes, (uint64_t)INT64_MAX),
	};
}
