/*
 * Gathers local data and writes their image. Pure but for the write; knows nothing of the
 * files that they come from.
 *
 * Who comes first holds a name: add the configuration's lines, then hosts files, then leases.
 * A name that a better source has takes nothing from a worse one, so that no client becomes
 * somebody else by what it calls itself.
 */
#ifndef LOCAL_LOCAL_BUILD_H
#define LOCAL_LOCAL_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

struct local_builder;

/** From the best to the worst. */
enum local_rank { RANK_CONF, RANK_HOSTS, RANK_LEASES };

/** Where something comes from, and how long it holds. */
struct local_origin {
	const char *path; /* copied */
	uint32_t line;
	enum local_rank rank;
	uint32_t ttl_s;
	int64_t until_s; /* wall clock; 0: for ever */
	uint64_t owner;	 /* of RANK_LEASES: the client; it alone adds to the name */
};

int local_builder_new(struct local_builder **out);

/** NULL is allowed. */
void local_builder_free(struct local_builder *b);

/** Add a record. Left out and counted is what a better source or another client holds, what
 *  is there already, what makes a CNAME share its name, and what is beyond the limits of
 *  local_image.h.
 *  @param name  lower case
 *  @param type  A (1), AAAA (28), CNAME (5) or PTR (12)
 *  @param data  4 or 16 bytes, or a name's wire form in lower case
 *  @retval 0; -ENOMEM */
int local_builder_add(struct local_builder *b, const struct dname *name, unsigned type,
		      const void *data, size_t len, const struct local_origin *o);

/** Add the names between a name and a suffix above it, and the suffix, without records: that
 *  they exist follows from what is below. @retval 0; -ENOMEM */
int local_builder_add_above(struct local_builder *b, const struct dname *name,
			    const struct dname *suffix);

/** What a client is called; the first for its address counts.
 *  @param mac   NULL: addr is meant
 *  @param text  1 to 63 letters of lower case, digits, '-', '_'
 *  @retval 0; -ENOMEM */
int local_builder_add_label(struct local_builder *b, const struct mac *mac,
			    const struct addr *addr, const char *text,
			    const struct local_origin *o);

struct local_build_stats {
	size_t names, records, labels;
	size_t held; /* left out: the name is another's */
	size_t full; /* left out: beyond a limit */
};
void local_builder_get_stats(const struct local_builder *b, struct local_build_stats *out);

/** Write the image to a descriptor, from its start. @retval 0; -EFBIG; negative errno */
int local_builder_write(struct local_builder *b, int fd);

#endif
