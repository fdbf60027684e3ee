/* A server of an upstream as a value; see conf_server.h. */
#include "conf/conf_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

/* Over TLS somebody else may answer than in the clear, or under another name. */
static bool same_tls(const struct conf_tls *a, const struct conf_tls *b)
{
	if (!a || !b)
		return !a && !b;
	return !strcmp(a->name, b->name) && a->pin_count == b->pin_count &&
	       (!a->pin_count ||
		!memcmp(a->pins, b->pins, a->pin_count * sizeof(a->pins[0])));
}

bool conf_server_equal(const struct conf_server *a, const struct conf_server *b)
{
	return addr_equal(&a->at.addr, &b->at.addr) && a->at.port == b->at.port &&
	       a->at.scope == b->at.scope && same_tls(a->tls, b->tls);
}

static void tls_free(struct conf_tls *tls)
{
	if (!tls)
		return;
	free(tls->name);
	free(tls->pins);
	free(tls);
}

static int tls_copy(const struct conf_tls *from, struct conf_tls **out)
{
	size_t pins_bytes = from->pin_count * sizeof(from->pins[0]);
	struct conf_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->name = strdup(from->name);
	tls->pins = pins_bytes ? malloc(pins_bytes) : NULL;
	if (!tls->name || (pins_bytes && !tls->pins)) {
		tls_free(tls);
		return -ENOMEM;
	}
	if (pins_bytes)
		memcpy(tls->pins, from->pins, pins_bytes);
	tls->pin_count = from->pin_count;
	*out = tls;
	return 0;
}

int conf_server_copy(const struct conf_server *from, struct conf_server *out)
{
	struct conf_tls *tls = NULL;
	int rc = from->tls ? tls_copy(from->tls, &tls) : 0;

	if (rc)
		return rc;
	*out = *from;
	out->tls = tls;
	return 0;
}

void conf_server_fini(struct conf_server *s)
{
	tls_free(s->tls);
	s->tls = NULL;
}
