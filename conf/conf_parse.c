/*
 * From a bundle of texts to struct conf: read all files, declare the named blocks, read
 * their options by the table, check the whole. Values are read in conf_read.c, what takes
 * more than one option to see is in conf_check.c.
 */
#include "conf/conf_parse.h"
#include "conf/conf_read.h"

#include <errno.h>
#include <stdlib.h>

/* --- grammar ------------------------------------------------------------------------ */

static void on_scfg_error(void *arg, const struct scfg_error *error)
{
	struct parser *p = arg;
	struct conf_spot at = { .file = p->file, .line = error->line, .col = error->col };

	conf_errors_add(p->errors, &at, error->hint, "%s", error->text);
}

static bool is_directive(const char *name)
{
	return conf_option_find(CONF_TOP, name, NULL);
}

/* A directive inside a block that has no end, and that only makes sense outside of it. */
static bool fell_into(const struct scfg_node *block, const struct scfg_node *child)
{
	const struct conf_option *top =
		conf_option_find(CONF_TOP, block->words[0].text, NULL);
	const char *name = child->words[0].text;

	if (!block->unclosed || !is_directive(name))
		return false;
	return !top || top->type != TYPE_BLOCK || child->has_block ||
	       !conf_option_find(top->opens, name, NULL);
}

static void collect_file(struct parser *p, const struct conf_file *f);

static void collect_node(struct parser *p, const struct conf_file *f,
			 const struct scfg_node *n)
{
	struct directive *d;

	if (n->bad)
		p->partial = true;
	d = parse_grow_scratch(p, (void **)&p->directives, &p->directive_count,
			       sizeof(*d));
	if (d)
		*d = (struct directive){ .file = f, .node = n, .index = SIZE_MAX };
	if (!strcmp(n->words[0].text, "include"))
		for (size_t i = f->index + 1; i < p->bundle->file_count; i++)
			if (p->bundle->files[i].parent == f->index &&
			    p->bundle->files[i].line == n->words[0].line)
				collect_file(p, &p->bundle->files[i]);
	for (const struct scfg_node *c = n->child; c; c = c->next)
		if (fell_into(n, c))
			collect_node(p, f, c);
}

/* Included files come in the place of their include line. */
static void collect_file(struct parser *p, const struct conf_file *f)
{
	if (p->trees[f->index])
		return;
	p->file = f;
	if (scfg_parse(f->text, f->len, on_scfg_error, p, &p->trees[f->index])) {
		p->no_memory = true;
		return;
	}
	for (const struct scfg_node *n = scfg_first(p->trees[f->index]); n; n = n->next)
		collect_node(p, f, n);
}

/* --- named blocks ------------------------------------------------------------------- */

static bool is_extend(const struct scfg_node *n, bool named)
{
	return n->word_count > (named ? 2 : 1) &&
	       !strcmp(n->words[named ? 2 : 1].text, "extend");
}

