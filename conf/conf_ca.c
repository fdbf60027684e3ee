/* The certificates by which servers are believed: read by those who may read files,
 * carried in the bundle to those who may not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "conf/conf_bundle.h"
#include "conf/conf_errors.h"
#include "conf/conf_file.h"

static bool is_by_certificate(const struct conf_server *s)
{
	return s->tls && !s->tls->pin_count;
}

bool conf_wants_ca(const struct conf *c)
{
	for (size_t i = 0; i < c->upstream_count; i++)
		for (size_t j = 0; j < c->upstreams[i].server_count; j++)
			if (is_by_certificate(&c->upstreams[i].servers[j]))
				return true;
	return false;
}

static const char *why_unreadable(int rc)
{
	switch (rc) {
	case -EMEDIUMTYPE:
		return "it is not a regular file";
	case -E2BIG:
		return "it is too long";
	default:
		return strerror(-rc);
	}
}

int conf_bundle_add_ca(struct conf_bundle *b, const struct conf *c,
		       struct conf_errors *errors)
{
	static const char hint[] =
		"Debian's are in the package ca-certificates; a pinned "
		"key needs none: server ADDRESS tls NAME pin sha256/KEY";
	const struct conf_spot nowhere = {0};
	char *text = NULL;
	size_t len = 0;
	struct stat st;
	int rc;

	if (!conf_wants_ca(c))
		return 0;
	rc = conf_file_read(c->ca_certificates, CONF_CA_BYTES_MAX, &text, &len, &st);
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		conf_errors_add(errors, &nowhere, hint,
				"cannot read ca-certificates '%s': %s",
				c->ca_certificates, why_unreadable(rc));
		return -EINVAL;
	}
	if (strlen(text) != len || !strstr(text, "-----BEGIN CERTIFICATE-----")) {
		conf_errors_add(errors, &nowhere, hint,
				"ca-certificates '%s' has no certificate in PEM",
				c->ca_certificates);
		free(text);
		return -EINVAL;
	}
	free(b->ca);
	b->ca = text;
	return 0;
}
