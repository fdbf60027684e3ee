/* The inside of conf_parse: what its three files share. For them alone. */
#ifndef CONF_CONF_PARSE_H
#define CONF_CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "conf/conf_arena.h"
#include "conf/conf_bundle.h"
#include "conf/conf_errors.h"
#include "conf/conf_option.h"
#include "lib/scfg.h"
#include "lib/util.h"

/** What only one may have. */
enum claim_kind {
	CLAIM_LISTEN,
	CLAIM_FORWARD,
	CLAIM_INTERFACE,
	CLAIM_MAC,
	CLAIM_ADDRESS,
	CLAIM_DHCP_NAME,
	CLAIM_ALIAS,
};

struct claim {
	enum claim_kind kind;
	const char *key;   /* canonical text of the value */
	const char *owner; /* name of the block, or NULL */
	struct conf_spot at;
	size_t number; /* in the order of reading */
};

/** One block as far as it was written. Runs parallel to the array of its kind in conf. */
struct instance {
	struct conf_spot declared;
	struct conf_spot
		set[CONF_BLOCK_OPTIONS_MAX]; /* where each option was written first */
	bool incomplete; /* a line of it could not be read: do not ask for what it may
			    hold */
};

/** A directive outside any block (or one that a missing } put into one). */
struct directive {
	const struct conf_file *file;
	const struct scfg_node *node;
	size_t index; /* of the named block it declares */
};

struct parser {
	struct conf *conf;
	struct conf_arena *arena;   /* conf's own */
	struct conf_arena *scratch; /* for the time of the parse */
	struct conf_errors *errors;
	const struct conf_bundle *bundle;
	const struct conf_file *file; /* being read; NULL: a default */
	struct scfg **trees;	      /* by file index */
	const char **names;	      /* of the files, in arena */
	struct directive *directives;
	size_t directive_count;
	struct instance *instances[CONF_BLOCK_COUNT];
	struct claim *claims;
	size_t claim_count;
	bool partial; /* some directive could not be read: an unknown name may be in it */
	bool no_memory;
};

/** One option as written, for the function that reads its type. */
struct written {
	const struct conf_option *option;
	const struct scfg_node *node;
	size_t first; /* index of the first value's word */
	size_t index; /* of the block in its array */
	void *block;  /* the struct of the block */
};

/** Add an error at the word. */
void parse_error(struct parser *p, const struct scfg_word *at, const char *hint,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);

struct conf_spot parse_spot(const struct parser *p, const struct scfg_word *at);
struct conf_place parse_place(const struct parser *p, const struct scfg_word *at);

/** Name, array and count of a kind of named block. */
const char *parse_block_name(const struct parser *p, enum conf_block_id id, size_t index);
size_t parse_block_count(const struct parser *p, enum conf_block_id id);
void *parse_block_at(const struct parser *p, enum conf_block_id id, size_t index);

/** Index of a named block, or SIZE_MAX. */
size_t parse_find(const struct parser *p, enum conf_block_id id, const char *name);

/** The same for a word that must be such a name: an unknown one is an error with a hint.
 */
size_t parse_reference(struct parser *p, enum conf_block_id id,
		       const struct scfg_word *at);

/** Say that value (canonical; copied) belongs to owner (a block's name, or NULL) alone;
 *  conf_check compares. */
void parse_claim(struct parser *p, enum claim_kind kind, const char *value,
		 const char *owner, const struct scfg_word *at);

/** A new element of an array of conf; NULL: no memory, noted in p. */
void *parse_grow(struct parser *p, void **array, size_t *count, size_t size);
#define PARSE_GROW(p, array, count)                                                      \
	parse_grow(p, (void **)&(array), &(count), sizeof((array)[0]))

/** The same for an array of the parser. */
void *parse_grow_scratch(struct parser *p, void **array, size_t *count, size_t size);

/** Text that lives as long as conf; NULL: no memory, noted in p. */
char *parse_text(struct parser *p, const char *text);

/** Absolute form of a path written in the file being read; NULL as in parse_text. */
char *parse_path(struct parser *p, const char *path);

/** Add an error at a place that is not being read. */
void parse_error_at(struct parser *p, const struct conf_spot *at, const char *hint,
		    const char *fmt, ...) PRINTF_LIKE(4, 5);

/** Everything that takes more than one option to see, and what follows from it
 *  (conf_check.c). */
void conf_check(struct parser *p);

#endif
