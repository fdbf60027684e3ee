/*
 * The inside of a bundle: the texts a configuration consists of, with their names and
 * which line included them. For the loader, the parser and tests.
 */
#ifndef CONF_CONF_BUNDLE_H
#define CONF_CONF_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"


#define CONF_BUNDLE_FILES_MAX  256
#define CONF_BUNDLE_BYTES_MAX  4194304 /* all texts and names */
#define CONF_CA_BYTES_MAX      2097152
#define CONF_INCLUDE_DEPTH_MAX 8

#define CONF_NO_PARENT UINT32_MAX

struct conf_file {
	char *name; /* owned */
	char *text; /* owned; len bytes and a NUL; may hold NULs */
	size_t len;
	uint32_t index; /* in the bundle */
	uint32_t
		parent; /* index of the file that includes it, less than index, or none */
	uint32_t line;	/* of that include directive */
	bool generated; /* written by the loader, not by a person */
};

struct conf_bundle {
	struct conf_file *files; /* owned; [0] is the main file */
	size_t file_count;
	size_t bytes;
	char *folder; /* owned; relative paths begin here: "/home/x"; "": they stay
			 relative */
	bool root;    /* started as root: decides between two sets of defaults */
	uint32_t accounts[CONF_ACCOUNTS_MAX]; /* of processes that talk to the Internet */
	uint32_t account_count;
	char *bypass; /* owned; lines of conf_bypass.h; NULL: none */
	char *ca;     /* owned; certificates as PEM; NULL: none are needed */
	bool partial; /* a file is missing: what it would have defined is not */
};

/** An empty bundle. @retval NULL no memory */
struct conf_bundle *conf_bundle_new(const char *folder, bool root);

/** Append a file; name and text are copied.
 *  @retval -E2BIG too many files or bytes; -EINVAL empty name; -ENOMEM; nothing is
 * appended */
int conf_bundle_add(struct conf_bundle *b, const char *name, const char *text, size_t len,
		    uint32_t parent, uint32_t line);

/** Where the loader looks; all are borrowed. */
struct conf_paths {
	const char *main;     /* used when the caller names no file */
	const char *drop_ins; /* a pattern, read after it in the order of strcmp */
	const char *resolv;   /* as resolv.conf(5) */
	bool root;
};

/** conf_bundle_load with other paths than the system's. */
int conf_bundle_load_from(const struct conf_paths *paths, const char *path,
			  struct conf_bundle **out, struct conf_errors *errors);

#endif
