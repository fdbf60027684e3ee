/* What the resolver says of overrides (override.h), to whoever asks. */
#ifndef RESOLVER_REPORT_OVERRIDE_H
#define RESOLVER_REPORT_OVERRIDE_H

#include <stdio.h>

struct policy_asker;
struct dname;
struct resolver;
struct setup;

/** A row each: action, name, for, until (RFC 3339), left_s. The arguments are not used. */
void report_override_ls(struct resolver *r, FILE *to, const char *unused1, const char *unused2);

/** A row each of `status`: "override", its number, what it says. */
void report_override_status(const struct setup *s, FILE *to);

/** A step of `why` for the one that decides, if any does. */
void report_why_override(const struct setup *s, const struct policy_asker *asker,
			 const struct dname *qname, FILE *to);

#endif
