/*
 * Who asks: address and interface to device, zone and policy, remembered for a moment so
 * that a busy client costs one table look-up a question.
 */
#ifndef RESOLVER_CLIENTS_H
#define RESOLVER_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/msg.h"
#include "resolver/asker.h"
#include "resolver/policy.h"

struct clients;
struct heard;
struct local_image;
struct neighbour;
struct setup;

/** A plain value. */
struct client {
	struct msg_device device; /* as the firewall will see it */
	struct msg_client who;	  /* as policies see it */
	struct mac mac;
	bool has_mac;
	bool is_awaited;	  /* its MAC address may be known in a moment: ask again */
	bool gated;		  /* its zone observes or enforces; or its interface is unknown */
	bool must_lease;	  /* a failed lease fails the answer */
	struct policy_client place;
	/** Its device's name; else what it is called by its lease or by mDNS, which it chose
	 *  itself; or "" */
	char label[CONF_NAME_MAX + 1];
};

/** @param neighbours  borrowed, outlives it; NULL: no MAC addresses */
int clients_new(struct neighbour *neighbours, struct clients **out);
void clients_free(struct clients *c);

/** Names of clients by their leases, from now on; borrowed until another is set. NULL: none. */
void clients_set_local(struct clients *c, const struct local_image *x);

/** What somebody says that an address is called; from now on, where nothing better is known. */
void clients_hear(struct clients *c, const struct msg_heard *m, uint64_t now_ms);

/** What was heard; borrowed. */
struct heard *clients_heard(struct clients *c);

/** The client behind a question. */
void clients_find(struct clients *c, const struct setup *setup, const struct asker *asker,
		  uint64_t now_ms, struct client *out);

/** Its place by what is known now, its name by DHCP included; either may be NULL. */
struct policy_client clients_place(const struct clients *c, const struct conf *conf,
				   const struct addr *addr, const struct mac *mac,
				   const char *interface);

/** What a client is called; mac may be NULL. "" for unknown. Borrowed from conf, or until the
 *  next call of any kind. */
const char *clients_label(const struct clients *c, const struct conf *conf,
			  const struct policy_client *place, const struct addr *addr,
			  const struct mac *mac);

/** The same for an address alone, if it asked lately. For reports.
 *  @return false: not seen; out untouched */
bool clients_recent(const struct clients *c, const struct setup *setup,
		    const struct addr *addr, struct client *out);

/** Who the firewall is opened for: nobody where only sets of the user's own are filled. */
const struct msg_device *client_lease_device(const struct client *c);

/** Forget all: the configuration changed. */
void clients_flush(struct clients *c);

#endif