static bool check_name(struct parser *p, const struct scfg_word *at)
{
	struct addr_net net;
	size_t len = strlen(at->text);

	if (!len || len > CONF_NAME_MAX ||
	    at->text[strspn(at->text,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._-")]) {
		parse_error(p, at, "a name has 1 to 63 letters, digits, '.', '_' and '-'",
			    "'%s' is not a name", at->text);
		return false;
	}
	if (!addr_net_from_text(at->text, &net)) {
		parse_error(p, at, NULL,
			    "'%s' is an address: give the block another name", at->text);
		return false;
	}
	return true;
}

/* Words of a block's line: its name if it has one, `extend` or nothing, then its {. */
static bool check_block_line(struct parser *p, const struct scfg_node *n,
			     const struct conf_block *b)
{
	size_t words = (b->named ? 2 : 1) + is_extend(n, b->named);

	if (b->named && n->word_count < 2) {
		parse_error(p, &n->words[0], NULL, "%s needs a name", b->name);
		return false;
	}
	if (b->named && !check_name(p, &n->words[1]))
		return false;
	if (n->word_count > words) {
		parse_error(p, &n->words[words], NULL, "'%s' is too much here",
			    n->words[words].text);
		return false;
	}
	if (!n->has_block) {
		parse_error(p, &n->words[n->word_count - 1], NULL, "%s needs a block { }",
			    b->name);
		return false;
	}
	return true;
}

static void hint_first(char *hint, const struct conf_spot *at)
{
	snprintf(hint, CONF_ERROR_TEXT_MAX, "first at %s:%u", at->file->name, at->line);
}

static void hint_extend(char *hint, const struct conf_spot *at, const char *kind,
			const char *name)
{
	snprintf(hint, CONF_ERROR_TEXT_MAX,
		 "first at %s:%u; to add to it, write: %s%s%s extend {", at->file->name,
		 at->line, kind, *name ? " " : "", name);
}

/* Make room for a block that is written for the first time. */
static void declare(struct parser *p, struct directive *d, enum conf_block_id id)
{
	const struct conf_block *b = conf_block(id);
	const struct scfg_word *name = &d->node->words[1];
	size_t count = parse_block_count(p, id), parallel = count, before;
	void **array = (void **)((char *)p->conf + b->at);
	char hint[CONF_ERROR_TEXT_MAX];
	struct conf_place place = parse_place(p, name);
	struct instance *instance;
	char *element;

	before = parse_find(p, id, name->text);
	if (before != SIZE_MAX) {
		hint_extend(hint, &p->instances[id][before].declared, b->name,
			    name->text);
		parse_error(p, name, hint, "%s '%s' is written twice", b->name,
			    name->text);
	}
	if (count == b->max) {
		parse_error(p, name, NULL, "more than %zu %s blocks", b->max, b->name);
		return;
	}
	element =
		parse_grow(p, array, (size_t *)((char *)p->conf + b->count_at), b->size);
	instance = parse_grow_scratch(p, (void **)&p->instances[id], &parallel,
				      sizeof(*instance));
	if (!element || !instance)
		return;
	*(char **)element = parse_text(p, name->text);
	memcpy(element + b->place_at, &place, sizeof(place));
	conf_scalar_defaults(id, element);
	instance->declared = parse_spot(p, name);
	d->index = count;
}

static void declare_all(struct parser *p)
{
	for (size_t i = 0; i < p->directive_count && !p->no_memory; i++) {
		struct directive *d = &p->directives[i];
		const struct scfg_node *n = d->node;
		const struct conf_option *o;

		o = conf_option_find(CONF_TOP, n->words[0].text, NULL);
		p->file = d->file;
		if (!o || o->type != TYPE_BLOCK || !conf_block(o->opens)->named ||
		    n->bad || is_extend(n, true))
			continue;
		if (check_block_line(p, n, conf_block(o->opens)))
			declare(p, d, o->opens);
		else
			p->partial = true;
	}
}

/* --- options ------------------------------------------------------------------------ */

/* "'file' belongs into a block: list, history", or nothing if no block has it. */
static void hint_other_blocks(char *hint, size_t size, const char *name)
{
	size_t used = 0;

	for (int id = CONF_TOP + 1; id < CONF_BLOCK_COUNT && used < size; id++) {
		if (!conf_option_find(id, name, NULL))
			continue;
		if (!used)
			used = (size_t)snprintf(hint, size,
						"'%s' belongs into a block: ", name);
		else
			used += (size_t)snprintf(hint + used, size - used, ", ");
		used += (size_t)snprintf(hint + used, size - used, "%s",
					 conf_block(id)->name);
	}
}

static void unknown_option(struct parser *p, enum conf_block_id block,
			   const struct scfg_word *at)
{
	struct conf_guess guess = { .word = at->text };
	char hint[CONF_ERROR_TEXT_MAX] = "";
	const struct conf_option *o;
	size_t count;

	if (block != CONF_TOP && is_directive(at->text))
		snprintf(hint, sizeof(hint), "'%s' stands outside of all blocks",
			 at->text);
	else
		hint_other_blocks(hint, sizeof(hint), at->text);
	o = conf_options(&count);
	for (; !*hint && count; o++, count--)
		if (o->block == block)
			conf_guess_offer(&guess, o->name);
	if (!*hint)
		conf_guess_hint(&guess, hint, sizeof(hint));
	if (block == CONF_TOP)
		parse_error(p, at, hint, "unknown directive '%s'", at->text);
	else
		parse_error(p, at, hint, "unknown option '%s' in %s", at->text,
			    conf_block(block)->name);
}

/* The row with the right second word, where the option has one. */
static const struct conf_option *match_key(struct parser *p, const struct conf_option *o,
					   const struct scfg_node *n)
{
	const char *key = n->word_count > 1 ? n->words[1].text : "";
	char hint[CONF_ERROR_TEXT_MAX] = "";
	size_t used = 0;

	for (; o; o = conf_option_find(o->block, o->name, o)) {
		if (!o->key || !strcmp(o->key, key))
			return o;
		used += (size_t)snprintf(hint + used, sizeof(hint) - used, "%s '%s'",
					 used ? " or" : "it is followed by", o->key);
	}
	parse_error(p, &n->words[n->word_count > 1], hint, "'%s' is not complete",
		    n->words[0].text);
	return NULL;
}

static void read_node(struct parser *p, enum conf_block_id id, size_t index, void *block,
		      const struct scfg_node *n)
{
	const struct conf_option *o = conf_option_find(id, n->words[0].text, NULL);
	struct written w = { .node = n, .index = index, .block = block };
	char hint[CONF_ERROR_TEXT_MAX];
	struct conf_spot *first;

	if (!o) {
		unknown_option(p, id, &n->words[0]);
		return;
	}
	if (n->has_block) {
		parse_error(p, &n->words[0], NULL, "'%s' has no block", o->name);
		return;
	}
	o = match_key(p, o, n);
	if (!o)
		return;
	first = &p->instances[id][index].set[conf_option_slot(o)];
	if (first->line && conf_type_is_scalar(o->type)) {
		hint_first(hint, first);
		parse_error(p, &n->words[0], hint, "'%s' is written twice", o->name);
		return;
	}
	if (!first->line)
		*first = parse_spot(p, &n->words[0]);
	w.option = o;
	w.first = o->key ? 2 : 1;
	if (n->word_count <= w.first) {
		parse_error(p, &n->words[n->word_count - 1], NULL, "'%s' needs a value",
			    o->name);
		return;
	}
	conf_readers[o->type](p, &w);
}

static void read_children(struct parser *p, enum conf_block_id id, size_t index,
			  const struct scfg_node *n)
{
	void *block = parse_block_at(p, id, index);

	for (const struct scfg_node *c = n->child; c && !p->no_memory; c = c->next) {
		if (fell_into(n, c))
			continue;
		if (c->bad)
			p->instances[id][index].incomplete = true;
		else
			read_node(p, id, index, block, c);
	}
	if (n->unclosed)
		p->instances[id][index].incomplete = true;
}

/* `history off` stands in place of the block. True if that was it. */
static bool read_history_line(struct parser *p, const struct scfg_node *n)
{
	struct conf_spot *first = &p->instances[CONF_HISTORY][0].declared;
	char hint[CONF_ERROR_TEXT_MAX];

	if (n->has_block || n->word_count != 2 || strcmp(n->words[1].text, "off"))
		return false;
	if (first->line) {
		hint_first(hint, first);
		parse_error(p, &n->words[0], hint, "'history' is written twice");
	}
	*first = parse_spot(p, &n->words[0]);
	p->conf->history.on = false;
	return true;
}

static void read_single_block(struct parser *p, enum conf_block_id id,
			      const struct scfg_node *n)
{
	struct conf_spot *first = &p->instances[id][0].declared;
	char hint[CONF_ERROR_TEXT_MAX];

	if (id == CONF_HISTORY && read_history_line(p, n))
		return;
	if (!check_block_line(p, n, conf_block(id)))
		return;
	if (first->line && !is_extend(n, false)) {
		hint_extend(hint, first, conf_block(id)->name, "");
		parse_error(p, &n->words[0], hint, "'%s' is written twice",
			    conf_block(id)->name);
	} else if (id == CONF_HISTORY && !p->conf->history.on) {
		hint_first(hint, first);
		parse_error(p, &n->words[0], hint, "history is off");
	}
	if (!first->line)
		*first = parse_spot(p, &n->words[0]);
	read_children(p, id, 0, n);
}

static void read_named_block(struct parser *p, enum conf_block_id id,
			     const struct directive *d)
{
	size_t index = d->index;

	if (is_extend(d->node, true)) {
		if (!check_block_line(p, d->node, conf_block(id)))
			return;
		index = parse_reference(p, id, &d->node->words[1]);
	}
	if (index != SIZE_MAX)
		read_children(p, id, index, d->node);
}

static void read_directive(struct parser *p, const struct directive *d)
{
	const struct scfg_node *n = d->node;
	const struct conf_option *o = conf_option_find(CONF_TOP, n->words[0].text, NULL);

	p->file = d->file;
	if (n->bad)
		return;
	if (!o || o->type != TYPE_BLOCK)
		read_node(p, CONF_TOP, 0, p->conf, n);
	else if (conf_block(o->opens)->named)
		read_named_block(p, o->opens, d);
	else
		read_single_block(p, o->opens, n);
}

static bool is_listen(const struct directive *d)
{
	return !strcmp(d->node->words[0].text, "listen");
}

/* Upstreams are compared with the addresses we listen on, so these are read first. */
static void read_all(struct parser *p)
{
	for (size_t i = 0; i < p->directive_count && !p->no_memory; i++)
		if (is_listen(&p->directives[i]))
			read_directive(p, &p->directives[i]);
	if (!p->instances[CONF_TOP][0].set[0].line && !p->no_memory)
		parse_default_listen(p);
	for (size_t i = 0; i < p->directive_count && !p->no_memory; i++)
		if (!is_listen(&p->directives[i]))
			read_directive(p, &p->directives[i]);
}

/* --- frame -------------------------------------------------------------------------- */

static void set_defaults(struct parser *p)
{
	size_t count;
	const struct conf_option *o = conf_options(&count);

	p->file = NULL;
	for (int id = 0; id < CONF_BLOCK_COUNT; id++)
		if (!conf_block(id)->named)
			conf_scalar_defaults(id, parse_block_at(p, id, 0));
	for (; count; o++, count--) {
		const char *text = p->bundle->root || !o->initial_user ? o->initial
								       : o->initial_user;
		char **at;

		if (!text || o->type < TYPE_PATH || o->type > TYPE_GROUP)
			continue;
		at = (char **)((char *)parse_block_at(p, o->block, 0) + o->at);
		*at = o->type == TYPE_PATH ? parse_path(p, text) : parse_text(p, text);
	}
	p->conf->history.on = true;
}

static int parser_init(struct parser *p)
{
	size_t files = p->bundle->file_count;

	p->conf = conf_arena_alloc(p->arena, sizeof(*p->conf));
	p->names = conf_arena_alloc(p->scratch, files * sizeof(*p->names));
	p->trees = conf_arena_alloc(p->scratch, files * sizeof(*p->trees));
	if (!p->conf || !p->names || !p->trees)
		return -ENOMEM;
	p->conf->owned = p->arena;
	p->partial = p->bundle->partial;
	if (p->bundle->ca)
		p->conf->ca_text = parse_text(p, p->bundle->ca);
	for (size_t i = 0; i < files; i++)
		p->names[i] = parse_text(p, p->bundle->files[i].name);
	for (int id = 0; id < CONF_BLOCK_COUNT; id++) {
		if (conf_block(id)->named)
			continue;
		p->instances[id] = conf_arena_alloc(p->scratch, sizeof(struct instance));
		if (!p->instances[id])
			return -ENOMEM;
	}
	return p->no_memory ? -ENOMEM : 0;
}

static int parse_bundle(struct parser *p)
{
	size_t before = conf_errors_count(p->errors);
	int rc = parser_init(p);

	if (rc)
		return rc;
	set_defaults(p);
	for (size_t i = 0; i < p->bundle->file_count; i++)
		if (p->bundle->files[i].parent == CONF_NO_PARENT)
			collect_file(p, &p->bundle->files[i]);
	if (!p->no_memory)
		declare_all(p);
	if (!p->no_memory)
		read_all(p);
	if (!p->no_memory)
		conf_check(p);
	if (p->no_memory)
		return -ENOMEM;
	return conf_errors_count(p->errors) > before ? -EINVAL : 0;
}

int conf_parse(const struct conf_bundle *b, struct conf **out, struct conf_errors *errors)
{
	struct parser p = { .bundle = b, .errors = errors };
	int rc = -ENOMEM;

	p.arena = conf_arena_new();
	p.scratch = conf_arena_new();
	if (p.arena && p.scratch)
		rc = parse_bundle(&p);
	for (size_t i = 0; p.trees && i < b->file_count; i++)
		scfg_free(p.trees[i]);
	conf_arena_free(p.scratch);
	if (rc)
		conf_arena_free(p.arena);
	else
		*out = p.conf;
	return rc;
}

void conf_free(struct conf *c)
{
	if (c)
		conf_arena_free(c->owned);
}
