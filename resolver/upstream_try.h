/*
 * One try: a question on its way to one server, by UDP, TCP or TLS. A plain value shared by
 * the upstream files; owned by its question.
 */
#ifndef RESOLVER_UPSTREAM_TRY_H
#define RESOLVER_UPSTREAM_TRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "resolver/reply_check.h"

struct udp_socket;
struct upstream_channel;
struct upstream_query;
struct upstream_server;

/** What is sent: one question, the same for all its tries but for id and OPT. */
struct upstream_wire {
	size_t len;	     /* whole */
	size_t question_len; /* of name, type and class, behind the head */
	size_t plain_len;    /* up to the OPT record; equal to len where there is none */
	uint8_t bytes[];     /* the name in its 0x20 case */
};

enum try_list { TRY_UNLISTED, TRY_INBOX, TRY_ANSWERED, TRY_FAILED };

struct upstream_try {
	SLIST_ENTRY(upstream_try) sibling; /* other tries of the question */
	LIST_ENTRY(upstream_try) by_id;	   /* while is_awaited */
	LIST_ENTRY(upstream_try) held;	   /* while in_ares */
	TAILQ_ENTRY(upstream_try) link;	   /* while listed */
	struct upstream_query *query;	   /* borrowed; outlives us */
	const struct upstream_wire *wire;  /* borrowed; the question's */
	struct upstream_server *server;	   /* borrowed; outlives us */
	struct upstream_channel *channel;  /* borrowed; set while in_ares */
	struct udp_socket *socket;	   /* it left by; NULL: by a stream */
	const uint8_t *reply;		   /* borrowed for the turn; NULL: none */
	size_t reply_len;
	struct reply_facts facts; /* of reply */
	uint64_t sent_us;
	uint64_t until_ms; /* after that, ask again; its reply stays welcome */
	uint16_t id;	   /* on the wire */
	uint16_t ares_id;  /* c-ares's own for it; 1.34 chooses it */
	enum try_list list;
	bool is_awaited : 1; /* its id is known: a reply will be taken */
	bool is_tcp : 1;
	bool is_tls : 1;
	bool is_plain : 1;     /* sent without OPT */
	bool is_resent : 1;    /* plain because the server refused the OPT just now */
	bool is_late : 1;      /* until_ms has passed, counted */
	bool is_failed : 1;    /* refused, unreachable or an error from the server */
	bool is_suspect : 1;   /* a reply came in the wrong case */
	bool in_ares : 1;      /* c-ares will call back with this try */
	bool has_stand_in : 1; /* c-ares holds another question, see its channel */
};

#endif
