/*
 * That the kernel's interfaces, addresses or routes have changed, over rtnetlink; needs no
 * right. Knows nothing of what has changed, nor for whom it matters.
 */
#ifndef LIB_NETWORK_H
#define LIB_NETWORK_H

struct event_base;
struct network;

/** A change, or many at once: called NETWORK_SETTLE_MS after the first of them, and not
 *  again before NETWORK_EVERY_MS are over. */
typedef void network_changed(void *arg);

#define NETWORK_SETTLE_MS 100
#define NETWORK_EVERY_MS  1000

enum network_of {
	NETWORK_ADDRESSES, /* and routes */
	NETWORK_LINKS,
};

/** @retval negative errno */
int network_open(struct event_base *base, enum network_of of, network_changed *on_changed,
		 void *arg, struct network **out);

/** NULL is allowed. Not to be called from its callback. */
void network_close(struct network *n);

#endif
