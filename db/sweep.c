/* Unused dictionary rows; see sweep.h. */
#include "db/sweep.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "db/ids.h"
#include "db/store.h"
#include "lib/util.h"

/* Dictionaries that lookups and refusals refer to, in the order of note_lookups' columns. */
static const enum dict_kind noted[] = { DICT_CLIENT, DICT_OUTCOME, DICT_NAME, DICT_ANSWER };

static const char note_lookups[] =
	"SELECT ts, client_id, outcome_id, name_id, answer_id FROM lookup"
	" WHERE ts > ?1 ORDER BY ts LIMIT ?2";
static const char note_refusals[] =
	"SELECT ts, client_id FROM refusal WHERE ts > ?1 ORDER BY ts LIMIT ?2";

/* Clients in roll-ups: who was seen since the oldest of them. Few rows, and one for a name. */
static const char note_rollups[] =
	"SELECT id FROM client WHERE last >= (SELECT min(ts) FROM hour_total)"
	" OR last >= (SELECT min(day) * 86400000000 FROM day_total)"
	" UNION SELECT first_client_id FROM known";

/* Those that only dictionaries refer to; they are small. */
static const struct {
	enum dict_kind kind;
	const char *remove;
} indirect[] = {
	{ DICT_UPSTREAM, "DELETE FROM upstream WHERE id NOT IN (SELECT upstream_id FROM"
			 " outcome WHERE upstream_id IS NOT NULL)" },
	{ DICT_RULE, "DELETE FROM rule WHERE id NOT IN (SELECT rule_id FROM outcome"
		     " WHERE rule_id IS NOT NULL)" },
	{ DICT_DEVICE, "DELETE FROM device WHERE id NOT IN (SELECT device_id FROM client"
		       " WHERE device_id IS NOT NULL)" },
};

enum phase { NOTE_LOOKUPS, NOTE_REFUSALS, NOTE_ROLLUPS, DELETE_UNUSED, DELETE_INDIRECT, DONE };

struct sweep {
	struct store *store; /* borrowed */
	struct ids *ids;     /* borrowed */
	sqlite3_stmt *lookups, *refusals;
	enum phase phase;
	int64_t at;	 /* ts of the last row noted */
	unsigned dict; /* index in noted, while deleting */
	uint64_t deleted;
};

int sweep_begin(struct store *s, struct ids *ids, struct sweep **out)
{
	struct sweep *w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	w->store = s;
	w->ids = ids;
	w->at = INT64_MIN;
	/* what is remembered from before was not noted */
	ids_forget_messages(ids);
	rc = store_prepare(s, note_lookups, &w->lookups);
	if (!rc)
		rc = store_prepare(s, note_refusals, &w->refusals);
	for (size_t i = 0; i < ARRAY_SIZE(noted) && !rc; i++)
		rc = dict_sweep_begin(ids_dict(ids, noted[i]), SWEEP_IDS_MAX);
	if (rc) {
		sweep_end(w);
		return rc;
	}
	*out = w;
	return 0;
}

void sweep_end(struct sweep *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(noted); i++)
		dict_sweep_end(ids_dict(w->ids, noted[i]));
	sqlite3_finalize(w->lookups);
	sqlite3_finalize(w->refusals);
	free(w);
}

uint64_t sweep_deleted(const struct sweep *w)
{
	return w->deleted;
}

/* Note the next rows of a table whose first `dicts` columns behind ts are ids of noted[]. */
static int note_slice(struct sweep *w, sqlite3_stmt *rows, unsigned dicts, bool *at_end)
{
	unsigned count = 0;
	int code, rc;

	sqlite3_bind_int64(rows, 1, w->at);
	sqlite3_bind_int64(rows, 2, SWEEP_NOTE_ROWS);
	while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
		w->at = sqlite3_column_int64(rows, 0);
		for (unsigned i = 0; i < dicts; i++)
			if (sqlite3_column_type(rows, (int)i + 1) == SQLITE_INTEGER)
				dict_sweep_use(ids_dict(w->ids, noted[i]),
					       sqlite3_column_int64(rows, (int)i + 1));
		count++;
	}
	rc = store_rc(w->store, code);
	sqlite3_reset(rows);
	*at_end = count < SWEEP_NOTE_ROWS;
	return rc;
}

static int note_clients(struct sweep *w)
{
	sqlite3_stmt *rows;
	int code, rc = store_prepare(w->store, note_rollups, &rows);

	if (rc)
		return rc;
	while ((code = sqlite3_step(rows)) == SQLITE_ROW)
		dict_sweep_use(ids_dict(w->ids, DICT_CLIENT), sqlite3_column_int64(rows, 0));
	rc = store_rc(w->store, code);
	sqlite3_finalize(rows);
	return rc;
}

static int delete_unused(struct sweep *w)
{
	unsigned before = w->dict;
	uint64_t deleted = 0;
	bool done = false;
	int rc = dict_sweep_delete(ids_dict(w->ids, noted[before]), SWEEP_DELETE_ROWS,
				   &deleted, &done);

	if (rc)
		return rc;
	w->deleted += deleted;
	if (done && ++w->dict == ARRAY_SIZE(noted))
		w->phase = DELETE_INDIRECT;
	return 0;
}

static int delete_indirect(struct sweep *w)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(indirect) && !rc; i++)
		rc = store_exec(w->store, indirect[i].remove);
	if (!rc)
		w->phase = DONE;
	return rc;
}

/* Run one writing step in a transaction of its own. */
static int in_transaction(struct sweep *w, int (*step)(struct sweep *w))
{
	int rc = store_begin(w->store);

	if (rc)
		return rc;
	rc = step(w);
	if (!rc)
		return store_commit(w->store);
	store_rollback(w->store);
	return rc;
}

/* Their ids in memory may be of rows that are gone. */
static int reload_indirect(struct sweep *w)
{
	int rc = 0;

	ids_forget_messages(w->ids);
	for (size_t i = 0; i < ARRAY_SIZE(indirect) && !rc; i++)
		rc = dict_reload(ids_dict(w->ids, indirect[i].kind));
	return rc;
}

int sweep_step(struct sweep *w, bool *done)
{
	bool at_end = false;
	int rc = 0;

	switch (w->phase) {
	case NOTE_LOOKUPS:
		rc = note_slice(w, w->lookups, ARRAY_SIZE(noted), &at_end);
		break;
	case NOTE_REFUSALS:
		rc = note_slice(w, w->refusals, 1, &at_end);
		break;
	case NOTE_ROLLUPS:
		rc = note_clients(w);
		at_end = true;
		break;
	case DELETE_UNUSED:
		rc = in_transaction(w, delete_unused);
		break;
	case DELETE_INDIRECT:
		rc = in_transaction(w, delete_indirect);
		if (!rc)
			rc = reload_indirect(w);
		break;
	case DONE:
		break;
	}
	if (rc)
		return rc;
	if (at_end) {
		w->at = INT64_MIN;
		w->phase++;
	}
	*done = w->phase == DONE;
	return 0;
}
