/* What netlink.c and netlink_watch.c share. Not for others. */
#ifndef NFTSYNC_NETLINK_SOCKET_H
#define NFTSYNC_NETLINK_SOCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct netlink;

/** A bound netfilter socket, non-blocking. @return descriptor, or negative errno */
int netlink_socket(int receive_bytes, uint32_t *portid);

/** One datagram from the kernel; others' are dropped. @return bytes, or negative errno */
ssize_t netlink_receive(int fd, void *buf, size_t size);

/** The port by which the kernel names this socket in notifications. */
uint32_t netlink_portid(const struct netlink *nl);

#endif
