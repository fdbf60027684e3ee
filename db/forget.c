/* Deletion on request; see forget.h. */
#include "db/forget.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/fold.h"
#include "db/history.h"
#include "db/ids.h"
#include "db/store.h"
#include "lib/util.h"

/* ?1 what, ?2 ".x.example" or null, ?3 and ?4 the slice: behind ?3, up to ?4 */
#define STATEMENTS_MAX 10
#define MEANWHILE_US   120000000ll /* a slow lookup is recorded that much late at most */
#define CLIENTS                                                                             \
	"(SELECT c.id FROM client c LEFT JOIN device d ON d.id = c.device_id"               \
	" WHERE c.addr = ?1 OR d.label = ?1 OR d.mac = ?1)"
#define IS(name) "(" name " = ?1 OR substr(" name ", -length(?2)) = ?2)"
/* a target of a CNAME in an answer's text */
#define LEADS_OVER(answer)                                                                  \
	"(instr(' ' || " answer ", ' ' || ?1 || ' ') OR instr(' ' || " answer " || ' ',"    \
	" ' ' || ?1 || ' ') OR instr(" answer " || ' ', ?2 || ' '))"

static const struct {
	const char *slice;
	const char *rest[STATEMENTS_MAX];
} sql[] = {
	[FORGET_CLIENT] = {
		"DELETE FROM lookup WHERE ts > ?3 AND ts <= ?4 AND client_id IN " CLIENTS,
		{ "DELETE FROM refusal WHERE client_id IN " CLIENTS,
		  "DELETE FROM hour_total WHERE client_id IN " CLIENTS,
		  "DELETE FROM day_total WHERE client_id IN " CLIENTS,
		  /* what nobody else asked for was this client's alone */
		  "DELETE FROM known WHERE id NOT IN (SELECT known_id FROM day_total)",
		  "DELETE FROM resolved WHERE name NOT IN (SELECT name FROM known)",
		  "UPDATE known SET first_client_id = 0 WHERE first_client_id IN " CLIENTS,
		  "DELETE FROM client WHERE id IN " CLIENTS,
		  "DELETE FROM device WHERE id NOT IN (SELECT device_id FROM client"
		  " WHERE device_id IS NOT NULL)",
		  "DELETE FROM event WHERE subject = ?1" },
	},
	[FORGET_NAME] = {
		"DELETE FROM lookup WHERE ts > ?3 AND ts <= ?4 AND (" IS("name")
		" OR name_id IN (SELECT id FROM name WHERE " IS("name") ")"
		" OR " LEADS_OVER("answer")
		" OR answer_id IN (SELECT id FROM answer WHERE " LEADS_OVER("text") "))",
		{ "DELETE FROM day_total WHERE known_id IN (SELECT id FROM known WHERE "
		  IS("name") ")",
		  "DELETE FROM known WHERE " IS("name"),
		  "DELETE FROM resolved WHERE " IS("name"),
		  "DELETE FROM name WHERE " IS("name"),
		  "DELETE FROM answer WHERE " LEADS_OVER("text"),
		  "DELETE FROM event WHERE subject = ?1" },
	},
};

/* Dictionaries that lost rows behind the back of their ids in memory. */
static const enum dict_kind touched[] = { DICT_NAME, DICT_ANSWER, DICT_CLIENT, DICT_DEVICE };

struct forget {
	struct store *store;	 /* borrowed */
	struct history *history; /* borrowed */
	enum forget_kind kind;
	char what[FORGET_TEXT_MAX + 1];
	const char *below; /* in what, or NULL */
	int64_t at_us, end_us;
	uint64_t deleted;
};

int forget_new(struct store *s, struct history *h, enum forget_kind kind, const char *what,
	       struct forget **out)
{
	struct forget *f;
	int rc;

