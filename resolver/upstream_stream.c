/* Connections and frames; see upstream_stream.h. */
#include "resolver/upstream_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/util.h"
#include "resolver/upstream_try.h"

#define OPT_RDLEN      9 /* from its begin; its name is the root */
#define OPTION_PADDING 12

struct addr upstream_stream_source(const struct addr_port *to)
{
	struct addr_port source = { 0 };
	struct sockaddr_storage sa;
	socklen_t len = addr_port_to_sockaddr(to, &sa);
	int fd = socket(to->addr.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return source.addr;
	if (!connect(fd, (struct sockaddr *)&sa, len)) {
		len = sizeof(sa);
		if (!getsockname(fd, (struct sockaddr *)&sa, &len))
			addr_port_from_sockaddr((struct sockaddr *)&sa, &source);
	}
	close(fd);
	return source.addr;
}

int upstream_stream_connect(const struct addr_port *to)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_port_to_sockaddr(to, &sa);
	int one = 1;
	int fd = socket(to->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (struct sockaddr *)&sa, len) && errno != EINPROGRESS) {
		int err = errno;

		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int upstream_stream_error(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) ? errno : err;
}

/** Append an option of zeros to the OPT, the last record of the query of len bytes. */
static size_t write_padding(uint8_t *query, size_t len, size_t opt, size_t pad)
{
	size_t fill = (pad - (len + 4) % pad) % pad;
	uint8_t *rdlen = query + opt + OPT_RDLEN;

	store_be16(query + len, OPTION_PADDING);
	store_be16(query + len + 2, (uint16_t)fill);
	memset(query + len + 4, 0, fill);
	store_be16(rdlen, (uint16_t)(load_be16(rdlen) + 4 + fill));
	return len + 4 + fill;
}

size_t upstream_stream_write(const struct upstream_try *t, size_t pad, uint8_t *to)
{
	const struct upstream_wire *w = t->wire;
	size_t len = t->is_plain ? w->plain_len : w->len;
	uint8_t *query = to + 2;

	memcpy(query, w->bytes, len);
	store_be16(query, t->id);
	if (t->is_plain)
		store_be16(query + 10, 0); /* ARCOUNT: the OPT was all there was */
	if (pad && w->plain_len < len)
		len = write_padding(query, len, w->plain_len, pad);
	store_be16(to, (uint16_t)len);
	return 2 + len;
}
