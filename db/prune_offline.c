/* See prune_offline.h. A daemon that starts meanwhile opens the file anew (store.h, EAGAIN). */
#include "db/prune_offline.h"

#include <errno.h>

#include "conf/conf.h"
#include "db/history.h"
#include "db/store.h"
#include "lib/clock.h"

#define LOCKED_TRIES 50 /* each waits STORE_BUSY_MS */

static int prune_all(struct prune *p, int (*each)(void *arg, const struct prune_progress *p),
		     void *arg)
{
	struct prune_progress progress = { .is_active = true };
	unsigned locked = 0;
	int rc = 0;

	while (!rc && progress.is_active) {
		rc = prune_step(p, clock_wall_us(), clock_mono_us());
		if (rc == -EBUSY && ++locked < LOCKED_TRIES)
			rc = 0;
		if (rc >= 0)
			rc = prune_asked(p, &progress);
		if (!rc && each(arg, &progress))
			rc = -EINTR;
	}
	return rc;
}

int prune_offline(const struct conf_history *conf, const struct prune_request *request,
		  int (*each)(void *arg, const struct prune_progress *p), void *arg)
{
	static const struct history_labels no_labels;
	struct history *history = NULL;
	struct store *store = NULL;
	struct prune *prune = NULL;
	struct prune_limits limits;
	int rc;

	prune_limits_of(conf, &limits);
	rc = store_open(conf->file, &store);
	if (!rc)
		rc = history_open(store, &no_labels, &history);
	if (!rc)
		rc = prune_open(store, history_ids(history), history_fold(history), &limits,
				&prune);
	if (!rc)
		rc = prune_ask(prune, request);
	if (!rc)
		rc = prune_all(prune, each, arg);
	prune_close(prune);
	history_close(history);
	if (store)
		store_shrink(store);
	store_close(store);
	return rc;
}
