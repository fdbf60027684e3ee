/* Certificates, names and pins; see upstream_trust.h. */
#include "resolver/upstream_trust.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

/* Of TLS 1.2; all of 1.3 are so: what was recorded stays secret when a key gets known later
 * (RFC 9325 §4.2). */
#define CIPHERS_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct upstream_trust {
	SSL_CTX *ctx; /* owned */
};

/* --- the system's certificates ------------------------------------------------------ */

/** Add each certificate of the text; one that stands there twice is no error. */
static int add_certificates(X509_STORE *store, const char *ca, size_t len)
{
	BIO *from = BIO_new_mem_buf(ca, (int)len);
	size_t count = 0;
	X509 *x;

	if (!from)
		return -ENOMEM;
	while ((x = PEM_read_bio_X509(from, NULL, NULL, NULL))) {
		count += X509_STORE_add_cert(store, x) == 1;
		X509_free(x);
	}
	BIO_free(from);
	ERR_clear_error();
	return count ? 0 : -EBADMSG;
}

/** A session of the server's, in TLS 1.3 any time after the handshake. It becomes ours.
 */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **keep = SSL_get_app_data(ssl);

	SSL_SESSION_free(*keep);
	*keep = session;
	return 1;
}

int upstream_trust_new(const char *ca, size_t len, struct upstream_trust **out)
{
	struct upstream_trust *trust = calloc(1, sizeof(*trust));
	int rc = -ENOMEM;

	if (!trust)
		return -ENOMEM;
	/* no file is read: neither may we, nor shall what stands in one weaken this */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	trust->ctx = SSL_CTX_new(TLS_client_method());
	if (!trust->ctx || !SSL_CTX_set_min_proto_version(trust->ctx, TLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(trust->ctx, CIPHERS_1_2))
		goto err_free;
	SSL_CTX_set_options(trust->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(trust->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(trust->ctx, SSL_SESS_CACHE_CLIENT |
							   SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(trust->ctx, on_session);
	rc = ca ? add_certificates(SSL_CTX_get_cert_store(trust->ctx), ca, len) : 0;
	if (rc)
		goto err_free;
	*out = trust;
	return 0;

err_free:
	upstream_trust_free(trust);
	return rc;
}

void upstream_trust_free(struct upstream_trust *trust)
{
	if (!trust)
		return;
	SSL_CTX_free(trust->ctx);
	free(trust);
}

/* --- one connection ----------------------------------------------------------------- */

struct ssl_st *upstream_trust_begin(struct upstream_trust *trust,
				    const struct conf_tls *tls, int fd,
				    struct ssl_session_st **session)
{
	SSL *ssl = SSL_new(trust->ctx);

	if (!ssl)
		return NULL;
	/* a pinned key is compared after the handshake, so that is not broken off before
	 */
	SSL_set_verify(ssl, tls->pin_count ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
				       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	SSL_set_app_data(ssl, session);
	if (!SSL_set1_host(ssl, tls->name) || !SSL_set_tlsext_host_name(ssl, tls->name) ||
	    !SSL_set_fd(ssl, fd) || (*session && !SSL_set_session(ssl, *session))) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return ssl;
}

/** SHA-256 of SubjectPublicKeyInfo (RFC 7858 appendix A). */
static bool is_pinned(X509 *x, const struct conf_tls *tls)
{
	uint8_t digest[sizeof(tls->pins[0].sha256)], *der = NULL;
	unsigned digest_len = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool found = false;

	if (len <= 0)
		return false;
	if (EVP_Digest(der, (size_t)len, digest, &digest_len, EVP_sha256(), NULL) == 1)
		for (size_t i = 0; i < tls->pin_count; i++)
			found |= !memcmp(tls->pins[i].sha256, digest, sizeof(digest));
	OPENSSL_free(der);
	return found;
}

/** Words for what users meet; OpenSSL's own for the rest. */
static const char *verify_text(long code)
{
	switch (code) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return "its certificate is for another name";
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "its certificate has expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "its certificate is not yet valid: is the clock right?";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "its certificate is of an unknown authority";
	default:
		return X509_verify_cert_error_string(code);
	}
}

const char *upstream_trust_refuses(const struct ssl_st *ssl, const struct conf_tls *tls)
{
	X509 *x = SSL_get0_peer_certificate(ssl);

	if (!x)
		return "it has no certificate";
	if (tls->pin_count)
		return is_pinned(x, tls) ? NULL : "its key is none of those pinned";
	if (SSL_get_verify_result(ssl) != X509_V_OK)
		return verify_text(SSL_get_verify_result(ssl));
	return NULL;
}

const char *upstream_trust_why(const struct ssl_st *ssl)
{
	unsigned long code = ERR_peek_last_error();

	ERR_clear_error();
	if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		return verify_text(SSL_get_verify_result(ssl));
	return ERR_reason_error_string(code);
}
