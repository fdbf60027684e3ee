/*
 * Two hosts on one cable: the test's process in a network namespace of its own, and a peer in
 * another. Real ARP, ND and routes.
 */
#ifndef TESTS_SUPPORT_PEER_NS_H
#define TESTS_SUPPORT_PEER_NS_H

#include "lib/util.h"

#define PEER_OURS4   "192.0.2.1" /* /24 on lan0 */
#define PEER_ITS4    "192.0.2.2" /* on eth0 */
#define PEER_OURS6   "fd00::1"	 /* /64, likewise */
#define PEER_ITS6    "fd00::2"
#define PEER_ITS_MAC "02:00:00:00:00:02"

struct peer;

/** NULL where the test may not: not root. The namespace stays ours until the process ends. */
struct peer *peer_start(void);

/** The cable goes with it. NULL is allowed. */
void peer_end(struct peer *p);

/** A shell command of ours; fails the test if it fails. */
void peer_run(const char *format, ...) PRINTF_LIKE(1, 2);

/** The same at the peer. */
void peer_run_there(const struct peer *p, const char *format, ...) PRINTF_LIKE(2, 3);

/** A socket of the peer's. */
int peer_socket(const struct peer *p, int family, int type);

#endif
