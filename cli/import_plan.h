/*
 * What another program's configuration becomes: lines of a configuration of ours, and a row
 * for each line of theirs that says what came of it. Knows nothing of files.
 */
#ifndef CLI_IMPORT_PLAN_H
#define CLI_IMPORT_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/text_buf.h"

#define IMPORT_ROWS_MAX	    200000 /* more is refused */
#define IMPORT_UPSTREAMS_MAX 64

enum import_fate { IMPORT_TAKEN, IMPORT_NEEDLESS, IMPORT_UNMAPPED, IMPORT_FATES };

struct import_row {
	const char *from; /* borrowed: the file; outlives the plan */
	size_t line;	  /* 0: has none */
	char *text;	  /* owned, of the other program, hostile */
	const char *note; /* borrowed: static, or NULL */
	enum import_fate fate;
};

/** Parts of our configuration, in the order in which they are written. */
enum import_part {
	IMPORT_UPSTREAMS, /* whole blocks and forward lines */
	IMPORT_SERVERS,	  /* lines inside the block of the general upstream */
	IMPORT_LOCAL,	  /* lines inside the block `local` */
	IMPORT_HOSTS,	  /* host and cname lines */
	IMPORT_DEVICES,	  /* whole blocks */
	IMPORT_LISTS,	  /* whole blocks */
	IMPORT_BLOCKED,	  /* lines inside the list of names to block */
	IMPORT_ALLOWED,	  /* and to allow */
	IMPORT_REBIND,	  /* lines inside `rebind` */
	IMPORT_FILLS,	  /* lines inside `gate` */
	IMPORT_PARTS,
};

/** Zeroed at start. */
struct import_plan {
	struct import_row *rows; /* owned */
	size_t row_count, row_room;
	size_t fates[IMPORT_FATES];
	struct text_buf parts[IMPORT_PARTS];
	char suffix[256];  /* of the block `local`; "": home.arpa */
	char upstreams[IMPORT_UPSTREAMS_MAX][80]; /* "imported-1" is [0], by its server */
	size_t upstream_count, list_count;
	struct text_buf block, allow; /* names of lists, each behind a space */
	bool failed; /* no memory, or too many rows */
};

/** Note what became of a line; a taken one should have added to a part. text is copied. */
void import_note(struct import_plan *p, const char *from, size_t line, const char *text,
		 enum import_fate fate, const char *note);

/** Add a line of these words to a part, separated by spaces. */
#define import_add(p, part, ...) \
	import_add_words(p, part, (const char *const[]){ __VA_ARGS__, NULL })
void import_add_words(struct import_plan *p, enum import_part part,
		      const char *const *words);

/** The name of an upstream with only this server ("192.0.2.1:53"), made at need.
 *  @return NULL if there are too many */
const char *import_upstream(struct import_plan *p, const char *server, char buf[32]);

/** A domain name as our configuration writes it, in buf of 256 bytes: lower case, no final
 *  dot. @return NULL: not a name, or one of characters that need quoting */
const char *import_name(const char *text, size_t len, char buf[256]);

/** A list of ours that fetches a URL, for the policy to block, or to allow.
 *  @return what is wrong with it, or NULL */
const char *import_list(struct import_plan *p, const char *name, const char *url, bool allows);

/** A name, by import_name(), with all below for IMPORT_BLOCKED or IMPORT_ALLOWED. */
void import_subtree(struct import_plan *p, enum import_part part, const char *name);

/** Whether a path can be written as it is. */
bool import_is_plain_path(const char *path);

/** The configuration as text, the same for the same rows; "" with nothing in it. */
void import_text(const struct import_plan *p, const char *program, struct text_buf *out);

/** What each text of ours begins with. */
#define IMPORT_MARK "# Made by nameward import"

void import_fini(struct import_plan *p);

#endif
