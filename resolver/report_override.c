/* What the resolver says of overrides; see report_override.h. */
#include "resolver/report_override.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "resolver/override.h"
#include "resolver/policy.h"
#include "resolver/report_lists.h"
#include "resolver/state.h"

#define NAME_MAX_TEXT (DNAME_TEXT_MAX + 2)
#define FOR_MAX	      (CONF_NAME_MAX + 16)

static const char *name_text(const struct conf_override *o, char buf[NAME_MAX_TEXT])
{
	if (o->action == OVERRIDE_PAUSE)
		return "*";
	strcpy(buf, "*.");
	dname_to_text(&o->name, buf + 2);
	return buf;
}

static const char *for_text(const struct conf_override *o, char buf[FOR_MAX])
{
	if (o->scope == OVERRIDE_ALL)
		return conf_override_scope(o->scope);
	snprintf(buf, FOR_MAX, "%s %s", conf_override_scope(o->scope), o->who);
	return buf;
}

static int64_t left_s(const struct conf_override *o)
{
	return MAX(o->until_s - clock_wall_us() / 1000000, 0);
}

void report_override_ls(struct resolver *r, FILE *to, const char *unused1, const char *unused2)
{
	const struct overrides *all = r->current ? r->current->overrides : NULL;
	const struct conf_override *o;

	(void)unused1;
	(void)unused2;
	fprintf(to, "action\tname\tfor\tuntil\tleft_s#\tnote\n");
	for (size_t i = 0; (o = overrides_at(all, i)); i++) {
		char name[NAME_MAX_TEXT], who[FOR_MAX], until[32] = "";
		time_t t = (time_t)o->until_s;
		struct tm tm;

		if (gmtime_r(&t, &tm))
			strftime(until, sizeof(until), "%Y-%m-%dT%H:%M:%SZ", &tm);
		fprintf(to, "%s\t%s\t%s\t%s\t%" PRId64 "\t%s\n", conf_override_action(o->action),
			name_text(o, name), for_text(o, who), until, left_s(o),
			overrides_is_bound(all, i) ? "" : "the configuration has no such thing");
	}
}

void report_override_status(const struct setup *s, FILE *to)
{
	const struct conf_override *o;

	for (size_t i = 0; (o = overrides_at(s->overrides, i)); i++) {
		char name[NAME_MAX_TEXT], who[FOR_MAX];

		fprintf(to, "override\t%zu\t%s %s for %s, %" PRId64 " s more\n", i + 1,
			conf_override_action(o->action), name_text(o, name), for_text(o, who),
			left_s(o));
	}
}

void report_why_override(const struct setup *s, const struct policy_asker *asker,
			 const struct dname *qname, FILE *to)
{
	const struct conf_override *o = overrides_find(s->overrides, s->conf, asker, qname);
	char name[NAME_MAX_TEXT], who[FOR_MAX], file[REPORT_PLACE_MAX];

	if (o)
		fprintf(to, "override\t%s %s for %s, %" PRId64 " s more\t%s\n",
			conf_override_action(o->action), name_text(o, name), for_text(o, who),
			left_s(o), log_safe(s->conf->overrides, file, sizeof(file)));
}
