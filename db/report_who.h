/* Questions about one name, one address or one client. */
#ifndef DB_REPORT_WHO_H
#define DB_REPORT_WHO_H

#include "db/report.h"

/** Who had to do with it: how, who, client, name, port, n, first, last; grouped by the first
 *  five, the latest first. Times are unix time in microseconds.
 *  Of a name (`*` for any characters): `asked`, `blocked`, and connections `refused` or
 *  `observed` to an address that it led to. Of an address: `told` (it was in an answer), and
 *  those connections.
 *  @param q  range and limit count
 *  @return results of report_log() */
int report_who_name(struct report *r, const char *pattern, const struct report_log *q,
		    const struct report_out *out);
/** @param addr  as addr_to_text() has it */
int report_who_addr(struct report *r, const char *addr, const struct report_log *q,
		    const struct report_out *out);

/** What is known of a client, its label or an address: topic, item, n, first, last, where a
 *  topic is address, mac, lookups, name, blocked or refused. No row: never seen.
 *  @param q  range counts; limit is of each topic */
int report_who_client(struct report *r, const char *client, const struct report_log *q,
		  const struct report_out *out);

#endif
