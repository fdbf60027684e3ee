/*
 * Whom to believe over TLS: the certificates of the system, a server's name, its pinned
 * keys (RFC 8310 §8.1). There is no opportunistic mode: a server that is not who it
 * should be is not asked. Knows nothing of sockets, questions or time.
 */
#ifndef RESOLVER_UPSTREAM_TRUST_H
#define RESOLVER_UPSTREAM_TRUST_H

#include <stdbool.h>
#include <stddef.h>

struct conf_tls;
struct ssl_session_st;
struct ssl_st;
struct upstream_trust;

/** What all connections share. Of the certificates only their subjects are read here: to read
 * all 144 of a system whole takes 30 to 80 ms, in which nobody would be answered. A
 * whole one is read when a server's certificate leads to it.
 *
 * @param ca      certificates as PEM, borrowed for the call; NULL: none, for pins alone
 * @retval -EBADMSG  no certificate is in it; -ENOMEM */
int upstream_trust_new(const char *ca, size_t len, struct upstream_trust **out);

/** One reference more. Returns trust; NULL is allowed. */
struct upstream_trust *upstream_trust_ref(struct upstream_trust *trust);

/** One reference less; the last one frees. NULL is allowed. */
void upstream_trust_free(struct upstream_trust *trust);

/** It was made of this very text. */
bool upstream_trust_is_of(const struct upstream_trust *trust, const char *ca, size_t len);

/** The client's end of one connection on fd, freed with SSL_free; TLS 1.2 at least.
 *
 * @param tls      borrowed, outlives it
 * @param session  the last session of this server or NULL; it is resumed, and replaced by
 *                 each one that the server gives. Outlives the connection
 * @retval NULL  no memory */
struct ssl_st *upstream_trust_begin(struct upstream_trust *trust,
				    const struct conf_tls *tls, int fd,
				    struct ssl_session_st **session);

/** After the handshake, before the first byte is sent: why this server is not believed, a
 *  static text; NULL: it is. With pins its own key decides, and neither name nor date nor
 *  who signed it; else all of these. */
const char *upstream_trust_refuses(const struct ssl_st *ssl, const struct conf_tls *tls);

/** Why a handshake has failed: a static text, or NULL where OpenSSL does not say. Empties
 *  its queue of errors. */
const char *upstream_trust_why(const struct ssl_st *ssl);

#endif
