/*
 * Overrides at the supervisor; see override_file.h. It reads the file, for the resolver reads
 * none, and hands on its text, which is parsed there: what has ended is dropped at its time.
 */
#include "daemon/override_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_override.h"
#include "conf/wish_file.h"
#include "daemon/file_watch.h"
#include "daemon/generation.h"
#include "daemon/outfit.h"
#include "daemon/process.h"
#include "daemon/supervisor.h"
#include "lib/clock.h"
#include "lib/log.h"

/* Lines that are wrong are said here, where somebody reads the log for them. */
static int check(const char *text)
{
	struct conf_overrides *o = malloc(sizeof(*o));
	int rc = o ? conf_overrides_parse(text, clock_wall_us() / 1000000, o) : -ENOMEM;

	free(o);
	return rc;
}

static void say(struct supervisor *s, int rc)
{
	if (rc && rc != s->overrides_rc)
		log_err("%s: %s: what was in force stays", s->now->conf->overrides,
			rc == -EINVAL ? "not lines of overrides" : strerror(-rc));
	s->overrides_rc = rc;
}

static void on_change(void *arg)
{
	struct supervisor *s = arg;
	struct process *resolver = s->processes[ROLE_RESOLVER];
	char *text = malloc(CONF_OVERRIDE_TEXT);
	int rc = text ? wish_file_read(s->now->conf->overrides, text, CONF_OVERRIDE_TEXT) :
			-ENOMEM;

	if (!rc)
		rc = check(text);
	say(s, rc);
	if (rc || !strcmp(text, s->overrides ? s->overrides : "")) {
		free(text);
		return;
	}
	free(s->overrides);
	s->overrides = text;
	if (resolver && process_is_up(resolver))
		outfit_overrides(resolver, s->overrides);
}

void override_file_follow(struct supervisor *s)
{
	const char *path = s->now->conf->overrides;
	int rc = 0;

	if (!s->override_file)
		rc = file_watch_new(s->base, on_change, s, &s->override_file);
	if (!rc)
		rc = file_watch_set(s->override_file, &path, 1);
	if (rc)
		log_err("watching %s: %s: changes go unnoticed until a reload", path, strerror(-rc));
	on_change(s);
}
