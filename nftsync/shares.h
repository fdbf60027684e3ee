/* Which interfaces share their leases, as the zones that say `lease-for zone` have it. Knows
 * nothing of leases. */
#ifndef NFTSYNC_SHARES_H
#define NFTSYNC_SHARES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/msg.h"

struct conf;
struct shares;

/** @retval -ENOMEM */
int shares_new(const struct conf *c, struct shares **out);

/** NULL is allowed. */
void shares_free(struct shares *s);

/** For whom a lease of this device is: each interface of its zone, where they share them, or the
 *  device alone. Borrowed, from s or from device. @param s  NULL: nobody shares any
 *  @return at least 1 */
size_t shares_of(const struct shares *s, const struct msg_device *device,
		 const struct msg_device **out);

/** Ask the kernel for the numbers of the interfaces, for shares_by_index(). */
void shares_look(struct shares *s);

/** The interface of this number. @retval NULL  it shares nothing, or was not there */
const struct msg_device *shares_by_index(const struct shares *s, uint32_t ifindex);

#endif
