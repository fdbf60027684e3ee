/*
 * One generation of everything the children serve by: the configuration as texts and as
 * values, the sockets that it asks for, the index of lists built from it. Whole or not at all.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "daemon/listeners.h"
#include "lib/msg.h"

/** Read-only for all but generation.c, except index_fd, ranges_fd and local_fd. */
struct generation {
	uint32_t number; /* from 1 */
	struct conf_bundle *bundle;
	struct conf *conf;
	int bundle_fd;		     /* sealed memfd of the bundle */
	int index_fd;		     /* sealed memfd of the list index; -1: none was built */
	int ranges_fd;		     /* sealed memfd of refused lists' addresses; -1: none */
	int local_fd;		     /* sealed memfd of local data; -1: none */
	struct listeners *listeners; /* NULL until generation_bind */
	bool is_root;
	bool wants[ROLE_COUNT];	     /* processes it needs; the compiler is none of them */
};

/**
 * Load and parse; every error is printed to standard error in full.
 *
 * @param path     as for conf_bundle_load
 * @param is_root  without root no zone can be gated
 * @retval 0; -EINVAL errors were printed; negative errno, printed too
 */
int generation_load(const char *path, bool is_root, uint32_t number,
		    struct generation **out);

/** Parse anew with these lines of a bypass file (conf_bypass.h). On failure g is as before.
 *  @retval -ENOMEM, negative errno */
int generation_bypass(struct generation *g, const char *lines);

/** The same configuration and index as another generation's, with other lines.
 *  @retval negative errno */
int generation_again(const struct generation *of, const char *lines, bool is_root,
		     uint32_t number, struct generation **out);

/** Bind its sockets, keeping those of `old` (or NULL) that stay.
 *  @param why  of LISTENERS_WHY_MAX bytes. @retval negative errno; old is untouched */
int generation_bind(struct generation *g, const struct listeners *old, char *why);

/** Whether any zone is gated, wanted or not. */
bool generation_is_gated(const struct generation *g);

/** NULL is allowed. */
void generation_free(struct generation *g);

#endif
