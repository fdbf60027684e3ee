/*
 * What questions are answered by from now on: a generation takes the place of the one before,
 * which stays until its last question is answered; overrides are of no generation.
 */
#ifndef RESOLVER_IN_FORCE_H
#define RESOLVER_IN_FORCE_H

#include <stdint.h>

struct resolver;
struct setup;

/** What is known is kept, as far as it fits. @retval -ENOMEM there is no cache at all */
int in_force_size_cache(struct resolver *r, uint64_t bytes);

/** The machine's addresses, or the sockets, have changed: nobody by wire passes for it. */
void in_force_shield(struct resolver *r);

/** New questions go by s (owned). What it does not listen on is closed. */
void in_force_swap(struct resolver *r, struct setup *s);

/** Once a turn: generations that nothing refers to any more end. */
void in_force_free_old(struct resolver *r);

/** The text of overrides, at once; what they close is withdrawn. fd is owned; what it has is
 *  checked, and those before stay if it is bad. */
void in_force_take_overrides(struct resolver *r, int fd);

#endif
