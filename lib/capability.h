/*
 * Linux capabilities of the calling process by the raw system calls (capget(2), capset(2),
 * prctl(2)); no library. Knows nothing of accounts or of who needs what.
 */
#ifndef LIB_CAPABILITY_H
#define LIB_CAPABILITY_H

#include <stdint.h>

/** Bit of one capability: CAPABILITY(CAP_NET_ADMIN). */
#define CAPABILITY(cap) (UINT64_C(1) << (cap))

/** Set out to the permitted set. @retval negative errno; out untouched */
int capability_permitted(uint64_t *out);

/** Make permitted and effective exactly `keep`, inheritable and ambient empty.
 *  @retval -EPERM  one of them is not permitted now; nothing was changed */
int capability_set(uint64_t keep);

/** Drop from the bounding set all but `keep`: no exec ever gives them back.
 *  @retval -EPERM  needs CAP_SETPCAP, unless they are gone already */
int capability_bound(uint64_t keep);

#endif
