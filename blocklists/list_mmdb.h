/*
 * Tables of owners in MaxMind's format, by libmaxminddb: the owner of an address, and all
 * networks with theirs. The file is copied first, so that nobody cuts it under our hands.
 * Knows nothing of lists.
 */
#ifndef BLOCKLISTS_LIST_MMDB_H
#define BLOCKLISTS_LIST_MMDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocklists/list_owner.h"
#include "blocklists/list_span.h"

#define LIST_MMDB_MAX (256ull << 20) /* bytes */
#define LIST_MMDB_S   60	     /* that walking one may take */

struct list_mmdb;

/** Whether a file (a descriptor of a regular one, or with fd -1 bytes) ends as such tables do. */
bool list_mmdb_is(int fd, const void *bytes, size_t len);

/** Open one; what is given is borrowed for the call alone.
 *  @retval -EBADMSG    damaged, cut, or of a version that libmaxminddb does not know
 *  @retval -EOVERFLOW  over LIST_MMDB_MAX
 *  @retval -ENOMEM, -errno of copying it */
int list_mmdb_open(int fd, const void *bytes, size_t len, struct list_mmdb **out);

void list_mmdb_close(struct list_mmdb *m);

/** An owner with room for the texts that it borrows from the table; may not be copied. */
struct list_mmdb_owner {
	struct list_owner owner;
	struct list_owner_text texts[2];
};

/** @retval true  out is filled; false: nobody is known, or the table is damaged there */
bool list_mmdb_find(const struct list_mmdb *m, const struct addr *a,
		    struct list_mmdb_owner *out);

/** A network of the table. @param kind  LINE_SPAN, or why span is not filled
 *  @return anything but 0 ends the walk */
struct list_mmdb_sink {
	int (*network)(void *arg, enum list_line_kind kind, const struct list_span *span,
		       const struct list_owner *owner);
	void *arg;
};

/** All networks in the order of addresses; IPv4 comes once, whatever else leads to it.
 *  @retval -EBADMSG  damaged: what was handed out before may be wrong too
 *  @retval -ETIME    not done after LIST_MMDB_S
 *  @return or what the sink returned */
int list_mmdb_walk(const struct list_mmdb *m, const struct list_mmdb_sink *sink);

#endif
