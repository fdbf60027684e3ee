/*
 * The sockets on which mDNS is heard: bound to the groups' addresses, so that nothing else
 * arrives and a responder on this machine misses nothing, and shut for writing. They are made
 * at once, for there may be no right to make any later; interfaces come and go.
 */
#ifndef LOCAL_MDNS_SOCKETS_H
#define LOCAL_MDNS_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define MDNS_PORT	 5353
#define MDNS_LINKS_MAX	 16 /* interfaces that are listened on */
#define MDNS_SOCKETS_MAX (1 + MDNS_LINKS_MAX)

struct mdns_sockets {
	int fds[MDNS_SOCKETS_MAX]; /* IPv4's, then one for each interface's IPv6; -1: none */
	uint32_t bound[MDNS_SOCKETS_MAX]; /* interface; 0: none yet */
};

/** Without IPv6 there are those of IPv4 alone. @retval -errno  not even those; out has none */
int mdns_sockets_open(struct mdns_sockets *out);
void mdns_sockets_close(struct mdns_sockets *s);

/** Hear this interface from now on. To do so again is no error.
 *  @retval -ENOSPC  IPv6 is not heard there: each socket has had an interface
 *  @retval -errno   neither family is */
int mdns_sockets_join(struct mdns_sockets *s, uint32_t ifindex);

/** And no more. */
void mdns_sockets_leave(struct mdns_sockets *s, uint32_t ifindex);

/** One datagram.
 *  @param ifindex  that it came in by
 *  @return its length
 *  @retval -EAGAIN    there is none
 *  @retval -EBADMSG   one that cannot be used: cut off, no word of the interface
 *  @retval -errno     else */
int mdns_sockets_receive(int fd, uint8_t *buf, size_t room, struct addr_port *from,
			 uint32_t *ifindex);

#endif
