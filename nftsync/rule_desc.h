/*
 * The description of our table that ruleset.c builds and rule_text.c and rule_expr.c render.
 * Not for others.
 */
#ifndef NFTSYNC_RULE_DESC_H
#define NFTSYNC_RULE_DESC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

struct nl_buf;

/** What a lookup takes from the packet. */
enum rule_field {
	FIELD_IP_DADDR,
	FIELD_IP6_DADDR,
	FIELD_TCP_DPORT,
	FIELD_UDP_DPORT,
	FIELD_ETHER_IP,	 /* ether saddr . ip daddr */
	FIELD_ETHER_IP6, /* ether saddr . ip6 daddr */
	FIELD_IP_IP,	 /* ip saddr . ip daddr */
	FIELD_IP6_IP6,	 /* ip6 saddr . ip6 daddr */
	FIELD_COUNT,
};

enum rule_op {
	OP_NONE, /* ends a rule's steps */
	OP_ESTABLISHED, /* ct state established,related */
	OP_LOOKUP,	/* field @name */
	OP_ZONE_MAP,	/* iifname vmap @name */
	OP_COUNTER,	/* counter name "name" */
	OP_LIMIT,	/* limit rate `a`/second burst `b` packets */
	OP_LOG,		/* log prefix "name" group a snaplen b queue-threshold c */
	OP_IS_TCP,	/* meta l4proto tcp */
	OP_RESET,	/* reject with tcp reset */
	OP_PROHIBITED,	/* reject with icmpx admin-prohibited */
	OP_ACCEPT,
	OP_JUMP, /* name */
	OP_GOTO, /* name */
	OP_COUNT,
};

struct rule_step {
	enum rule_op op;
	enum rule_field field;
	const char *name; /* borrowed: constant */
	uint32_t a, b, c;
};

#define RULE_STEPS 3

struct rule {
	const char *chain; /* borrowed: constant */
	struct rule_step steps[RULE_STEPS];
};

enum rule_set_kind { KIND_IP4, KIND_IP6, KIND_SERVICE, KIND_COUNT };

/** first and last in network order, both included. */
struct rule_range {
	uint8_t first[16], last[16];
};

/** An interval set. Ranges are sorted and neither overlap nor touch. */
struct rule_set {
	const char *name; /* borrowed: constant */
	enum rule_set_kind kind;
	struct rule_range *ranges; /* owned */
	size_t count;
};

enum { RULE_LOCAL4, RULE_LOCAL6, RULE_ALLOW4, RULE_ALLOW6, RULE_TCP, RULE_UDP, RULE_SETS };

struct rule_zone {
	char interface[16];
	enum conf_gate_mode mode;
};

#define RULES_MAX 32

struct ruleset {
	char *table; /* owned */
	uint32_t set_size;
	bool wanted;
	bool owned; /* the table is to have an owner, and to outlive it */
	struct rule_set sets[RULE_SETS];
	struct rule_zone *zones; /* owned; one an interface */
	size_t zone_count;
	struct rule rules[RULES_MAX]; /* in order; those of a chain stand together */
	size_t rule_count;
};

#define ZONE_MAP "zone_mode"

/** Bytes of one key of that kind: 4, 16, 2. */
size_t rule_kind_bytes(enum rule_set_kind kind);

/** NULL-terminated names of our chains in the order of their making; the last one is the base
 *  chain. */
extern const char *const rule_chains[];

#endif
