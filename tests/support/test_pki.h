/* Authorities, certificates and keys made on the spot. A step that fails ends the
 * program. */
#ifndef SUPPORT_TEST_PKI_H
#define SUPPORT_TEST_PKI_H

#include <stdbool.h>
#include <stdio.h>

struct evp_pkey_st;
struct x509_st;

#define PKI_PIN_MAX 64
#define PKI_DAY_S   86400L

struct pki_cert {
	struct x509_st *cert;	 /* owned */
	struct evp_pkey_st *key; /* owned */
};

/** A certificate that is valid from and until so many seconds from now.
 *  @param signer  NULL: signed by itself; then it may sign others */
struct pki_cert pki_make(const struct pki_cert *signer, const char *name, long from_s,
			 long until_s);
void pki_free(struct pki_cert *c);

/** As PEM; with_key: the key before it. */
void pki_print(const struct pki_cert *c, bool with_key, FILE *to);

/** sha256/BASE64 of its public key, by OpenSSL's base64. Returns buf. */
const char *pki_pin(const struct pki_cert *c, char buf[PKI_PIN_MAX]);

#endif
