/* Pairs of address and name; see resolved.h. */
#include "db/resolved.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "db/pending.h"
#include "db/store.h"
#include "lib/addr.h"
#include "lib/hash.h"
#include "lib/msg.h"
#include "lib/util.h"

#define SETS	   8192
#define WAYS	   4
#define ADDRS	   16384
#define TYPE_A	   1
#define TYPE_AAAA  28
#define CLASS_IN   1
#define TRIM_SHARE 8
#define DAY_US	   86400000000ll

/* A pair whose row is known. */
struct noted {
	uint64_t hash;	 /* of address and name; 0: free */
	int64_t row;
	int64_t written; /* ts of the lookup */
	uint32_t n;	 /* seen since then, not yet written */
};

struct resolved {
	struct store *store; /* borrowed */
	sqlite3_stmt *more, *insert, *trim;
	struct hash_key key;
	int64_t rows; /* at most so many */
	unsigned in_commit;
	int64_t day; /* of the counts below */
	unsigned in_day;
	uint8_t names[ADDRS]; /* new ones in that day, by the address's hash */
	struct noted noted[SETS][WAYS];
};

/* What a row of the table gets. */
struct pair {
	const char *name;
	size_t name_len;
	int64_t ts;
	uint32_t ttl_s, n;
};

static const char load_pairs[] =
	"SELECT id, addr, name, last FROM resolved ORDER BY id DESC LIMIT ?1";
static const char update_pair[] =
	"UPDATE resolved SET first = min(first, ?2), last = max(last, ?2), n = n + ?3,"
	" ttl = max(ttl, ?4) WHERE id = ?1";
static const char insert_pair[] =
	"INSERT INTO resolved (addr, name, first, last, n, ttl) VALUES (?1, ?2, ?3, ?3, ?4, ?5)";
static const char remove_oldest[] =
	"DELETE FROM resolved WHERE id <= (SELECT id FROM resolved ORDER BY id LIMIT 1 OFFSET ?1)";

/* --- what is known in memory ---------------------------------------------------------- */

static uint64_t hash_of(const struct resolved *r, const struct addr *addr, const char *name,
			size_t len)
{
	uint64_t parts[2] = { hash_bytes(&r->key, addr, sizeof(*addr)),
			      hash_bytes(&r->key, name, len) };
	uint64_t hash = hash_bytes(&r->key, parts, sizeof(parts));

	return hash ? hash : 1;
}

/* The place of this pair: its own, or that of the one which was written longest ago. */
static struct noted *place_of(struct resolved *r, uint64_t hash)
{
	struct noted *set = r->noted[hash % SETS], *oldest = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].written < oldest->written)
			oldest = &set[i];
	}
	return oldest;
}

/* The newest rows first: an older one never takes the place of a newer. */
static void load_pair(struct resolved *r, sqlite3_stmt *stmt)
{
	const char *text = (const char *)sqlite3_column_text(stmt, 1);
	const char *name = (const char *)sqlite3_column_text(stmt, 2);
	struct noted *place;
	struct addr addr;
	uint64_t hash;

	if (!text || !name || addr_from_text(text, &addr))
		return;
	hash = hash_of(r, &addr, name, strlen(name));
	place = place_of(r, hash);
	if (!place->hash)
		*place = (struct noted){ .hash = hash, .row = sqlite3_column_int64(stmt, 0),
					 .written = sqlite3_column_int64(stmt, 3) };
}

static int load(struct resolved *r)
{
	sqlite3_stmt *stmt;
	int code, rc = store_prepare(r->store, load_pairs, &stmt);

	if (rc)
		return rc;
	memset(r->noted, 0, sizeof(r->noted));
	sqlite3_bind_int64(stmt, 1, SETS * WAYS);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
		load_pair(r, stmt);
	rc = store_rc(r->store, code);
	sqlite3_finalize(stmt);
	return rc;
}

/* --- opening -------------------------------------------------------------------------- */

static int count_rows(struct resolved *r)
{
	return store_number(r->store, "SELECT count(*) FROM resolved", &r->rows);
}

int resolved_open(struct store *s, struct resolved **out)
{
	struct resolved *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	r->store = s;
	hash_key_init(&r->key);
	rc = store_prepare(s, update_pair, &r->more);
	if (!rc)
		rc = store_prepare(s, insert_pair, &r->insert);
	if (!rc)
		rc = store_prepare(s, remove_oldest, &r->trim);
	if (!rc)
		rc = count_rows(r);
	if (!rc)
		rc = load(r);
	if (rc) {
		resolved_close(r);
		return rc;
	}
	*out = r;
	return 0;
}

void resolved_close(struct resolved *r)
{
	if (!r)
		return;
	sqlite3_finalize(r->more);
	sqlite3_finalize(r->insert);
	sqlite3_finalize(r->trim);
	free(r);
}

/* --- rows ----------------------------------------------------------------------------- */

