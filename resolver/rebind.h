/*
 * Addresses that a public name must not lead to: a page from the Internet could reach what is
 * at home by them (DNS rebinding). Pure but for rebind_refresh.
 */
#ifndef RESOLVER_REBIND_H
#define RESOLVER_REBIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct conf;
struct dname;
struct note;
struct wire_rr;

#define REBIND_NETS_MAX	  256  /* further ones are not looked for */
#define REBIND_REFRESH_MS 5000 /* the machine's addresses are read anew after this */

/** What is ours besides private addresses: this machine's public addresses, and the networks
 *  of its interfaces to a LAN, which are those that have a private address. Zero it. */
struct rebind {
	struct addr_net nets[REBIND_NETS_MAX];
	size_t count;
	uint64_t read_ms; /* 0: never */
};

/** Read the machine's addresses from the kernel, unless that was done a moment ago. A failure
 *  leaves those known before. */
void rebind_refresh(struct rebind *r, uint64_t now_ms);

/** Add the network of one address of an interface.
 *  @param is_lan  the interface has a private address */
void rebind_add(struct rebind *r, const struct addr *a, unsigned prefix, bool is_lan);

/** Whether an address is at home: not public, an IPv6 form of one that is not (RFC 6052,
 *  3056), or among the nets. */
bool rebind_is_home(const struct rebind *r, const struct addr *a);

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
enum rebind_verdict rebind_judge(const struct rebind *r, const struct note *note,
				 struct addr *out);

/** For wire_leave_out, with a struct rebind: addresses of home, and services with a hint that
 *  is one. */
bool rebind_leaves_out(const void *rebind, const uint8_t *reply, const struct wire_rr *rr);

#endif
