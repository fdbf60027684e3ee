/* Gathers the parts of a configuration and joins them; see import_plan.h. */
#include "cli/import_plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "lib/dname.h"
#include "lib/util.h"

#define GENERAL_UPSTREAM "imported"
#define OWN_LISTS	 2 /* imported-block, imported-allow */
#define URL_BYTES_MAX	 1000

void import_note(struct import_plan *p, const char *from, size_t line, const char *text,
		 enum import_fate fate, const char *note)
{
	struct import_row *row;

	if (p->row_count == p->row_room) {
		size_t room = p->row_room ? p->row_room * 2 : 64;
		struct import_row *rows = NULL;

		if (room <= 2 * IMPORT_ROWS_MAX)
			rows = reallocarray(p->rows, room, sizeof(*rows));
		if (!rows) {
			p->failed = true;
			return;
		}
		p->rows = rows;
		p->row_room = room;
	}
	row = &p->rows[p->row_count];
	*row = (struct import_row){ .from = from, .line = line, .text = strdup(text),
				    .note = note, .fate = fate };
	if (!row->text) {
		p->failed = true;
		return;
	}
	p->row_count++;
	p->fates[fate]++;
}

static bool is_inside(enum import_part part)
{
	return part == IMPORT_SERVERS || part == IMPORT_LOCAL || part == IMPORT_BLOCKED ||
	       part == IMPORT_ALLOWED || part == IMPORT_REBIND || part == IMPORT_FILLS;
}

void import_add_words(struct import_plan *p, enum import_part part,
		      const char *const *words)
{
	struct text_buf *b = &p->parts[part];

	if (is_inside(part))
		text_add(b, "\t", 1);
	for (size_t i = 0; words[i]; i++) {
		text_add_string(b, i ? " " : "");
		text_add_string(b, words[i]);
	}
	text_add(b, "\n", 1);
}

const char *import_upstream(struct import_plan *p, const char *server, char buf[32])
{
	size_t i = 0;

	while (i < p->upstream_count && strcmp(p->upstreams[i], server) != 0)
		i++;
	if (i == IMPORT_UPSTREAMS_MAX || strlen(server) >= sizeof(p->upstreams[0]))
		return NULL;
	snprintf(buf, 32, GENERAL_UPSTREAM "-%zu", i + 1);
	if (i < p->upstream_count)
		return buf;
	strcpy(p->upstreams[p->upstream_count++], server);
	import_add(p, IMPORT_UPSTREAMS, "upstream", buf, "{");
	import_add(p, IMPORT_UPSTREAMS, "\tserver", server);
	import_add(p, IMPORT_UPSTREAMS, "}");
	return buf;
}

const char *import_name(const char *text, size_t len, char buf[256])
{
	char copy[256];
	struct dname name;

	if (len == 0 || len >= sizeof(copy))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!isalnum(c) && c != '-' && c != '_' && c != '.')
			return NULL;
		copy[i] = (char)tolower(c);
	}
	copy[len] = '\0';
	if (len > 1 && copy[len - 1] == '.')
		copy[len - 1] = '\0';
	if (strcmp(copy, ".") == 0 || dname_from_text(copy, &name) < 0)
		return NULL;
	strcpy(buf, copy);
	return buf;
}

bool import_is_plain_path(const char *path)
{
	if (*path != '/')
		return false;
	for (; *path; path++) {
		if (!isalnum((unsigned char)*path) && !strchr("/._-+@", *path))
			return false;
	}
	return true;
}

