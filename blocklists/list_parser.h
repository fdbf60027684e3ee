/*
 * Lines of a list in any format -> entries. Knows nothing of files; each format has its own
 * module.
 */
#ifndef BLOCKLISTS_LIST_PARSER_H
#define BLOCKLISTS_LIST_PARSER_H

#include "blocklists/list_detect.h"
#include "blocklists/list_line.h"
#include "blocklists/list_rpz.h"
#include "blocklists/list_side.h"
#include "blocklists/list_span.h"

/** A list being read; 72 KiB, its fields are private but for side and span. */
struct list_parser {
	enum list_shape shape;
	struct list_line line;
	const char *const *owners; /* borrowed; of SHAPE_OWNERS: whose ranges are wanted */
	size_t owner_count;
	bool is_done;
	bool is_hosts; /* this line of an Adblock list is one of a hosts file */
	struct list_zone zone;
	struct list_side side; /* what the last LINE_SIDE was about */
	struct list_span span; /* the same for LINE_SPAN */
	char text[LIST_LINE_MAX + 2];
};

/** Whether lists of this shape can be read. */
bool list_parser_reads(enum list_shape shape);

/** Begin with a list. @param shape  one that list_parser_reads */
void list_parser_init(struct list_parser *p, enum list_shape shape);

/** Begin with a line, without its "\n". text is borrowed until the last list_parser_next.
 *  @param len  at most LIST_LINE_MAX */
void list_parser_line(struct list_parser *p, const char *text, size_t len);

/** The next thing in the line, as list_line_next. LINE_SIDE: p->side has the rule;
 *  LINE_SPAN: p->span has the range. */
enum list_line_kind list_parser_next(struct list_parser *p, struct list_entry *out);

#endif
