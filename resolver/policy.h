/*
 * Who a client is and what a name gets: devices, groups, zones and the ladder of lists, as
 * pure functions over the configuration and the list index. Knows nothing of packets.
 */
#ifndef RESOLVER_POLICY_H
#define RESOLVER_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_index.h"
#include "blocklists/list_match.h"
#include "conf/conf.h"
#include "lib/addr.h"
#include "lib/dname.h"

struct overrides;

/** "No such thing" for every index into the configuration here. */
#define POLICY_NONE SIZE_MAX

/** The interface of what this machine asks itself. */
#define POLICY_LOOPBACK "lo"

/** A client's place in the configuration; indices into conf, or POLICY_NONE. */
struct policy_client {
	size_t device;
	size_t group;  /* the member of `policy` that holds the client */
	size_t policy; /* NONE: no policy at all, nothing is blocked */
	size_t zone;   /* NONE: no zone, not gated */
	bool router;   /* this machine itself, and it is gated: no other's mode counts */
	bool by_name;  /* the device is known by what it calls itself: not for the gate */
	bool is_weak;  /* and that is not trusted: nothing is less strict because of it */
	size_t namesake; /* device whose name it has, without being any the less strict for it */
};

/** Find a client's place.
 *  @param mac        NULL if unknown
 *  @param interface  name of the one it asked on; NULL if unknown */
struct policy_client policy_find_client(const struct conf *conf, const struct addr *addr,
					const struct mac *mac, const char *interface);

/** Find group and policy by address and c->device. */
void policy_place(const struct conf *conf, const struct addr *addr, struct policy_client *c);

/** What a client's device says of the gate: nothing, where it has none but by its name. */
enum conf_device_gate policy_device_gate(const struct conf *conf,
					 const struct policy_client *c);

/** Whether a group has a client, by its address or its device (POLICY_NONE: none). */
bool policy_group_has(const struct conf_group *g, const struct addr *addr, size_t device);

/** The gate's mode for a client: as its device says, else as its zone says; or the
 *  router's own.
 *  @retval false  neither says anything: it is not gated; mode is untouched */
bool policy_find_mode(const struct conf *conf, const struct policy_client *c,
		      enum conf_gate_mode *mode);

/** Whether the gate holds for a client: as its device says, else as its zone says.
 *  @param must_lease  a failed lease fails the answer */
void policy_find_gate(const struct conf *conf, const struct policy_client *c, bool *gated,
		      bool *must_lease);

/** The upstream group for a name: the longest `forward` suffix. Index into
 *  conf->forwards. */
size_t policy_find_forward(const struct conf *conf, const struct dname *qname);

/** The upstream group to ask for a name: that of its policy, where no `forward` line but the
 *  root's is for the name. Index into conf->upstreams.
 *  @param view  what the cache keeps its answers apart by: 0 for those of forward lines. May
 *               be NULL */
size_t policy_find_upstream(const struct conf *conf, const struct policy_client *c,
			    const struct dname *qname, uint8_t *view);

enum policy_action {
	POLICY_PASS,  /* no list of this client's policy holds the name */
	POLICY_ALLOW, /* an allow list holds it: its answer's chain is not checked either */
	POLICY_BLOCK,
};

/** The ladder of lists, the highest rung first: the first that an entry reaches decides.
 *  In an allow list every entry allows; in a block list "@@" and its like do. */
enum policy_rung {
	RUNG_ALLOW_IMPORTANT, /* "@@...$important"; "$important" in an allow list */
	RUNG_IMPORTANT,	      /* "$important" in a block list */
	RUNG_ALLOW,
	RUNG_BLOCK,
	POLICY_RUNGS,
};

/** Who asks, and for what type of record: what the conditions of rules are about. */
struct policy_asker {
	const struct policy_client *place; /* borrowed, as addr */
	const struct addr *addr;	   /* NULL: not known */
	const struct overrides *overrides; /* borrowed; NULL: none */
	uint16_t qtype; /* 0: not known; what holds for some types alone does not hold then */
};

/** Stand in a match for the number of a list where no list has decided, but the policy's
 *  hours, or an override. No list can have their names. */
enum { POLICY_BY_HOURS = CONF_LISTS_MAX, POLICY_BY_OVERRIDE };
const char *policy_list_name(const struct conf *conf, const struct list_match *match);

/** Walk the ladder for a name: overrides, the policy's hours, its lists. What an RPZ says of the client stands in for what it says of
 *  names; other lists say nothing of clients.
 *  @param x      NULL: no index, everything passes
 *  @param match  filled unless the action is PASS; NULL if not wanted */
enum policy_action policy_decide(const struct conf *conf, const struct list_index *x,
				 const struct policy_asker *asker, const struct dname *qname,
				 struct list_match *match);

/** The same for an address that an answer leads to. */
enum policy_action policy_decide_addr(const struct conf *conf, const struct list_index *x,
				      const struct policy_asker *asker,
				      const struct addr *addr, struct list_match *match);

/** Whether an entry reaches this rung, be it that a higher one decides.
 *  @param match  filled for true, else untouched */
bool policy_explain(const struct conf *conf, const struct list_index *x,
		    const struct policy_asker *asker, const struct dname *qname,
		    enum policy_rung rung, struct list_match *match);

/** The same as list_match_text(), for those who know no lists. */
const char *policy_entry_text(const struct list_match *match, char *buf);

#define POLICY_ENTRY_TEXT LIST_MATCH_TEXT

#endif