/* Whether a URL can be written as a word of our configuration. */
static bool is_plain_url(const char *url)
{
	size_t len = strlen(url);

	if (len > URL_BYTES_MAX ||
	    (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
		return false;
	for (; *url; url++) {
		if (*url <= ' ' || *url >= 0x7f || strchr("\"\\{}#'<>`", *url))
			return false;
	}
	return true;
}

const char *import_list(struct import_plan *p, const char *name, const char *url, bool allows)
{
	struct text_buf *names = allows ? &p->allow : &p->block;

	if (!is_plain_url(url))
		return "neither http nor https, or of unusual characters";
	if (p->list_count >= CONF_LISTS_MAX - OWN_LISTS)
		return "more lists than nameward takes";
	p->list_count++;
	import_add(p, IMPORT_LISTS, "list", name, "{");
	import_add(p, IMPORT_LISTS, "\turl", url);
	import_add(p, IMPORT_LISTS, "}");
	text_add(names, " ", 1);
	text_add_string(names, name);
	return NULL;
}

void import_subtree(struct import_plan *p, enum import_part part, const char *name)
{
	char below[260];

	snprintf(below, sizeof(below), "*.%s", name);
	import_add(p, part, "name", name, below);
}

static void add_part(const struct import_plan *p, enum import_part part, struct text_buf *out)
{
	if (p->parts[part].failed)
		out->failed = true;
	text_add(out, p->parts[part].bytes, p->parts[part].len);
}

static void add_block(const struct import_plan *p, enum import_part part, const char *head,
		      const char *name, struct text_buf *out)
{
	if (p->parts[part].len == 0)
		return;
	text_add_string(out, head);
	text_add_string(out, name);
	text_add_string(out, " {\n");
	add_part(p, part, out);
	text_add_string(out, "}\n");
}

static void add_policy_line(const struct text_buf *lists, const char *word, const char *own,
			    bool has_own, struct text_buf *out)
{
	if (lists->len == 0 && !has_own)
		return;
	text_add(out, "\t", 1);
	text_add_string(out, word);
	text_add_string(out, has_own ? own : "");
	text_add(out, lists->bytes, lists->len);
	text_add(out, "\n", 1);
}

static void add_policy(const struct import_plan *p, struct text_buf *out)
{
	bool block = p->parts[IMPORT_BLOCKED].len, allow = p->parts[IMPORT_ALLOWED].len;

	if (p->block.failed || p->allow.failed)
		out->failed = true;
	if (!block && !allow && !p->block.len && !p->allow.len)
		return;
	text_add_string(out, "# Where there is a policy default already: policy default extend {\n"
			     "policy default {\n");
	add_policy_line(&p->block, "block", " imported-block", block, out);
	add_policy_line(&p->allow, "allow", " imported-allow", allow, out);
	text_add_string(out, "}\n");
}

void import_text(const struct import_plan *p, const char *program, struct text_buf *out)
{
	bool any = p->block.len || p->allow.len || *p->suffix;

	for (size_t i = 0; i < IMPORT_PARTS; i++)
		any = any || p->parts[i].len;
	if (!any)
		return;
	text_add_string(out, IMPORT_MARK " from ");
	text_add_string(out, program);
	text_add_string(out, ". The next import replaces this file, unless this line is gone.\n");
	/* the general one first: an upstream that no forward line names is for all the rest */
	add_block(p, IMPORT_SERVERS, "upstream ", GENERAL_UPSTREAM, out);
	add_part(p, IMPORT_UPSTREAMS, out);
	if (*p->suffix || p->parts[IMPORT_LOCAL].len) {
		text_add_string(out, "local ");
		text_add_string(out, *p->suffix ? p->suffix : "home.arpa");
		text_add_string(out, " {\n");
		add_part(p, IMPORT_LOCAL, out);
		text_add_string(out, "}\n");
	}
	add_part(p, IMPORT_HOSTS, out);
	add_part(p, IMPORT_DEVICES, out);
	add_part(p, IMPORT_LISTS, out);
	add_block(p, IMPORT_BLOCKED, "list ", "imported-block", out);
	add_block(p, IMPORT_ALLOWED, "list ", "imported-allow", out);
	add_policy(p, out);
	add_block(p, IMPORT_REBIND, "rebind", "", out);
	add_block(p, IMPORT_FILLS, "gate", "", out);
}

void import_fini(struct import_plan *p)
{
	for (size_t i = 0; i < p->row_count; i++)
		free(p->rows[i].text);
	free(p->rows);
	for (size_t i = 0; i < IMPORT_PARTS; i++)
		text_fini(&p->parts[i]);
	text_fini(&p->block);
	text_fini(&p->allow);
}
