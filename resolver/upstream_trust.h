/*
 * Whom to believe over TLS: the certificates of the system, a server's name, its pinned
 * keys (RFC 8310 §8.1). There is no opportunistic mode: a server that is not who it
 * should be is not asked. Knows nothing of sockets, questions or time.
 */
#ifndef RESOLVER_UPSTREAM_TRUST_H
#define RESOLVER_UPSTREAM_TRUST_H

#include <stddef.h>

struct conf_tls;
struct ssl_session_st;
struct ssl_st;
struct upstream_trust;

/** What all connections share.
 *
 * @param ca      certificates as PEM, borrowed for the call; NULL: none, for pins alone
 * @retval -EBADMSG  no certificate is in it; -ENOMEM */
int upstream_trust_new(const char *ca, size_t len, struct upstream_trust **out);

/** NULL is allowed. */
void upstream_trust_free(struct upstream_trust *trust);

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
