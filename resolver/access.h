/*
 * Who is answered at all: the networks of the configuration, or what is plainly at home. Knows
 * nothing of questions and of how often.
 */
#ifndef RESOLVER_ACCESS_H
#define RESOLVER_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "resolver/asker.h"

struct access;
struct conf_clients;

#define ACCESS_NETS    64   /* of interfaces at home; further ones are not answered */
#define ACCESS_LOOK_MS 5000 /* how often strangers can make us look at the interfaces */

/** @retval -ENOMEM */
int access_new(struct access **out);
void access_free(struct access *a);

/**
 * Loopback always, and what comes from the very address that was asked. Else the configured networks; where there are none: private addresses
 * (RFC 1918, fc00::/7), and link-local ones and the interface's own networks where the interface
 * has a private address too. So a line to the outside is not open by mistake: shared addresses
 * (RFC 6598) and its neighbours there are strangers.
 */
bool access_allows(struct access *a, const struct conf_clients *conf,
		   const struct asker *asker, uint64_t now_ms);

bool access_is_loopback(const struct addr *a);

/** A source that no client has, by UDP: of an address that is no single machine's, or from the
 *  port of a service that answers whatever it gets, a name server among them: our reply would
 *  be the beginning of a loop. */
bool access_is_forged(const struct asker *asker);

#endif
