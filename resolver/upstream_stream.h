/*
 * What questions by TCP and by TLS have in common: how to connect, and frames (RFC 1035
 * §4.2.2). Knows nothing of what happens to them.
 */
#ifndef RESOLVER_UPSTREAM_STREAM_H
#define RESOLVER_UPSTREAM_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "resolver/udp_pool.h"

struct upstream_try;

#define UPSTREAM_PAD 128 /* octets that a padded query is a multiple of, RFC 8467 §4.1  \
			  */
#define UPSTREAM_STREAM_FRAME_MAX (2 + UDP_POOL_QUERY_MAX + 4 + UPSTREAM_PAD)

/** The address that we would send from; family 0: no way leads there. Sends nothing. */
struct addr upstream_stream_source(const struct addr_port *to);

/** A connecting, non-blocking socket, owned by the caller; -1 and errno. */
int upstream_stream_connect(const struct addr_port *to);

/** Once fd can be written to: 0, or the error that the connection came to. */
int upstream_stream_error(int fd);

/** Write t's query as a frame, with t->id, without OPT if t->is_plain.
 *
 * @param pad  a multiple to fill it up to (RFC 7830), where it has an OPT; 0: as it is
 * @param to   UPSTREAM_STREAM_FRAME_MAX bytes at least
 * @return its length */
size_t upstream_stream_write(const struct upstream_try *t, size_t pad, uint8_t *to);

#endif
