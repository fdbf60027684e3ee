/*
 * Any bytes as a list, in the format that the first octet says: every line ends, what it
 * gives are names, and the whole has a shape.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blocklists/list_cond.h"
#include "blocklists/list_detect.h"
#include "blocklists/list_parser.h"
#include "lib/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A lower-case name of the alphabet that list_line_octet names. */
static void check_entry(const struct list_entry *e)
{
	if (e->scope >= SCOPES || e->level >= LEVELS)
		abort();
	if (dname_wire_len(e->name.wire, e->name.len) != e->name.len || e->name.len < 3)
		abort();
	for (size_t at = 0; e->name.wire[at]; at += e->name.wire[at] + 1u) {
		for (size_t i = 1; i <= e->name.wire[at]; i++) {
			if (list_line_octet[e->name.wire[at + i]] != e->name.wire[at + i])
				abort();
		}
	}
}

/** A mask of the same alphabet, and conditions that can be judged. */
static void check_side(const struct list_side *s)
{
	if (s->kind >= SIDE_KINDS || s->level >= LEVELS || s->anchors > ANCHORS_ALL ||
	    s->text_len > LIST_SIDE_TEXT || !list_conds_check(s->conds, s->conds_len))
		abort();
	for (size_t i = 0; s->kind == SIDE_MASK && i < s->text_len; i++) {
		uint8_t c = (uint8_t)s->text[i];

		if (c != '*' && c != '.' && list_line_octet[c] != c)
			abort();
	}
}

/** A range of one table, its ends in order. */
static void check_span(const struct list_span *s)
{
	char text[LIST_SPAN_TEXT];

	if (s->table >= LIST_TABLES || s->level >= LEVELS || s->action >= LIST_ACTIONS ||
	    memcmp(s->lo, s->hi, sizeof(s->lo)) > 0 || !*list_span_text(s, text))
		abort();
}

static void check_line(struct list_parser *p, const char *text, size_t len)
{
	struct list_entry entry;
	enum list_line_kind kind;
	size_t results = 0;

	list_parser_line(p, text, len);
	while ((kind = list_parser_next(p, &entry)) != LINE_END) {
		if (kind >= LINE_KINDS || ++results > len + 1)
			abort();
		if (kind == LINE_ENTRY)
			check_entry(&entry);
		if (kind == LINE_SIDE)
			check_side(&p->side);
		if (kind == LINE_SPAN)
			check_span(&p->span);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum list_shape shapes[] = { SHAPE_NAMES, SHAPE_ADBLOCK, SHAPE_DNSMASQ,
						  SHAPE_UNBOUND, SHAPE_RPZ, SHAPE_ADDRESSES,
						  SHAPE_OWNERS };
	static const char *const owners[] = { "AS64496", "CH", "net" };
	static struct list_parser parser;
	struct list_detect detect = { .lines = 0 };
	const char *at = (const char *)data + 1, *end = (const char *)data + size;

	if (!size || size > LIST_LINE_MAX)
		return 0;
	list_parser_init(&parser, shapes[data[0] % ARRAY_SIZE(shapes)]);
	parser.owners = owners;
	parser.owner_count = ARRAY_SIZE(owners);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);

		list_detect_line(&detect, at, len);
		check_line(&parser, at, len);
		at += len + 1;
	}
	return list_detect_result(&detect) >= SHAPE_COUNT ? abort(), 0 : 0;
}
