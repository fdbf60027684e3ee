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
#include "nftsync/rule_range.h"

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
	FIELD_IIF_IP,	 /* iifname . ip daddr */
	FIELD_IIF_IP6,	 /* iifname . ip6 daddr */
	FIELD_ETHER,	 /* ether saddr */
	FIELD_IP_SADDR,
	FIELD_IP6_SADDR,
	FIELD_IIFNAME,
	FIELD_OIFNAME,
	FIELD_COUNT,
};

enum rule_op {
	OP_NONE, /* ends a rule's steps */
	OP_ESTABLISHED, /* ct state established,related */
	OP_NOT_NEW,	/* the same, or untracked, as neighbour discovery is */
	OP_LOOKUP,	/* field @name */
	OP_LOOKUP_NOT,	/* field != @name */
	OP_VMAP,	/* field vmap @name */
	OP_IP_VERSION,	/* meta nfproto: of family a */
	OP_DPORT,	/* destination port b of protocol a */
	OP_TO_ROUTER,	/* fib daddr type local */
	OP_TO_LOOPBACK, /* oifname "lo" */
	OP_OWNER,	/* meta skuid: sent by account a */
	OP_COUNTER,	/* counter name "name" */
	OP_LIMIT,	/* limit rate `a`/second burst `b` packets */
	OP_LOG,		/* log prefix "name" group a snaplen b queue-threshold c */
	OP_IS_TCP,	/* meta l4proto tcp */
	OP_RESET,	/* reject with tcp reset */
	OP_PROHIBITED,	/* reject with icmpx admin-prohibited */
	OP_DNAT,	/* dnat to addr of family a, port b */
	OP_REDIRECT,	/* redirect to port b */
	OP_ACCEPT, OP_RETURN,
	OP_JUMP, OP_GOTO, /* name */
	OP_COUNT,
};

struct rule_step {
	enum rule_op op;
	enum rule_field field;
	const char *name; /* borrowed from the ruleset, or constant; so are all names here */
	uint32_t a, b, c;
	uint8_t addr[16]; /* network order */
};

#define RULE_STEPS 3

struct rule {
	const char *chain;
	struct rule_step steps[RULE_STEPS];
};

enum rule_set_kind { KIND_IP4, KIND_IP6, KIND_SERVICE, KIND_MAC, KIND_IFNAME, KIND_COUNT };

/** Of sets of addresses and services a range, both ends included, in network order; of others
 *  a key that stands in `first`. In a map a verdict too: an op and its chain. */
struct rule_elem {
	uint8_t first[16], last[16];
	enum rule_op verdict;
	const char *chain;
};

/** Ranges are sorted and neither overlap nor touch; keys are unique. */
struct rule_set {
	const char *name;
	enum rule_set_kind kind;
	bool is_map; /* of verdicts; its keys are no ranges */
	struct rule_elem *elems; /* owned */
	size_t count;
};

/** The sets that are always in the description; they are made if they have elements. */
enum rule_set_id {
	RULE_DENY4,
	RULE_DENY6,
	RULE_LOCAL4,
	RULE_LOCAL6,
	RULE_ALLOW4,
	RULE_ALLOW6,
	RULE_TCP,
	RULE_UDP,
	RULE_MAC,
	RULE_SETS,
};

enum rule_hook { HOOK_NONE, HOOK_FORWARD, HOOK_DSTNAT, HOOK_OUTPUT };

struct rule_chain {
	const char *name;
	enum rule_hook hook;
};

struct ruleset {
	char *table; /* owned */
	uint32_t set_size;
	bool wanted;
	bool owned; /* the table is to have an owner, and to outlive it */
	int rc; /* first failure of a build, -ENOMEM */
	struct rule_set *sets; /* owned; more may stand behind those of enum rule_set_id */
	size_t set_count;
	struct rule_chain *chains; /* owned; in the order of their making */
	size_t chain_count;
	struct rule *rules; /* owned; in order */
	size_t rule_count;
	struct rule_range *ranges; /* owned */
	size_t range_count;
	char **names; /* owned; what names above borrow */
	size_t name_count;
};

/** Names of verdict maps. */
#define ZONE_MAP     "zone_mode"
#define ZONE_RULES   "zone_rules"
#define ZONE_DNS     "zone_dns"
#define DEVICE_MAP   "device_mode"
#define DEVICE_MAP4  "device_mode4"
#define DEVICE_MAP6  "device_mode6"

/** Bytes of one key of that kind. */
size_t rule_kind_bytes(enum rule_set_kind kind);

/** Whether the rule looks into a set that is not there, and so is left out. */
bool rule_is_idle(const struct rule *r);

/** Whether a set's elements are ranges. */
bool rule_set_is_interval(const struct rule_set *set);

#endif
