/*
 * What is answered here, without asking anybody: by local data, as a special name, or because
 * the name is of a kind that stays at home. Pure: time is a parameter.
 */
#ifndef RESOLVER_LOCAL_ANSWER_H
#define RESOLVER_LOCAL_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "resolver/wire_own.h"

struct conf;
struct local_image;

#define LOCAL_CHAIN_MAX	 8 /* CNAMEs that are followed */
#define LOCAL_ANSWER_MAX (LOCAL_CHAIN_MAX + 64)
/** Room for any answer: names of 255, and the head with its question. */
#define LOCAL_ANSWER_BYTES 8192

enum local_answer_kind {
	LOCAL_PASS,    /* ask upstream */
	LOCAL_EMPTY,   /* no such name, or no such records */
	LOCAL_RECORDS,
};

struct local_answer {
	enum local_answer_kind kind;
	uint16_t rcode;	 /* of LOCAL_EMPTY: NOERROR or NXDOMAIN */
	uint8_t apex_at; /* of LOCAL_EMPTY: offset in the question's name */
	uint32_t ttl_s;	 /* of LOCAL_EMPTY */
	size_t count;	 /* of LOCAL_RECORDS */
	/* why, for people; borrowed from image or configuration */
	const char *why;  /* "RFC 7686", "local home.arpa" */
	const char *file; /* where the name stands; NULL: nowhere */
	uint32_t line;
	struct wire_own_rr rrs[LOCAL_ANSWER_MAX]; /* data borrowed from image */
};

/** @param image  NULL: none
 *  @param now_s  wall clock */
void local_answer_find(const struct local_image *image, const struct conf *conf,
		       const struct wire_question *q, int64_t now_s, struct local_answer *out);

#endif
