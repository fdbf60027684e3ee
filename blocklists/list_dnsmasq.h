/*
 * Lines of dnsmasq's and SmartDNS's configuration -> entries. Knows nothing of files.
 */
#ifndef BLOCKLISTS_LIST_DNSMASQ_H
#define BLOCKLISTS_LIST_DNSMASQ_H

#include "blocklists/list_line.h"

/** As list_line_next, for a line begun with list_line_start whose text list_line_clean has
 *  cleaned. "address=/x/...", "local=/x/" and "server=/x/" are x and all below it. */
enum list_line_kind list_dnsmasq_next(struct list_line *l, struct list_entry *out);

#endif
