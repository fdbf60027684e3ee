/* What the history says of an address; see gate_telling.h. */
#include <errno.h>
#include <inttypes.h>

#include "cli/gate_conf.h"
#include "cli/gate_telling.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "db/report_gate.h"
#include "lib/clock.h"

#define DAYS	  30
#define DAY_US	  INT64_C(86400000000)
#define SHOWN_MAX 5 /* rows of one kind */

const char *gate_telling_who(const struct telling *t, const char *device, const char *then)
{
	size_t i = gate_conf_device(t->conf, device);

	if (i != GATE_CONF_NONE)
		return t->conf->devices[i].name;
	return then && *then ? then : device;
}

static int any_columns(void *arg, const char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	(void)count;
	return 0;
}

static const char *text_of(const struct report_value *v)
{
	return v->type == REPORT_TEXT ? v->text : "";
}

/* device, who, name, type, n, last, ttl */
static int on_told(void *arg, const struct report_value *v, size_t count)
{
	struct telling *t = arg;
	bool own = t->client_text && gate_client_is(&t->client, text_of(&v[0]));
	char last[WHEN_TEXT_MAX];

	(void)count;
	*(own ? &t->told_client : &t->told_other) = true;
	if (t->shown++ >= SHOWN_MAX && !own)
		return 0;
	when_text(v[5].integer, last);
	return story_tell(&t->story, own ? "because" : "looked up", "%s%s%s %s, asked %s, TTL %" PRId64
			  ", grace %u", own ? "" : gate_telling_who(t, text_of(&v[0]), text_of(&v[1])),
			  own ? "" : ": ", text_of(&v[2]), text_of(&v[3]), last, v[6].integer,
			  t->conf->gate.grace_s) == -ENOMEM ? -ENOMEM : 0;
}

/* device, who, proto, port, verdict, n, last */
static int on_refused(void *arg, const struct report_value *v, size_t count)
{
	struct telling *t = arg;
	char last[WHEN_TEXT_MAX];

	(void)count;
	if (t->client_text && !gate_client_is(&t->client, text_of(&v[0])))
		return 0;
	if (t->shown++ >= SHOWN_MAX)
		return 0;
	when_text(v[6].integer, last);
	return story_tell(&t->story, text_of(&v[4]), "%s%s%s %" PRId64 ", %" PRId64 " time%s, last %s",
			  t->client_text ? "" : gate_telling_who(t, text_of(&v[0]), text_of(&v[1])),
			  t->client_text ? "" : ": ", text_of(&v[2]), v[3].integer, v[5].integer,
			  v[5].integer == 1 ? "" : "s", last) == -ENOMEM ? -ENOMEM : 0;
}

/* name, last, n, ttl */
static int on_also(void *arg, const struct report_value *v, size_t count)
{
	struct telling *t = arg;
	char last[WHEN_TEXT_MAX];

	(void)count;
	if (t->shown++ >= SHOWN_MAX)
		return 0;
	when_text(v[1].integer, last);
	return story_tell(&t->story, "also seen", "%s (last %s)", text_of(&v[0]), last) == -ENOMEM ?
	       -ENOMEM : 0;
}

int gate_tell_past(struct telling *t)
{
	const int64_t since_us = clock_wall_us() - DAYS * DAY_US;
	struct report_out out = { any_columns, on_told, t };
	int rc = t->report_rc;

	if (!rc)
		rc = report_told(t->report, t->dest_text, since_us, &out);
	if (!rc && t->client_text && !t->told_client)
		story_tell(&t->story, "because", t->told_other ?
			   "it did not look up this address in %d days; others did" :
			   "nobody looked up this address in %d days", DAYS);
	out.row = on_refused;
	t->shown = 0;
	if (!rc)
		rc = report_refused(t->report, t->dest_text, since_us, &out);
	out.row = on_also;
	t->shown = 0;
	if (!rc)
		rc = report_pdns(t->report, t->dest_text, &out);
	return rc;
}
