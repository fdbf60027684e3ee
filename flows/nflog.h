/*
 * Packets that the firewall logged to NFLOG groups (nfnetlink_log), by libmnl. Knows nothing
 * of what a group means.
 */
#ifndef FLOWS_NFLOG_H
#define FLOWS_NFLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

struct nflog;

/** One logged packet; bytes are borrowed for the callback and hostile. */
struct nflog_packet {
	uint16_t group;
	uint32_t ifindex; /* it came in by; 0: none */
	bool has_mac;
	struct mac mac;	  /* of the frame's sender */
	const uint8_t *bytes; /* from the network header on; NULL if none */
	size_t len;
};

typedef void nflog_on_packet(void *arg, const struct nflog_packet *packet);

/** Open a socket and bind it to the groups: 128 bytes of each packet, handed over at least
 *  once a second. Needs CAP_NET_ADMIN, for each call as the kernel checks both the opener
 *  and the sender.
 *  @retval -EBUSY  another program has a group; -EPERM; -EOPNOTSUPP no nfnetlink_log here;
 *                  other negative errno; out untouched */
int nflog_open(const uint16_t *groups, size_t count, struct nflog **out);

void nflog_close(struct nflog *n);

/** Descriptor to wait on; the nflog's own. */
int nflog_fd(const struct nflog *n);

/** Read what waits, a bounded number of datagrams, and call back for each packet.
 *  @retval 0         nothing more, or the bound was reached
 *  @retval -ENOBUFS  the kernel had to drop some: go on reading
 *  @retval -EBADMSG  the kernel's message was malformed; other negative errno: reopen */
int nflog_read(struct nflog *n, nflog_on_packet *fn, void *arg);

#endif
