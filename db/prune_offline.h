/* Pruning while no daemon runs, by the same slices. */
#ifndef DB_PRUNE_OFFLINE_H
#define DB_PRUNE_OFFLINE_H

#include "db/prune.h"

struct conf_history;

/** Do what is due by the configuration and what the request says, to the end.
 *  @param each  called after each slice with how far it is; not 0 ends it, with -EINTR: what
 *               was done so far is good
 *  @return results of store.h */
int prune_offline(const struct conf_history *conf, const struct prune_request *request,
		  int (*each)(void *arg, const struct prune_progress *p), void *arg);

#endif
