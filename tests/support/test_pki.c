/* Certificates for tests; see test_pki.h. */
#include "tests/support/test_pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static void must(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "test_pki: cannot %s\n", what);
	abort();
}

static void add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(e && X509_add_ext(x, e, -1), "add an extension");
	X509_EXTENSION_free(e);
}

struct pki_cert pki_make(const struct pki_cert *signer, const char *name, long from_s,
			 long until_s)
{
	struct pki_cert c = {.cert = X509_new(), .key = EVP_EC_gen("P-256")};
	X509_NAME *subject = X509_NAME_new();
	char alt[256];
	uint32_t serial;

	must(c.cert && c.key && subject &&
		     RAND_bytes((void *)&serial, sizeof(serial)) == 1,
	     "make a key");
	snprintf(alt, sizeof(alt), "DNS:%s", name);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1,
				   -1, 0);
	X509_set_version(c.cert, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(c.cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(c.cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(c.cert), until_s);
	X509_set_subject_name(c.cert, subject);
	X509_set_issuer_name(c.cert,
			     signer ? X509_get_subject_name(signer->cert) : subject);
	X509_set_pubkey(c.cert, c.key);
	add_extension(c.cert, NID_subject_alt_name, alt);
	add_extension(c.cert, NID_basic_constraints,
		      signer ? "CA:FALSE" : "critical,CA:TRUE");
	must(X509_sign(c.cert, signer ? signer->key : c.key, EVP_sha256()) > 0, "sign");
	X509_NAME_free(subject);
	return c;
}

void pki_free(struct pki_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

void pki_print(const struct pki_cert *c, bool with_key, FILE *to)
{
	if (with_key)
		PEM_write_PrivateKey(to, c->key, NULL, NULL, 0, NULL, NULL);
	PEM_write_X509(to, c->cert);
}

const char *pki_pin(const struct pki_cert *c, char buf[PKI_PIN_MAX])
{
	uint8_t *der = NULL, digest[32];
	int len = i2d_PUBKEY(c->key, &der);

	must(len > 0 &&
		     EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1,
	     "hash a key");
	strcpy(buf, "sha256/");
	EVP_EncodeBlock((uint8_t *)buf + 7, digest, sizeof(digest));
	OPENSSL_free(der);
	return buf;
}
