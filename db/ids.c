/* Ids of clients and outcomes; see ids.h. */
#include "db/ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db/idcache.h"
#include "db/privacy.h"
#include "db/store.h"
#include "db/text.h"
#include "lib/addr.h"
#include "lib/hash.h"
#include "lib/msg.h"

#define CLASS_IN     1
#define MEMO_ENTRIES 4096
#define KEY_MAX	     (sizeof(struct msg_lookup) + 3 * 255)

struct ids {
	struct dict *dicts[DICT_COUNT];	   /* owned */
	struct idcache *clients, *outcomes; /* owned; hash of a message's bytes to id */
	struct hash_key key;
};

int ids_open(struct store *s, struct ids **out)
{
	struct ids *ids = calloc(1, sizeof(*ids));
	int rc = 0;

	if (!ids)
		return -ENOMEM;
	hash_key_init(&ids->key);
	ids->clients = idcache_new(MEMO_ENTRIES);
	ids->outcomes = idcache_new(MEMO_ENTRIES);
	if (!ids->clients || !ids->outcomes)
		rc = -ENOMEM;
	for (unsigned i = 0; i < DICT_COUNT && !rc; i++)
		rc = dict_open(s, (enum dict_kind)i, &ids->dicts[i]);
	if (rc) {
		ids_close(ids);
		return rc;
	}
	*out = ids;
	return 0;
}

void ids_close(struct ids *ids)
{
	if (!ids)
		return;
	for (unsigned i = 0; i < DICT_COUNT; i++)
		dict_close(ids->dicts[i]);
	idcache_free(ids->clients);
	idcache_free(ids->outcomes);
	free(ids);
}

struct dict *ids_dict(struct ids *ids, enum dict_kind kind)
{
	return ids->dicts[kind];
}

void ids_forget_messages(struct ids *ids)
{
	idcache_clear(ids->clients);
	idcache_clear(ids->outcomes);
}

void ids_settle(struct ids *ids, int rc)
{
	for (unsigned i = 0; i < DICT_COUNT; i++) {
		if (rc)
			dict_rolled_back(ids->dicts[i]);
		else
			dict_committed(ids->dicts[i]);
	}
	if (rc)
		ids_forget_messages(ids);
}

/* --- clients ------------------------------------------------------------------------ */

static struct dict_value text_value(const char *text)
{
	return (struct dict_value){ .text = text, .len = strlen(text) };
}

static struct dict_value number_or_null(int64_t id)
{
	return (struct dict_value){ .number = id ? id : DICT_NULL };
}

/* *id is 0 where neither MAC address nor label is known. */
static int device_id(struct ids *ids, const struct mac *mac, const char *label, int64_t *id)
{
	char mac_text[MAC_TEXT_MAX];
	struct dict_value values[2] = { { .number = DICT_NULL }, { .number = DICT_NULL } };

	*id = 0;
	if (mac)
		values[0] = text_value(mac_to_text(mac, mac_text));
	if (*label)
		values[1] = text_value(label);
	if (!values[0].text && !values[1].text)
		return 0;
	return dict_id(ids->dicts[DICT_DEVICE], values, id);
}

int ids_client(struct ids *ids, const struct addr *addr, const struct mac *mac,
	       const char *label, int64_t *id)
{
	char text[ADDR_TEXT_MAX];
	struct dict_value values[2];
	int64_t device;
	int rc = device_id(ids, mac, label, &device);

	if (rc)
		return rc;
	values[0] = text_value(privacy_client_text(addr, text));
	values[1] = number_or_null(device);
	return dict_id(ids->dicts[DICT_CLIENT], values, id);
}

int ids_client_of(struct ids *ids, const struct msg_lookup *m, int64_t *id)
{
	const char *texts = (const char *)m->data + m->qname_len;
	uint8_t key[KEY_MAX], *p = key;
	char label[256];
	uint64_t hash;
	int rc;

	p = mempcpy(p, &m->client, sizeof(m->client));
	*p++ = m->has_mac;
	if (m->has_mac)
		p = mempcpy(p, &m->mac, sizeof(m->mac));
	p = mempcpy(p, texts, m->device_len);
	hash = hash_bytes(&ids->key, key, (size_t)(p - key));
	if (idcache_find(ids->clients, hash, id)) {
		dict_sweep_use(ids->dicts[DICT_CLIENT], *id);
		return 0;
	}
	text_clean(label, sizeof(label), texts, m->device_len);
	rc = ids_client(ids, &m->client, m->has_mac ? &m->mac : NULL, label, id);
	if (!rc)
		idcache_put(ids->clients, hash, *id);
	return rc;
}

/* --- outcomes ----------------------------------------------------------------------- */

static int upstream_id(struct ids *ids, const struct addr *addr, int64_t *id)
{
	char text[ADDR_TEXT_MAX];
	struct dict_value value;

	*id = 0;
	if (!addr->family)
		return 0;
	value = text_value(addr_to_text(addr, text));
	return dict_id(ids->dicts[DICT_UPSTREAM], &value, id);
}

static int rule_id(struct ids *ids, const struct msg_lookup *m, const char *list_at,
		   int64_t *id)
{
	char list[256], pattern[256];
	struct dict_value values[2];

	*id = 0;
	if (!m->list_len)
		return 0;
	text_clean(list, sizeof(list), list_at, m->list_len);
	text_clean(pattern, sizeof(pattern), list_at + m->list_len, m->pattern_len);
	values[0] = text_value(list);
	values[1] = text_value(pattern);
	return dict_id(ids->dicts[DICT_RULE], values, id);
}

int64_t ids_qtype_of(const struct msg_lookup *m)
{
	return m->qtype | (m->qclass == CLASS_IN ? 0 : (int64_t)m->qclass << 16);
}

static int make_outcome(struct ids *ids, const struct msg_lookup *m, const char *list_at,
			int64_t *id)
{
	struct dict_value values[5] = { 0 };
	int64_t upstream, rule;
	int rc = upstream_id(ids, &m->upstream, &upstream);

	if (!rc)
		rc = rule_id(ids, m, list_at, &rule);
	if (rc)
		return rc;
	values[0].number = ids_qtype_of(m);
	values[1].number = m->verdict;
	values[2].number = m->rcode;
	values[3] = number_or_null(upstream);
	values[4] = number_or_null(rule);
	return dict_id(ids->dicts[DICT_OUTCOME], values, id);
}

int ids_outcome_of(struct ids *ids, const struct msg_lookup *m, int64_t *id)
{
	const char *list_at = (const char *)m->data + m->qname_len + m->device_len;
	uint8_t key[KEY_MAX], *p = key;
	uint64_t hash;
	int rc;

	p = mempcpy(p, &m->upstream, sizeof(m->upstream));
	p = mempcpy(p, &m->qtype, sizeof(m->qtype));
	p = mempcpy(p, &m->qclass, sizeof(m->qclass));
	*p++ = m->verdict;
	*p++ = m->rcode;
	*p++ = m->list_len;
	p = mempcpy(p, list_at, (size_t)m->list_len + m->pattern_len);
	hash = hash_bytes(&ids->key, key, (size_t)(p - key));
	if (idcache_find(ids->outcomes, hash, id)) {
		dict_sweep_use(ids->dicts[DICT_OUTCOME], *id);
		return 0;
	}
	rc = make_outcome(ids, m, list_at, id);
	if (!rc)
		idcache_put(ids->outcomes, hash, *id);
	return rc;
}
