/*
 * Addresses that a public name must not lead to: a page from the Internet could reach what is
 * at home by them (DNS rebinding). Pure; what is at home is lib/home.h's.
 */
#ifndef RESOLVER_REBIND_H
#define RESOLVER_REBIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct conf;
struct dname;
struct home;
struct note;
struct wire_rr;

/** Whether the name may lead home: protection is off, the name is allowed, or it has an
 *  upstream of its own. */
bool rebind_is_exempt(const struct conf *conf, const struct dname *name);

enum rebind_verdict {
	REBIND_FINE,
	REBIND_SOME, /* some records must be left out */
	REBIND_ALL,  /* no address would be left */
};

/** What of an answer leads home.
 *  @param out  for SOME and ALL: one such address; family 0: not known which */
enum rebind_verdict rebind_judge(const struct home *h, const struct note *note,
				 struct addr *out);

/** For wire_leave_out, with a struct home: addresses of home, and services with a hint that
 *  is one. */
bool rebind_leaves_out(const void *home, const uint8_t *reply, const struct wire_rr *rr);

#endif
