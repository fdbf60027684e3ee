/* Replies of the scripted upstream as bytes. Pure. */
#ifndef SUPPORT_SCRIPTED_REPLY_H
#define SUPPORT_SCRIPTED_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPTED_MAX 65535

/** A query taken apart. */
struct scripted_query {
	const uint8_t *wire; /* borrowed */
	size_t len;
	size_t name_len, question_len;
	uint16_t type;
	bool has_opt;
};

enum scripted_kind {
	SCRIPT_ADDRESS,	   /* one A or AAAA; nothing for other types */
	SCRIPT_TTL_BIG,	   /* the same with the largest TTL */
	SCRIPT_HUGE,	   /* 4,000 A records, 64 kB */
	SCRIPT_CNAME_LOOP, /* two CNAME records that lead to each other */
	SCRIPT_NOTHING,	   /* no records but OPT */
};

/** @retval -EBADMSG not one question */
int scripted_read(const uint8_t *wire, size_t len, struct scripted_query *out);

/** Write a whole reply with rcode (extended if above 15) into buf of SCRIPTED_MAX bytes;
 *  returns its length. The OPT is echoed if the query had one. */
size_t scripted_write(const struct scripted_query *q, enum scripted_kind kind,
		      unsigned rcode, uint8_t *buf);

#endif
