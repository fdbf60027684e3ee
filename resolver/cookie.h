/*
 * DNS cookies towards clients (RFC 7873), in the form that all servers share (RFC 9018): who
 * sends ours back has got an answer from us, so its address is its own. Pure; the time is a
 * parameter. Knows nothing of packets.
 */
#ifndef RESOLVER_COOKIE_H
#define RESOLVER_COOKIE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/hash.h"

#define COOKIE_CLIENT	8
#define COOKIE_SERVER	16
#define COOKIE_BYTES	(COOKIE_CLIENT + COOKIE_SERVER)
#define COOKIE_VALID_S	3600  /* RFC 9018 §4.3 */
#define COOKIE_AHEAD_S	300   /* of another server's clock */
#define COOKIE_RENEW_S	1800  /* then the client gets a new one */
#define COOKIE_SECRET_S 86400 /* then another secret is used, derived from the root */

enum cookie_state {
	COOKIE_NEW,  /* a client's alone, or one that is not ours or too old */
	COOKIE_GOOD, /* the address is proven */
};

/** The server cookie for this client cookie, address and second: RFC 9018 §4. */
void cookie_write(const struct hash_key *secret, const uint8_t client[COOKIE_CLIENT],
		  const struct addr *from, uint32_t now_s, uint8_t out[COOKIE_SERVER]);

/** The secret of a day, the same in every process that has the root. A cookie is judged by the
 *  secret of its own time, so a change of secrets invalidates none. */
struct hash_key cookie_secret(const struct hash_key *root, uint32_t at_s);

/**
 * Judge a client's cookie option and write what the answer carries.
 *
 * @param root    never leaves the machine
 * @param cookie  len octets, COOKIE_CLIENT at least: the client's, then ours or none
 * @param out     elsewhere; the client's again, and ours: the same while it is young
 */
enum cookie_state cookie_answer(const struct hash_key *root, const uint8_t *cookie, size_t len,
				const struct addr *from, uint32_t now_s,
				uint8_t out[COOKIE_BYTES]);

#endif
