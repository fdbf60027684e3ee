/* Where a question came from, which is where its answer goes. A plain value. */
#ifndef RESOLVER_ASKER_H
#define RESOLVER_ASKER_H

#include <stdint.h>

#include "lib/addr.h"

struct udp_socket;
struct tcp_conn;

/** One of udp and tcp is set; both are borrowed. A tcp connection stays until tcp_reply or
 *  tcp_forget was called for each question it handed out. */
struct asker {
	struct addr_port from;
	struct addr to;	  /* our address that was asked: the answer comes from it */
	uint32_t ifindex; /* interface the packet came in on */
	struct udp_socket *udp;
	struct tcp_conn *tcp;
};

#endif
