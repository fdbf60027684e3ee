/*
 * A DNS over TLS server that is well or misbehaves, in processes of its own: one that
 * accepts, one for each connection. Knows nothing of the code under test.
 */
#ifndef SUPPORT_DOT_SERVER_H
#define SUPPORT_DOT_SERVER_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct pki_cert;

/** Shared with the server's processes, which only add. */
struct dot_counts {
	unsigned connections, handshakes, resumed, tls13;
	unsigned queries, unpadded; /* unpadded: no multiple of 128 octets */
	unsigned most_waiting; /* queries read before the first of them was answered */
};

struct dot_server {
	pid_t pid;
	uint16_t port;
	struct dot_counts *counts; /* owned */
};

/** Serve on address, on a free port if port is 0.
 *  @param behaviour  see dot_list_behaviours
 *  @retval negative errno; -ENOENT no such behaviour */
int dot_open(const char *address, uint16_t port, const char *behaviour,
	     const struct pki_cert *cert, struct dot_server *out);

/** End its processes. */
void dot_close(struct dot_server *s);

void dot_list_behaviours(FILE *to);

#endif
