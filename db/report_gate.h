/*
 * What the history knows of an address and of what the gate refused: the questions behind
 * `gate readiness`, `gate check` and `why ADDRESS`. A device here is the MAC address where
 * one is known, else the client's address, as in a lease. Knows nothing of configuration.
 *
 * All answer newest or most first (report_losses: device by device), at most 10,000 rows, -ENOTSUP where the file is of a
 * version without these tables. Times are integers, microseconds since 1970.
 */
#ifndef DB_REPORT_GATE_H
#define DB_REPORT_GATE_H

#include <stdint.h>

#include "db/report.h"

/**
 * Connections refused, or only observed, since then: one row for each device, interface,
 * destination, service and verdict. Columns:
 *   device, who, interface, dest, proto ("udp"), port, verdict, n
 *   name    that last led to dest, or null
 *   last    the newest of these connections
 *   own     the device's own newest lookup before `last` whose answer held dest, or null
 *   other   the same of any other device
 *   ttl     the longest TTL seen of a record that held dest, or null
 *   spread  to how many destinations this service was refused in all rows
 */
int report_losses(struct report *r, int64_t since_us, const struct report_out *out);

/** Refusals to one address: device, who, proto, port, verdict, n, last. */
int report_refused(struct report *r, const char *addr, int64_t since_us,
		   const struct report_out *out);

/** Lookups whose answer held the address: device, who, name, type, n, last, ttl. */
int report_told(struct report *r, const char *addr, int64_t since_us,
		const struct report_out *out);

/** Names that led to the address, whoever asked: name, last, n, ttl. */
int report_pdns(struct report *r, const char *addr, const struct report_out *out);

/** Who a client's address, or MAC address, was last: device, who, interface (of its newest refused
 *  connection, or null). No row: never seen. */
int report_device(struct report *r, const char *addr, const struct report_out *out);

#endif