	if (!*what || strlen(what) > FORGET_TEXT_MAX)
		return -EINVAL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	*f = (struct forget){ .store = s, .history = h, .kind = kind, .at_us = INT64_MIN };
	strcpy(f->what, what);
	if (kind == FORGET_NAME && !strncmp(what, "*.", 2)) {
		memmove(f->what, f->what + 1, strlen(f->what)); /* ".x.example" */
		f->below = f->what;
	}
	rc = store_number(s, "SELECT coalesce(max(ts), 0) FROM lookup", &f->end_us);
	if (rc) {
		forget_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

void forget_free(struct forget *f)
{
	free(f);
}

uint64_t forget_deleted(const struct forget *f)
{
	return f->deleted;
}

/* Run one statement of the table with the parameters that it has. */
static int run(struct forget *f, const char *text, int64_t from, int64_t to)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(f->store, text, &stmt);

	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, f->what + (f->below != NULL), -1, SQLITE_STATIC);
	if (f->below)
		sqlite3_bind_text(stmt, 2, f->below, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, from);
	sqlite3_bind_int64(stmt, 4, to);
	rc = store_run(f->store, stmt);
	if (!rc)
		f->deleted += (uint64_t)sqlite3_changes64(store_db(f->store));
	sqlite3_finalize(stmt);
	return rc;
}

static int delete_rest(struct forget *f)
{
	int rc = 0;

	for (size_t i = 0; i < STATEMENTS_MAX && sql[f->kind].rest[i] && !rc; i++)
		rc = run(f, sql[f->kind].rest[i], 0, 0);
	return rc;
}

static int find_edge(struct forget *f, int64_t *edge)
{
	sqlite3_stmt *stmt;
	int code, rc = store_prepare(f->store, "SELECT max(ts) FROM (SELECT ts FROM lookup"
				     " WHERE ts > ?1 AND ts <= ?2 ORDER BY ts LIMIT ?3)", &stmt);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, f->at_us);
	sqlite3_bind_int64(stmt, 2, f->end_us);
	sqlite3_bind_int64(stmt, 3, FORGET_SLICE_ROWS);
	code = sqlite3_step(stmt);
	*edge = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? INT64_MAX :
							       sqlite3_column_int64(stmt, 0);
	rc = store_rc(f->store, code);
	sqlite3_finalize(stmt);
	return rc;
}

/* The slice up to edge; INT64_MAX: there is none, so what is left besides lookups. A lookup
 * is folded first, for what only this one asked for is told by the roll-ups. */
static int delete_slice(struct forget *f, int64_t edge)
{
	int rc = fold_up_to(history_fold(f->history), MIN(edge, f->end_us));

	if (rc)
		return rc;
	if (edge != INT64_MAX)
		return run(f, sql[f->kind].slice, f->at_us, edge);
	/* what was recorded meanwhile refers to rows that go now */
	rc = run(f, sql[f->kind].slice, f->end_us - MEANWHILE_US, INT64_MAX);
	return rc ? rc : delete_rest(f);
}

static int reload(struct forget *f)
{
	struct ids *ids = history_ids(f->history);
	int rc = 0;

	ids_forget_messages(ids);
	for (size_t i = 0; i < ARRAY_SIZE(touched) && !rc; i++)
		rc = dict_reload(ids_dict(ids, touched[i]));
	return rc;
}

int forget_step(struct forget *f, bool *done)
{
	int64_t edge;
	int rc = find_edge(f, &edge);

	if (!rc)
		rc = store_begin(f->store);
	if (rc)
		return rc;
	store_exec(f->store, STORE_OVERWRITE_ALL); /* until the sweep that follows has ended */
	rc = delete_slice(f, edge);
	if (rc)
		store_rollback(f->store);
	else
		rc = store_commit(f->store);
	fold_settle(history_fold(f->history), rc);
	if (rc)
		return rc;
	f->at_us = edge;
	*done = edge == INT64_MAX;
	if (!*done)
		return 0;
	history_settle(f->history, -ECANCELED); /* pairs in memory are read again */
	return reload(f);
}