/* Others delete rows too (prune.h): count before believing that there are too many. */
static int trim(struct resolved *r)
{
	int rc;

	if (r->rows <= RESOLVED_ROWS_MAX)
		return 0;
	rc = count_rows(r);
	if (rc || r->rows <= RESOLVED_ROWS_MAX)
		return rc;
	sqlite3_bind_int64(r->trim, 1, RESOLVED_ROWS_MAX / TRIM_SHARE);
	rc = store_run(r->store, r->trim);
	r->rows -= sqlite3_changes64(store_db(r->store));
	return rc;
}

/* *done: the row was still there. */
static int update(struct resolved *r, const struct noted *place, const struct pair *p,
		  bool *done)
{
	int rc;

	sqlite3_bind_int64(r->more, 1, place->row);
	sqlite3_bind_int64(r->more, 2, p->ts);
	sqlite3_bind_int64(r->more, 3, (int64_t)p->n + place->n);
	sqlite3_bind_int64(r->more, 4, p->ttl_s);
	rc = store_run(r->store, r->more);
	*done = !rc && sqlite3_changes(store_db(r->store));
	return rc;
}

static int insert(struct resolved *r, const struct addr *addr, const struct pair *p,
		  int64_t *row)
{
	char text[ADDR_TEXT_MAX];
	int rc;

	sqlite3_bind_text(r->insert, 1, addr_to_text(addr, text), -1, SQLITE_STATIC);
	sqlite3_bind_text(r->insert, 2, p->name, (int)p->name_len, SQLITE_STATIC);
	sqlite3_bind_int64(r->insert, 3, p->ts);
	sqlite3_bind_int64(r->insert, 4, p->n);
	sqlite3_bind_int64(r->insert, 5, p->ttl_s);
	rc = store_run(r->store, r->insert);
	*row = sqlite3_last_insert_rowid(store_db(r->store));
	r->rows++;
	return rc ? rc : trim(r);
}

/* Whether a new row may be added: of a flood, whatever it varies, only so many are. */
static bool has_budget(struct resolved *r, const struct addr *addr, int64_t ts)
{
	uint8_t *names = &r->names[hash_bytes(&r->key, addr, sizeof(*addr)) % ADDRS];

	if (ts / DAY_US != r->day) {
		r->day = ts / DAY_US;
		r->in_day = 0;
		memset(r->names, 0, sizeof(r->names));
	}
	if (r->in_commit >= RESOLVED_COMMIT_MAX || r->in_day >= RESOLVED_DAY_MAX ||
	    *names >= RESOLVED_NAMES_MAX)
		return false;
	r->in_commit++;
	r->in_day++;
	++*names;
	return true;
}

static int note_address(struct resolved *r, const struct addr *addr, const struct pair *p)
{
	uint64_t hash = hash_of(r, addr, p->name, p->name_len);
	struct noted *place = place_of(r, hash);
	bool is_known = place->hash == hash;
	int64_t row = place->row;
	int rc = 0;

	if (is_known && llabs(p->ts - place->written) < RESOLVED_EVERY_US) {
		place->n += p->n;
		return 0;
	}
	if (is_known)
		rc = update(r, place, p, &is_known);
	if (!rc && !is_known) {
		if (!has_budget(r, addr, p->ts))
			return 0;
		rc = insert(r, addr, p, &row);
	}
	if (!rc)
		*place = (struct noted){ .hash = hash, .row = row, .written = p->ts };
	return rc;
}

/* --- lookups ------------------------------------------------------------------------ */

static bool is_of_interest(const struct msg_lookup *m)
{
	return m->qclass == CLASS_IN && m->verdict != VERDICT_BLOCKED &&
	       m->verdict != VERDICT_BLOCKED_CNAME && m->verdict != VERDICT_REBIND;
}

int resolved_note(struct resolved *r, const struct pending_row *row, const char *name,
		  const uint8_t *answer)
{
	struct pair p = { .name = name, .name_len = strlen(name), .ts = MAX(row->ts_us, 1),
			  .n = row->n };
	const uint8_t *end = answer + row->lookup->answer_len;
	struct msg_rr rr;
	int rc = 0;

	if (!is_of_interest(row->lookup))
		return 0;
	for (const uint8_t *at = answer; at < end && !rc; at += sizeof(rr) + rr.rdata_len) {
		struct addr addr;

		memcpy(&rr, at, sizeof(rr));
		if (rr.type != TYPE_A && rr.type != TYPE_AAAA)
			continue;
		addr = addr_from_bytes(rr.type == TYPE_A ? AF_INET : AF_INET6, at + sizeof(rr));
		p.ttl_s = rr.ttl_s;
		rc = note_address(r, &addr, &p);
	}
	return rc;
}

void resolved_settle(struct resolved *r, int rc)
{
	r->in_commit = 0;
	if (rc && load(r)) /* some of it was not written */
		memset(r->noted, 0, sizeof(r->noted));
}
