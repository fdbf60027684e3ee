/* Dictionaries; see dict.h. */
#include "db/dict.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/idcache.h"
#include "db/store.h"
#include "lib/hash.h"
#include "lib/util.h"

#define SWEEP_LOOK 5000 /* rows looked at in one step */

static const struct dict_def {
	unsigned columns;
	size_t entries; /* remembered; 16 bytes each */
	const char *insert, *load, *remove, *range;
} defs[DICT_COUNT] = {
#define DEF(table, count, remembered, cols, params)                                         \
	DEF_MORE(table, count, remembered, cols, params, "", "")
/* the last two: what is derived from the values, and how */
#define DEF_MORE(table, count, remembered, cols, params, more, from)                        \
	{                                                                                   \
		.columns = (count), .entries = (remembered),                                \
		.insert = "INSERT INTO " table " (id, " cols more                           \
			  ") VALUES (?1, " params from ")",                                 \
		.load = "SELECT id, " cols " FROM " table " WHERE id > ?1 ORDER BY id",     \
		.remove = "DELETE FROM " table " WHERE id = ?1",                            \
		.range = "SELECT min(id) FROM " table                                       \
			 " UNION ALL SELECT max(id) FROM " table,                           \
	}
	[DICT_NAME] = DEF_MORE("name", 1, 131072, "name", "?2", ", site_len",
			       ", site_length(?2)"),
	[DICT_ANSWER] = DEF("answer", 1, 131072, "text", "?2"),
	[DICT_UPSTREAM] = DEF("upstream", 1, 1024, "addr", "?2"),
	[DICT_RULE] = DEF("rule", 2, 65536, "list, pattern", "?2, ?3"),
	[DICT_DEVICE] = DEF("device", 2, 16384, "mac, label", "?2, ?3"),
	[DICT_CLIENT] = DEF("client", 2, 65536, "addr, device_id", "?2, ?3"),
	[DICT_OUTCOME] = DEF("outcome", 5, 65536,
			     "qtype, verdict, rcode, upstream_id, rule_id",
			     "?2, ?3, ?4, ?5, ?6"),
#undef DEF
#undef DEF_MORE
};

struct dict {
	const struct dict_def *def;
	struct store *store;   /* borrowed; outlives us */
	struct idcache *cache; /* owned */
	struct hash_key key;
	sqlite3_stmt *insert, *load, *remove;
	int64_t last_id, last_committed;
	/* while sweeping: one bit an id from used_first on */
	uint8_t *used; /* owned; NULL: not sweeping */
	int64_t used_first;
	size_t used_count;
	int64_t swept; /* ids up to here were looked at */
};

/* --- hashing a row ------------------------------------------------------------------ */

static uint64_t hash_values(const struct dict *d, const struct dict_value *v)
{
	uint8_t buf[DICT_TEXT_MAX + DICT_COLUMNS_MAX * 9];
	size_t len = 0, room = DICT_TEXT_MAX;

	if (d->def->columns == 1 && v->text)
		return hash_bytes(&d->key, v->text, MIN(v->len, room));
	for (unsigned i = 0; i < d->def->columns; i++) {
		uint64_t word = (uint64_t)v[i].number;

		if (v[i].text) {
			size_t take = MIN(v[i].len, room);

			word = take;
			memcpy(buf + len, v[i].text, take);
			len += take;
			room -= take;
		}
		buf[len++] = v[i].text ? 't' : 'i';
		memcpy(buf + len, &word, sizeof(word));
		len += sizeof(word);
	}
	return hash_bytes(&d->key, buf, len);
}

/* The values behind the id of a row that `load` returned; borrowed from stmt. */
static void values_of_row(const struct dict *d, sqlite3_stmt *stmt, struct dict_value *v)
{
	for (unsigned i = 0; i < d->def->columns; i++) {
		int type = sqlite3_column_type(stmt, (int)i + 1);

		v[i] = (struct dict_value){ .number = DICT_NULL };
		if (type == SQLITE_INTEGER) {
			v[i].number = sqlite3_column_int64(stmt, (int)i + 1);
		} else if (type == SQLITE_TEXT) {
			v[i].text = (const char *)sqlite3_column_text(stmt, (int)i + 1);
			v[i].len = (size_t)sqlite3_column_bytes(stmt, (int)i + 1);
		}
	}
}

/* --- opening ------------------------------------------------------------------------ */

/* Smallest and largest id; 0 and 0 for an empty table. */
static int id_range(struct dict *d, int64_t *first, int64_t *last)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(d->store, d->def->range, &stmt);
	int code;

	if (rc)
		return rc;
	*first = *last = 0;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		*first = sqlite3_column_int64(stmt, 0);
		code = sqlite3_step(stmt);
		*last = sqlite3_column_int64(stmt, 0);
	}
	rc = store_rc(d->store, code);
	sqlite3_finalize(stmt);
	return rc;
}

int dict_reload(struct dict *d)
{
	struct dict_value values[DICT_COLUMNS_MAX];
	int64_t first;
	int code, rc;

	idcache_clear(d->cache);
	rc = id_range(d, &first, &d->last_id);
	if (rc)
		return rc;
	d->last_committed = d->last_id;
	sqlite3_bind_int64(d->load, 1, d->last_id - (int64_t)d->def->entries);
	while ((code = sqlite3_step(d->load)) == SQLITE_ROW) {
		values_of_row(d, d->load, values);
		idcache_put(d->cache, hash_values(d, values), sqlite3_column_int64(d->load, 0));
	}
	rc = store_rc(d->store, code);
	sqlite3_reset(d->load);
	return rc;
}

