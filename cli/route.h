/* Where this machine would send a packet. Asks the kernel, which answers anybody. */
#ifndef CLI_ROUTE_H
#define CLI_ROUTE_H

#include <net/if.h>

struct addr;

/** Name of the interface that a packet to dest would be forwarded by.
 *  @retval -ENOENT  none: it is an address of this machine, or there is no route
 *  @retval negative errno: not known */
int route_interface(const struct addr *dest, char name[IF_NAMESIZE]);

#endif
