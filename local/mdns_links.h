/*
 * Addresses of this machine's interfaces, by rtnetlink: one descriptor that tells of changes
 * and is asked for all. Needs no right. Knows nothing of mDNS.
 */
#ifndef LOCAL_MDNS_LINKS_H
#define LOCAL_MDNS_LINKS_H

#include <stdint.h>

struct addr;

/** A descriptor, the caller's; non-blocking. @retval negative errno */
int mdns_links_open(void);

/** Ask for all addresses; serial tells the answer from those of earlier questions, and is
 *  not 0. @retval negative errno */
int mdns_links_ask(int fd, uint32_t serial);

/** One address of an interface, with its network's prefix. */
typedef void mdns_links_take(void *arg, uint32_t ifindex, const struct addr *a,
			     uint8_t prefix);

enum mdns_links_said {
	LINKS_NOTHING = 0,
	LINKS_CHANGED = 1 << 0, /* since some time: ask */
	LINKS_ALL = 1 << 1,	/* the answer is complete */
};

/** Read what is there, a bounded part of it, and hand out the addresses of an answer.
 *  @return bits of enum mdns_links_said */
unsigned mdns_links_read(int fd, uint32_t serial, mdns_links_take *take, void *arg);

#endif
