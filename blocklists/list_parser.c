/* Gives each line to its format's parser; see list_parser.h. */
#include "blocklists/list_parser.h"

#include <string.h>

#include "blocklists/list_adblock.h"
#include "blocklists/list_dnsmasq.h"
#include "blocklists/list_owner.h"
#include "blocklists/list_unbound.h"

bool list_parser_reads(enum list_shape shape)
{
	return shape == SHAPE_NAMES || shape == SHAPE_ADBLOCK ||
	       shape == SHAPE_ADDRESSES || shape == SHAPE_OWNERS ||
	       list_shape_is_zone(shape);
}

void list_parser_init(struct list_parser *p, enum list_shape shape)
{
	p->shape = shape;
	p->owners = NULL;
	p->owner_count = 0;
	memset(&p->zone, 0, sizeof(p->zone));
}

/** A zone file's blanks at the start of a line mean something: only what is invisible is
 *  left out. */
static size_t clean_zone_line(const char *text, size_t len, char *out)
{
	size_t n = list_line_clean(text, len, out + 1);

	if (!len || (text[0] != ' ' && text[0] != '\t')) {
		memmove(out, out + 1, n + 1);
		return n;
	}
	out[0] = ' ';
	return n + 1;
}

/** A table's tabs part its fields, so they stay. */
static size_t copy_row(const char *text, size_t len, char *out)
{
	if (len && text[len - 1] == '\r')
		len--;
	memcpy(out, text, len);
	out[len] = '\0';
	return len;
}

void list_parser_line(struct list_parser *p, const char *text, size_t len)
{
	size_t n;

	p->is_done = false;
	p->is_hosts = false;
	if (p->shape == SHAPE_NAMES) {
		list_line_start(&p->line, text, len);
		return;
	}
	if (p->shape == SHAPE_RPZ)
		n = clean_zone_line(text, len, p->text);
	else if (p->shape == SHAPE_OWNERS)
		n = copy_row(text, len, p->text);
	else
		n = list_line_clean(text, len, p->text);
	list_line_start(&p->line, p->text, n);
	if (p->shape == SHAPE_ADBLOCK)
		p->is_hosts = list_adblock_is_hosts(p->text);
}

/** A line of a format that has one entry in a line at most. */
static enum list_line_kind whole_line(struct list_parser *p, struct list_entry *out)
{
	if (p->is_done)
		return LINE_END;
	p->is_done = true;
	if (memchr(p->line.at, '\0', (size_t)(p->line.end - p->line.at)))
		return LINE_BAD_CHARACTER;
	switch (p->shape) {
	case SHAPE_ADBLOCK:
		return list_adblock_line(p->text, out, &p->side, &p->span);
	case SHAPE_UNBOUND:
		return list_unbound_line(p->text, out);
	case SHAPE_RPZ:
		return list_rpz_line(&p->zone, p->text, out, &p->span);
	case SHAPE_OWNERS:
		return list_owner_line(p->text, p->owners, p->owner_count, &p->span);
	case SHAPE_ADDRESSES:
		return list_span_line(p->text, &p->span);
	default:
		return LINE_BAD_SYNTAX;
	}
}

enum list_line_kind list_parser_next(struct list_parser *p, struct list_entry *out)
{
	if (p->shape == SHAPE_NAMES || p->is_hosts)
		return list_line_next(&p->line, out);
	if (p->shape == SHAPE_DNSMASQ)
		return list_dnsmasq_next(&p->line, out);
	return whole_line(p, out);
}
