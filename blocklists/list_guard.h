/*
 * What a list of strangers may not block: all of a public suffix ("com", "co.uk") and names that
 * are needed. Knows nothing of where those come from.
 */
#ifndef BLOCKLISTS_LIST_GUARD_H
#define BLOCKLISTS_LIST_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "blocklists/list_rule.h"
#include "blocklists/list_side.h"

#define LIST_GUARD_NAMES 1024 /* further ones are not protected */

struct conf;
struct list_guard;

/** @retval -ENOMEM */
int list_guard_new(struct list_guard **out);

/** The same, with the names that a configuration needs: where lists come from, upstreams over
 *  TLS, names at home and suffixes with an upstream of their own; and where Debian's updates and
 *  the time come from. @retval -ENOMEM */
int list_guard_of_conf(const struct conf *conf, struct list_guard **out);

void list_guard_free(struct list_guard *g);

/** Protect a name. What is over LIST_GUARD_NAMES is left out. */
void list_guard_add(struct list_guard *g, const struct dname *name);

/** The same number for the same names and suffixes. */
uint64_t list_guard_hash(const struct list_guard *g);

/** Whether an entry blocks what is protected. Of suffixes only those that registries run count,
 *  by the Public Suffix List's ICANN section: a host's customers may be blocked together. */
bool list_guard_covers(const struct list_guard *g, const struct list_entry *e);

/** The same of a rule that is more than a name, whatever its conditions. */
bool list_guard_covers_side(const struct list_guard *g, const struct list_side *s);

#endif
