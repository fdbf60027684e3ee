/* What all files of the parser need: places, names, errors, memory. */
#include "conf/conf_parse.h"

#include <stdlib.h>

void parse_error_at(struct parser *p, const struct conf_spot *at, const char *hint,
		    const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	conf_errors_vadd(p->errors, at, hint, fmt, args);
	va_end(args);
}

void parse_error(struct parser *p, const struct scfg_word *at, const char *hint,
		 const char *fmt, ...)
{
	struct conf_spot spot = parse_spot(p, at);
	va_list args;

	va_start(args, fmt);
	conf_errors_vadd(p->errors, &spot, hint, fmt, args);
	va_end(args);
}

struct conf_spot parse_spot(const struct parser *p, const struct scfg_word *at)
{
	return (struct conf_spot){ .file = p->file, .line = at->line, .col = at->col };
}

struct conf_place parse_place(const struct parser *p, const struct scfg_word *at)
{
	if (!p->file)
		return (struct conf_place){0};
	return (struct conf_place){ .file = p->names[p->file->index], .line = at->line };
}

/* --- named blocks ------------------------------------------------------------------- */

size_t parse_block_count(const struct parser *p, enum conf_block_id id)
{
	return *(const size_t *)((const char *)p->conf + conf_block(id)->count_at);
}

void *parse_block_at(const struct parser *p, enum conf_block_id id, size_t index)
{
	const struct conf_block *b = conf_block(id);
	char *at = (char *)p->conf + b->at;

	if (!b->named)
		return at;
	return *(char **)at + index * b->size;
}

const char *parse_block_name(const struct parser *p, enum conf_block_id id, size_t index)
{
	return *(char *const *)parse_block_at(p, id, index);
}

size_t parse_find(const struct parser *p, enum conf_block_id id, const char *name)
{
	for (size_t i = 0; i < parse_block_count(p, id); i++)
		if (!strcmp(parse_block_name(p, id, i), name))
			return i;
	return SIZE_MAX;
}

size_t parse_reference(struct parser *p, enum conf_block_id id,
		       const struct scfg_word *at)
{
	struct conf_guess guess = { .word = at->text };
	char hint[CONF_ERROR_TEXT_MAX];
	size_t found = parse_find(p, id, at->text);

	if (found != SIZE_MAX || p->partial)
		return found;
	/* behind the last error that is shown, no work for hints */
	for (size_t i = 0; i < parse_block_count(p, id) &&
			   conf_errors_count(p->errors) < CONF_ERRORS_MAX; i++)
		conf_guess_offer(&guess, parse_block_name(p, id, i));
	conf_guess_hint(&guess, hint, sizeof(hint));
	for (int other = CONF_TOP + 1; !guess.best && other < CONF_BLOCK_COUNT; other++)
		if (conf_block(other)->named &&
		    parse_find(p, other, at->text) != SIZE_MAX)
			snprintf(hint, sizeof(hint), "'%s' is a %s, here stands a %s",
				 at->text, conf_block(other)->name, conf_block(id)->name);
	parse_error(p, at, hint, "unknown %s '%s'", conf_block(id)->name, at->text);
	return SIZE_MAX;
}

/* --- memory ------------------------------------------------------------------------- */

void *parse_grow_scratch(struct parser *p, void **array, size_t *count, size_t size)
{
	void *element = conf_arena_grow(p->scratch, array, count, size);

	if (!element)
		p->no_memory = true;
	return element;
}

void *parse_grow(struct parser *p, void **array, size_t *count, size_t size)
{
	void *element = conf_arena_grow(p->arena, array, count, size);

	if (!element)
		p->no_memory = true;
	return element;
}

char *parse_text(struct parser *p, const char *text)
{
	char *copy = conf_arena_text(p->arena, text, strlen(text));

	if (!copy)
		p->no_memory = true;
	return copy;
}

char *parse_path(struct parser *p, const char *path)
{
	const char *name = p->file ? p->file->name : "", *slash = strrchr(name, '/');
	const char *base = *path == '/' || *name == '/' ? "" : p->bundle->folder;
	int folder_len = *path == '/' || !slash ? 0 : (int)(slash - name) + 1;
	bool needs_slash = *base;
	char *whole, *kept;

	if (!strcmp(base, "/"))
		base = "";
	if (asprintf(&whole, "%s%s%.*s%s", base, needs_slash ? "/" : "", folder_len, name,
		     path) < 0) {
		p->no_memory = true;
		return NULL;
	}
	kept = parse_text(p, whole);
	free(whole);
	return kept;
}

void parse_claim(struct parser *p, enum claim_kind kind, const char *value,
		 const char *owner, const struct scfg_word *at)
{
	struct claim *c =
		parse_grow_scratch(p, (void **)&p->claims, &p->claim_count, sizeof(*c));

	if (!c)
		return;
	*c = (struct claim){.kind = kind,
			    .key = conf_arena_text(p->scratch, value, strlen(value)),
			    .owner = owner,
			    .at = parse_spot(p, at),
			    .number = p->claim_count};
	if (!c->key) {
		p->no_memory = true;
		p->claim_count--;
	}
}
