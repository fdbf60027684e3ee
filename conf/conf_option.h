/*
 * The table of all options: one row says how an option is read, checked, printed,
 * documented and completed. Knows nothing of files and of the grammar.
 */
#ifndef CONF_CONF_OPTION_H
#define CONF_CONF_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_block_id {
	CONF_TOP, /* outside any block */
	CONF_UPSTREAM,
	CONF_CACHE,
	CONF_WINDOW,
	CONF_LOCAL,
	CONF_SPECIAL,
	CONF_REBIND,
	CONF_ZONE,
	CONF_DEVICE,
	CONF_GROUP,
	CONF_LIST,
	CONF_POLICY,
	CONF_GATE,
	CONF_HISTORY,
	CONF_CLIENTS,
	CONF_BLOCK_COUNT,
};

/** What is written behind an option's name, and what it is in memory. */
enum conf_type {
	/* scalars: one value, written once */
	TYPE_MS,	/* time: uint32_t milliseconds */
	TYPE_SECONDS,	/* time: uint32_t seconds */
	TYPE_SECONDS64, /* time: uint64_t seconds */
	TYPE_SIZE,	/* uint64_t bytes */
	TYPE_COUNT,	/* uint32_t */
	TYPE_CHOICE,	/* one of choices: an enum, its value the choice's index */
	TYPE_PATH,	/* char *, absolute */
	TYPE_URL,	/* char *, http or https */
	TYPE_TABLE,	/* char *, name of an nftables table */
	TYPE_GROUP,	/* char *, name of a group of the system */
	/* lists: any number of lines, most with any number of values */
	TYPE_LISTEN,
	TYPE_FORWARD,
	TYPE_INCLUDE,
	TYPE_SERVER,
	TYPE_INTERFACE,
	TYPE_MAC,
	TYPE_ADDRESS,
	TYPE_DHCP_NAME,
	TYPE_MEMBER,
	TYPE_NAME,
	TYPE_OWNER,
	TYPE_FOR,
	TYPE_LISTS,
	TYPE_POLICY_LISTS,
	TYPE_UPSTREAM,
	TYPE_ALLOW,
	TYPE_HOURS,
	TYPE_DENY,
	TYPE_FILL,
	TYPE_REACH,
	TYPE_HOSTS,
	TYPE_LEASES,
	TYPE_HOST,
	TYPE_CNAME,
	TYPE_SUFFIXES,
	TYPE_NETWORK,
	TYPE_NEVER,
	TYPE_BLOCK, /* opens block `opens` */
	TYPE_TYPES,
};

struct conf_option {
	enum conf_block_id block; /* where it stands */
	const char *name;
	const char *key; /* second word of the name: `keep lookups`; or NULL */
	enum conf_type type;
	enum conf_block_id opens;
	size_t at;	   /* offset of the value in the block's struct */
	uint64_t min, max; /* in the value's unit; of a path: bytes */
	const char *zero;  /* word for the value 0, which no number stands for; or NULL */
	const char *initial;	    /* default as it would be written; NULL: none */
	const char *initial_user;   /* the same where not started as root; NULL: no
				       difference */
	const char *initial_note;   /* default in words where it depends on something */
	const char *const *choices; /* ended by NULL */
	const char *args;    /* synopsis of what follows the name; NULL: the type tells */
	const char *example; /* values, where there is no default to show */
	const char *help;    /* sentences */
};

/** A kind of block. Structs of named blocks begin with `char *name`. */
struct conf_block {
	const char *name;
	bool named;	  /* has a name; else there is one at most */
	size_t at;	  /* in struct conf: the array's pointer, or the struct itself */
	size_t count_at;  /* of the array's count */
	size_t size;	  /* of one element */
	size_t place_at;  /* of its struct conf_place */
	size_t max;	  /* elements */
	const char *help; /* sentences */
	const char *example; /* of a named block: whole blocks; else lines inside it */
};

/** Largest number of rows of one block. */
#define CONF_BLOCK_OPTIONS_MAX 32

/** All rows; those of one block stand together. */
const struct conf_option *conf_options(size_t *count);

const struct conf_block *conf_block(enum conf_block_id id);

/** The row of this name, or the next one behind `after` of that name (`keep` has
 * several).
 *  @retval NULL none */
const struct conf_option *conf_option_find(enum conf_block_id block, const char *name,
					   const struct conf_option *after);

/** Number of the row within its block, below CONF_BLOCK_OPTIONS_MAX. */
unsigned conf_option_slot(const struct conf_option *o);

bool conf_type_is_scalar(enum conf_type t);

enum conf_scalar_result { SCALAR_OK, SCALAR_MALFORMED, SCALAR_OUT_OF_RANGE };

/** Read a scalar that is no path and no table, and store it in its block's struct;
 * nothing is stored unless SCALAR_OK. */
enum conf_scalar_result conf_scalar_read(const struct conf_option *o, const char *text,
					 void *block);

/** The same types as text, in buf. Returns buf. */
#define CONF_SCALAR_TEXT_MAX 32
const char *conf_scalar_text(const struct conf_option *o, const void *block, char *buf);

/** Text of a bound (min or max) of the row, in buf. Returns buf. */
const char *conf_bound_text(const struct conf_option *o, uint64_t bound, char *buf);

/** Set the scalars of a block's struct, but paths and tables, to their defaults. */
void conf_scalar_defaults(enum conf_block_id block, void *target);

#endif