int dict_open(struct store *s, enum dict_kind kind, struct dict **out)
{
	struct dict *d = calloc(1, sizeof(*d));
	int rc = -ENOMEM;

	if (!d)
		return -ENOMEM;
	d->def = &defs[kind];
	d->store = s;
	hash_key_init(&d->key);
	d->cache = idcache_new(d->def->entries);
	if (!d->cache)
		goto err_close;
	rc = store_prepare(s, d->def->insert, &d->insert);
	if (!rc)
		rc = store_prepare(s, d->def->load, &d->load);
	if (!rc)
		rc = store_prepare(s, d->def->remove, &d->remove);
	if (!rc)
		rc = dict_reload(d);
	if (rc)
		goto err_close;
	*out = d;
	return 0;

err_close:
	dict_close(d);
	return rc;
}

void dict_close(struct dict *d)
{
	if (!d)
		return;
	dict_sweep_end(d);
	sqlite3_finalize(d->insert);
	sqlite3_finalize(d->load);
	sqlite3_finalize(d->remove);
	idcache_free(d->cache);
	free(d);
}

/* --- ids ---------------------------------------------------------------------------- */

static int insert_row(struct dict *d, const struct dict_value *v, int64_t id)
{
	size_t room = DICT_TEXT_MAX;

	sqlite3_bind_int64(d->insert, 1, id);
	for (unsigned i = 0; i < d->def->columns; i++) {
		size_t take = MIN(v[i].len, room);

		if (v[i].text) {
			sqlite3_bind_text(d->insert, (int)i + 2, v[i].text, (int)take,
					  SQLITE_STATIC);
			room -= take;
		} else if (v[i].number != DICT_NULL) {
			sqlite3_bind_int64(d->insert, (int)i + 2, v[i].number);
		}
	}
	return store_run(d->store, d->insert);
}

static int add(struct dict *d, const struct dict_value *v, uint64_t hash, int64_t *id)
{
	int rc = insert_row(d, v, d->last_id + 1);

	if (rc)
		return rc;
	*id = ++d->last_id;
	idcache_put(d->cache, hash, *id);
	return 0;
}

int dict_id(struct dict *d, const struct dict_value *values, int64_t *id)
{
	uint64_t hash = hash_values(d, values);
	int64_t known = 0;

	if (!idcache_find(d->cache, hash, &known) || !known)
		return add(d, values, hash, id);
	dict_sweep_use(d, known);
	*id = known;
	return 0;
}

int dict_id_if_known(struct dict *d, const struct dict_value *values, int64_t *id)
{
	uint64_t hash = hash_values(d, values);
	int64_t known = 0;

	if (!idcache_find(d->cache, hash, &known)) {
		idcache_put(d->cache, hash, 0);
		*id = 0;
		return 0;
	}
	if (!known)
		return add(d, values, hash, id);
	dict_sweep_use(d, known);
	*id = known;
	return 0;
}

void dict_committed(struct dict *d)
{
	d->last_committed = d->last_id;
}

void dict_rolled_back(struct dict *d)
{
	if (d->last_id == d->last_committed)
		return;
	idcache_forget_above(d->cache, d->last_committed);
	d->last_id = d->last_committed;
}

/* --- sweeping ----------------------------------------------------------------------- */

int dict_sweep_begin(struct dict *d, size_t max_ids)
{
	int64_t first, last;
	int rc = id_range(d, &first, &last);

	if (rc)
		return rc;
	dict_sweep_end(d);
	d->used_first = first;
	d->used_count = MIN((size_t)(last - first + 1), max_ids);
	d->used = calloc(d->used_count / 8 + 1, 1);
	d->swept = first - 1;
	return d->used ? 0 : -ENOMEM;
}

void dict_sweep_end(struct dict *d)
{
	free(d->used);
	d->used = NULL;
}

void dict_sweep_use(struct dict *d, int64_t id)
{
	uint64_t at = (uint64_t)(id - d->used_first);

	if (d->used && at < d->used_count)
		d->used[at / 8] |= (uint8_t)(1u << (at % 8));
}

static bool is_used(const struct dict *d, int64_t id)
{
	size_t at = (size_t)(id - d->used_first);

	return d->used[at / 8] & (1u << (at % 8));
}

/* Collect unused ids behind d->swept and make the cache forget them. */
static int collect_unused(struct dict *d, int64_t *ids, unsigned most, unsigned *count)
{
	struct dict_value values[DICT_COLUMNS_MAX];
	int64_t end = d->used_first + (int64_t)d->used_count;
	int code = SQLITE_DONE, rc;

	*count = 0;
	sqlite3_bind_int64(d->load, 1, d->swept);
	for (unsigned looked = 0; looked < SWEEP_LOOK && *count < most; looked++) {
		int64_t id = end;

		code = sqlite3_step(d->load);
		if (code == SQLITE_ROW)
			id = sqlite3_column_int64(d->load, 0);
		if (id >= end) {
			d->swept = end;
			break;
		}
		d->swept = id;
		if (is_used(d, id))
			continue;
		values_of_row(d, d->load, values);
		idcache_remove(d->cache, hash_values(d, values));
		ids[(*count)++] = id;
	}
	rc = store_rc(d->store, code);
	sqlite3_reset(d->load);
	return rc;
}

int dict_sweep_delete(struct dict *d, unsigned most, uint64_t *deleted, bool *done)
{
	int64_t ids[1024];
	unsigned count;
	int rc = collect_unused(d, ids, MIN(most, (unsigned)ARRAY_SIZE(ids)), &count);

	for (unsigned i = 0; i < count && !rc; i++) {
		sqlite3_bind_int64(d->remove, 1, ids[i]);
		rc = store_run(d->store, d->remove);
	}
	if (rc)
		return rc;
	*deleted += count;
	*done = d->swept >= d->used_first + (int64_t)d->used_count;
	if (*done)
		dict_sweep_end(d);
	return 0;
}
