/*
 * The resolver's real parts in one process, on loopback: a client, an upstream server and an
 * nftsync that do what the test says. Knows nothing of what is tested.
 */
#ifndef TESTS_SUPPORT_QUERY_WORLD_H
#define TESTS_SUPPORT_QUERY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolver/state.h"
#include "resolver/wire.h"
#include "tests/support/dns_message.h"

struct event;

/** Append records to a reply of which head (no counts) and question are written. */
typedef void world_answer(struct dns_message *m);

enum world_gate { WORLD_LEASES, WORLD_REFUSES, WORLD_IS_SILENT };

struct query_world {
	struct event_base *base;
	struct resolver r;
	struct addr_port at; /* where the resolver serves, UDP and TCP */
	int client;	     /* a connected UDP socket; a test may put another there */
	struct event *on_neighbour;
	/* the upstream */
	int upstream;
	uint16_t upstream_port;
	struct event *on_query;
	world_answer *answer; /* NULL: it is dead */
	uint16_t rcode;
	unsigned questions;
	/* nftsync */
	struct chan *nftsync; /* NULL: gone */
	enum world_gate gate;
	unsigned wishes, addrs; /* of all wishes */
	struct msg_device device; /* of the last */
	uint32_t lease_ttl_s;	  /* of its first address */
};

/** With this configuration behind the upstream's; fails the test on anything unexpected. */
struct query_world *world_new(const char *conf);
void world_free(struct query_world *w);

/** Swap to another configuration, as a reload does. */
void world_reload(struct query_world *w, const char *conf);

/** A new nftsync; or none. */
void world_connect_nftsync(struct query_world *w);
void world_end_nftsync(struct query_world *w);

/** One turn of the event loop and what the resolver does at its end. */
void world_turn(struct query_world *w);

/** Turns until fd is readable, at most so long. */
bool world_wait(struct query_world *w, int fd, int ms);

/** Turns until nothing is in flight. */
void world_settle(struct query_world *w);

/** Send a question from the client. */
void world_ask(struct query_world *w, const char *name, unsigned type);

/** The next reply; fails the test if none comes within some seconds. Returns its length. */
size_t world_reply(struct query_world *w, uint8_t *buf, size_t size);

/** Ask, and look at the reply: its rcode, its answers, the first record's TTL. */
struct world_result {
	unsigned rcode, answers, additional;
	uint32_t ttl_s; /* of the first record in any section; 0: none */
	bool authoritative;
	bool is_whole;	/* no record is cut, no byte left over */
};
struct world_result world_lookup(struct query_world *w, const char *name, unsigned type);

/** A TCP connection to the resolver, and a question on it. */
int world_connect(struct query_world *w);
void world_ask_tcp(int fd, const char *name, unsigned type);

/** Set the counts of a reply. */
void world_counts(struct dns_message *m, unsigned an, unsigned ns, unsigned ar);

#endif
