/*
 * Ranges of addresses: one entry of an IP list, of "||192.0.2.1^", of "rpz-ip" and
 * "rpz-client-ip". Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_SPAN_H
#define BLOCKLISTS_LIST_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_line.h"
#include "lib/addr.h"

/** What a range is about; IPv4 and IPv6 stand apart, so that "::/0" is IPv6 alone. */
enum list_table {
	TABLE_ANSWER4,
	TABLE_ANSWER6,
	TABLE_CLIENT4,
	TABLE_CLIENT6,
	LIST_TABLES,
};

#define LIST_SPANS_MAX (1u << 20) /* in one list */

/** Both ends belong to it. An IPv4 address is the first 4 octets; behind them are zeroes in
 *  lo, ones in hi, so that memcmp orders them. */
struct list_span {
	uint8_t lo[16], hi[16];
	uint8_t table;	/* enum list_table */
	uint8_t level;	/* enum list_level */
	uint8_t action; /* enum list_action */
};

/** A line of an IP list: an address, "a/len" (bits behind it are cleared), "a-b", "[v6]",
 *  and behind it a comment or numbers. Ranges that touch private or special addresses are
 *  LINE_NOT_PUBLIC: such lists are made for packets from outside, and would cut the LAN.
 *  @return LINE_SPAN, or why not; out is filled for LINE_SPAN */
enum list_line_kind list_span_line(const char *text, struct list_span *out);

/** A network, whose bits behind the prefix are cleared. @retval LINE_SPAN, LINE_NOT_PUBLIC */
enum list_line_kind list_span_net(const struct addr *a, unsigned prefix, struct list_span *out);

/** Whether b begins where a ends. */
bool list_span_follows(const struct list_span *a, const struct list_span *b);

/** An address or network by itself, in answers. @retval false  it is none */
bool list_span_read(const char *text, size_t len, struct list_span *out);

/** "24.0.2.0.192", "128.1.zz.db8.2001", as an RPZ trigger has it without its last label. */
bool list_span_read_rpz(const char *text, size_t len, bool is_client, struct list_span *out);

/** An address as lo of a span. */
void list_span_key(const struct addr *a, uint8_t out[16]);

/** A range as "a/len", "a-b" or "a" in buf of LIST_SPAN_TEXT bytes; returns buf. */
#define LIST_SPAN_TEXT (2 * ADDR_TEXT_MAX)
const char *list_span_text(const struct list_span *s, char *buf);

#endif
