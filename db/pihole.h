/*
 * Pi-hole's gravity.db, read: the lists it fetches, names allowed and denied, clients and
 * groups. Knows nothing of what becomes of them.
 */
#ifndef DB_PIHOLE_H
#define DB_PIHOLE_H

#include <stdbool.h>
#include <stdint.h>

enum pihole_kind { PIHOLE_LIST, PIHOLE_DOMAIN, PIHOLE_CLIENT, PIHOLE_GROUP };

/** Types of a domain. */
enum pihole_domain { PIHOLE_ALLOW, PIHOLE_DENY, PIHOLE_ALLOW_REGEX, PIHOLE_DENY_REGEX };

struct pihole_row {
	enum pihole_kind kind;
	int64_t id;
	int64_t type;	  /* of a domain; of a list: 0 denies, 1 allows */
	const char *text; /* URL, name, expression, address, name of the group; borrowed for
			     the call, hostile */
	bool is_enabled;
	bool is_for_all; /* it belongs to the group that all clients are in */
};

/** Give every row to a callback, which returns 0 to go on; by kind, then id. Rows of the
 *  group "Default" itself are left out.
 *  @retval -ENOENT, -EACCES; -EMEDIUMTYPE it is another database; -EUCLEAN, -EIO, -ENOMEM;
 *          what the callback returned */
int pihole_read(const char *path, int (*row)(void *arg, const struct pihole_row *row),
		void *arg);

#endif
