/* Local data and special names in reports of the control socket; rows as in report_state.h. */
#ifndef RESOLVER_REPORT_LOCAL_H
#define RESOLVER_REPORT_LOCAL_H

#include <stdbool.h>
#include <stdio.h>

struct dname;
struct resolver;

/** Header "name type data ttl# where" and each record of local data, then each client that has
 *  a name by its lease or by mDNS (type CLIENT).
 *  @param arg  a name: only that; NULL: all */
void report_local_ls(struct resolver *r, FILE *to, const char *arg, const char *unused);

/** Status rows of part mdns, where it is listened to. */
void report_heard(const struct resolver *r, FILE *to);

/** Whether a name is answered here. */
bool report_is_local(const struct resolver *r, const struct dname *name);

/** Steps that say by what. */
void report_why_local(const struct resolver *r, const struct dname *name, FILE *to);

/** A step that says whether the name may lead home. */
void report_why_rebind(const struct resolver *r, const struct dname *name, FILE *to);

#endif
