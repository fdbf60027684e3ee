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

#define DIGEST_BYTES 32

/* One of the system's certificates, not read yet but for whose it is. */
struct anchor {
	X509_NAME *subject; /* owned */
	uint8_t *der;	    /* owned, by OpenSSL's allocator; NULL: it is in the store */
	long len;
};

struct upstream_trust {
	unsigned refs;
	SSL_CTX *ctx;		   /* owned */
	struct anchor *anchors;	   /* owned */
	size_t count;
	uint8_t digest[DIGEST_BYTES]; /* SHA-256 of the text */
};

/* --- the system's certificates ------------------------------------------------------ */

/** Step over one element, or into it. False: malformed. */
static bool der_step(const uint8_t **at, const uint8_t *end, bool into)
{
	long len;
	int tag, class;

	if (*at >= end || (ASN1_get_object(at, &len, &tag, &class, end - *at) & 0x81))
		return false; /* 0x80: an error; 1: of indefinite length, as BER has it */
	if (!into)
		*at += len;
	return true;
}

/** The subject of a certificate (RFC 5280 §4.1), NULL if it is none. */
static X509_NAME *read_subject(const uint8_t *der, long len)
{
	const uint8_t *at = der, *end = der + len;
	const unsigned version = V_ASN1_CONTEXT_SPECIFIC | V_ASN1_CONSTRUCTED;
	bool good = der_step(&at, end, true) && der_step(&at, end, true);

	if (good && at < end && *at == version)
		good = der_step(&at, end, false);
	for (unsigned i = 0; good && i < 4; i++) /* serial, signature, issuer, validity */
		good = der_step(&at, end, false);
	return good && at < end ? d2i_X509_NAME(NULL, &at, end - at) : NULL;
}

/** Keep der, which becomes ours, if it is a certificate. */
static int add_anchor(struct upstream_trust *trust, uint8_t *der, long len)
{
	X509_NAME *subject = read_subject(der, len);
	struct anchor *more;

	if (!subject) {
		OPENSSL_free(der);
		return 0;
	}
	more = realloc(trust->anchors, (trust->count + 1) * sizeof(*more));
	if (!more) {
		X509_NAME_free(subject);
		OPENSSL_free(der);
		return -ENOMEM;
	}
	trust->anchors = more;
	trust->anchors[trust->count++] = (struct anchor){ subject, der, len };
	return 0;
}

static int add_anchors(struct upstream_trust *trust, const char *ca, size_t len)
{
	BIO *from = BIO_new_mem_buf(ca, (int)len);
	char *label, *header;
	uint8_t *der;
	long der_len;
	int rc = 0;

	if (!from)
		return -ENOMEM;
	while (!rc && PEM_read_bio(from, &label, &header, &der, &der_len)) {
		if (!strcmp(label, PEM_STRING_X509) || !strcmp(label, PEM_STRING_X509_OLD))
			rc = add_anchor(trust, der, der_len);
		else
			OPENSSL_free(der);
		OPENSSL_free(label);
		OPENSSL_free(header);
	}
	BIO_free(from);
	ERR_clear_error();
	return rc ? rc : trust->count ? 0 : -EBADMSG;
}

/** Read whole what may have signed for this issuer, and what may have signed that. */
static void add_issuers(struct upstream_trust *trust, X509_STORE *store,
			const X509_NAME *issuer)
{
	for (size_t i = 0; i < trust->count; i++) {
		struct anchor *a = &trust->anchors[i];
		const uint8_t *at = a->der;
		X509 *x;

		if (!a->der || X509_NAME_cmp(a->subject, issuer) != 0)
			continue;
		x = d2i_X509(NULL, &at, a->len);
		OPENSSL_free(a->der);
		a->der = NULL; /* once */
		if (x && X509_STORE_add_cert(store, x))
			add_issuers(trust, store, X509_get_issuer_name(x));
		X509_free(x);
	}
}

/** In place of OpenSSL's own step, which comes last. */
static int on_verify(X509_STORE_CTX *ctx, void *arg)
{
	struct upstream_trust *trust = arg;
	X509_STORE *store = X509_STORE_CTX_get0_store(ctx);
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(ctx);

	add_issuers(trust, store, X509_get_issuer_name(X509_STORE_CTX_get0_cert(ctx)));
	for (int i = 0; i < sk_X509_num(sent); i++)
		add_issuers(trust, store, X509_get_issuer_name(sk_X509_value(sent, i)));
	ERR_clear_error();
	return X509_verify_cert(ctx);
}

static bool digest_of(const char *ca, size_t len, uint8_t *digest)
{
	return EVP_Digest(ca, len, digest, NULL, EVP_sha256(), NULL) == 1;
}

static int set_anchors(struct upstream_trust *trust, const char *ca, size_t len)
{
	int rc = ca ? add_anchors(trust, ca, len) : 0;

	if (!rc && !digest_of(ca ? ca : "", len, trust->digest))
		rc = -ENOMEM;
	return rc;
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
	trust->refs = 1;
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
	SSL_CTX_set_cert_verify_callback(trust->ctx, on_verify, trust);
	rc = set_anchors(trust, ca, len);
	if (rc)
		goto err_free;
	*out = trust;
	return 0;

err_free:
	upstream_trust_free(trust);
	return rc;
}

struct upstream_trust *upstream_trust_ref(struct upstream_trust *trust)
{
	if (trust)
		trust->refs++;
	return trust;
}

void upstream_trust_free(struct upstream_trust *trust)
{
	if (!trust || --trust->refs)
		return;
	SSL_CTX_free(trust->ctx);
	for (size_t i = 0; i < trust->count; i++) {
		X509_NAME_free(trust->anchors[i].subject);
		OPENSSL_free(trust->anchors[i].der);
	}
	free(trust->anchors);
	free(trust);
}

bool upstream_trust_is_of(const struct upstream_trust *trust, const char *ca, size_t len)
{
	uint8_t digest[DIGEST_BYTES];

	return digest_of(ca ? ca : "", len, digest) &&
	       !memcmp(digest, trust->digest, sizeof(digest));
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
