/*
 * A DNS server that behaves as told, by UDP and TCP on one port, inside an event loop:
 * for tests of what upstream servers do to us. Knows nothing of the code under test.
 */
#ifndef SUPPORT_SCRIPTED_UPSTREAM_H
#define SUPPORT_SCRIPTED_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"

struct event_base;
struct scripted_upstream;

/** What it has seen so far. */
struct scripted_counts {
	unsigned udp_queries;
	unsigned plain_queries; /* of them: without OPT */
	unsigned tcp_connections;
	unsigned tcp_queries;
	unsigned upper_letters, letters; /* in the names asked by UDP */
	unsigned ports;			 /* different ports that asked */
};

/** Begin to serve. The address of A is derived from the name asked, see below.
 *
 * @param address    to listen on, "127.0.0.1"
 * @param port       0: any
 * @param behaviour  one of those that scripted_list_behaviours prints
 * @retval -EINVAL   no such behaviour; negative errno */
int scripted_open(struct event_base *base, const char *address, uint16_t port,
		  const char *behaviour, struct scripted_upstream **out);
void scripted_close(struct scripted_upstream *su);

struct addr_port scripted_addr(const struct scripted_upstream *su);

const struct scripted_counts *scripted_counts(const struct scripted_upstream *su);

/** The four bytes of 198.18.0.0/15 that stand for a name (wire form, any case). */
void scripted_address(const uint8_t *name, size_t len, uint8_t out[4]);

void scripted_list_behaviours(FILE *to);

#endif
