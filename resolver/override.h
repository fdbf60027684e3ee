/*
 * Overrides in force (conf_override.h), bound to a configuration: which one decides for a
 * client and a name. Pure; the time is a parameter.
 */
#ifndef RESOLVER_OVERRIDE_H
#define RESOLVER_OVERRIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf_override.h"

struct overrides;
struct policy_asker;

/** @param wanted  copied; one for what conf does not have is for nobody
 *  @retval NULL  there are none, or no memory for them */
struct overrides *overrides_new(const struct conf *conf, const struct conf_overrides *wanted);

/** NULL is allowed, here and below: there are none. */
void overrides_free(struct overrides *o);

/** Drop what has ended by now_s.
 *  @param changed  set if there was anything; else untouched
 *  @return when the next one ends; INT64_MAX: never */
int64_t overrides_apply(struct overrides *o, int64_t now_s, bool *changed);

/** What decides for a client: a pause, whatever the name; else the longest name that qname is
 *  or is under, of those for the client, its groups, its policy and all; of two the one that
 *  allows.
 *  @param qname  NULL: a pause only
 *  @retval NULL  nothing. Else borrowed until the next overrides_apply() */
const struct conf_override *overrides_find(const struct overrides *o, const struct conf *conf,
					   const struct policy_asker *asker,
					   const struct dname *qname);

/** All of them, for reports. @retval NULL  behind the last one */
const struct conf_override *overrides_at(const struct overrides *o, size_t i);

/** Whether the configuration has what it is for. */
bool overrides_is_bound(const struct overrides *o, size_t i);

#endif
