/* What lists, hours and overrides say now of a lease that was given earlier. */
#ifndef RESOLVER_HELD_H
#define RESOLVER_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dname;
struct msg_client;

/** hold_ops.is_blocked; arg is the resolver, which has a generation. */
bool held_is_blocked(void *arg, const struct msg_client *client, const struct dname *name,
		     const uint8_t *chain, size_t chain_len);

/** hold_ops.is_quarantined; likewise. */
bool held_is_quarantined(void *arg, const struct msg_client *client);

#endif
