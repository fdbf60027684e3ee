/* Pairs of address and name; see resolved.h. */
#include "db/resolved.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "db/pending.h"
#include "db/store.h"
#include "lib/addr.h"
#include "lib/hash.h"
#include "lib/msg.h"
#include "lib/util.h"

#define SETS	   4096
#define WAYS	   4
#define TYPE_A	   1
#define TYPE_AAAA  28
#define CLASS_IN   1
#define TRIM_SHARE 8

/* A pair that was noted lately. */
struct noted {
	uint64_t hash;	  /* of address and name; 0: free */
	int64_t written;  /* ts of the lookup */
	uint32_t n;	  /* seen since then, not yet written */
};

struct resolved {
	struct store *store; /* borrowed */
	sqlite3_stmt *more, *insert, *trim_names, *trim_rows;
	struct hash_key key;
	int64_t rows;	/* at most so many */
	unsigned in_commit;
	struct noted noted[SETS][WAYS];
};

/* What a row of the table gets. */
struct pair {
	const char *addr, *name;
	int64_t ts;
	uint32_t ttl_s, n;
};

static const char update_pair[] =
	"UPDATE resolved SET first = min(first, ?3), last = max(last, ?3), n = n + ?4,"
	" ttl = max(ttl, ?5) WHERE addr = ?1 AND name = ?2";
static const char insert_pair[] =
	"INSERT INTO resolved (addr, name, first, last, n, ttl) VALUES (?1, ?2, ?3, ?3, ?4, ?5)";
static const char remove_names[] =
	"DELETE FROM resolved WHERE addr = ?1 AND name NOT IN (SELECT name FROM resolved"
	" WHERE addr = ?1 ORDER BY last DESC LIMIT ?2)";
static const char remove_rows[] =
	"DELETE FROM resolved WHERE last <= (SELECT last FROM resolved ORDER BY last"
	" LIMIT 1 OFFSET ?1)";

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
		rc = store_prepare(s, remove_names, &r->trim_names);
	if (!rc)
		rc = store_prepare(s, remove_rows, &r->trim_rows);
	if (!rc)
		rc = count_rows(r);
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
	sqlite3_finalize(r->trim_names);
	sqlite3_finalize(r->trim_rows);
	free(r);
}

/* --- rows --------------------------------------------------------------------------- */

static int run_pair(struct resolved *r, sqlite3_stmt *stmt, const struct pair *p)
{
	sqlite3_bind_text(stmt, 1, p->addr, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, p->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, p->ts);
	sqlite3_bind_int64(stmt, 4, p->n);
	sqlite3_bind_int64(stmt, 5, p->ttl_s);
	return store_run(r->store, stmt);
}

/* Others delete rows too (prune.h): count before believing that there are too many. */
static int trim_rows(struct resolved *r)
{
	int rc;

	if (r->rows <= RESOLVED_ROWS_MAX)
		return 0;
	rc = count_rows(r);
	if (rc || r->rows <= RESOLVED_ROWS_MAX)
		return rc;
	sqlite3_bind_int64(r->trim_rows, 1, RESOLVED_ROWS_MAX / TRIM_SHARE);
	rc = store_run(r->store, r->trim_rows);
	r->rows -= sqlite3_changes64(store_db(r->store));
	return rc;
}

static int add_pair(struct resolved *r, const struct pair *p)
{
	int rc = run_pair(r, r->insert, p);

	if (rc)
		return rc;
	r->rows++;
	sqlite3_bind_text(r->trim_names, 1, p->addr, -1, SQLITE_STATIC);
	sqlite3_bind_int64(r->trim_names, 2, RESOLVED_NAMES_MAX);
	rc = store_run(r->store, r->trim_names);
	if (rc)
		return rc;
	r->rows -= sqlite3_changes64(store_db(r->store));
	return trim_rows(r);
}

static int write_pair(struct resolved *r, const struct pair *p)
{
	int rc = run_pair(r, r->more, p);

	r->in_commit++;
	if (rc || sqlite3_changes(store_db(r->store)))
		return rc;
	return add_pair(r, p);
}

/* --- what was noted lately ---------------------------------------------------------- */

static uint64_t hash_of(const struct resolved *r, const struct addr *addr, const char *name,
			size_t len)
{
	uint64_t parts[2];
	uint64_t hash;

	parts[0] = hash_bytes(&r->key, addr, sizeof(*addr));
	parts[1] = hash_bytes(&r->key, name, len);
	hash = hash_bytes(&r->key, parts, sizeof(parts));
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

static bool is_due(const struct noted *n, uint64_t hash, int64_t ts)
{
	return n->hash != hash || llabs(ts - n->written) >= RESOLVED_EVERY_US;
}

static int note_address(struct resolved *r, const struct addr *addr, struct pair *p,
			uint32_t n)
{
	uint64_t hash = hash_of(r, addr, p->name, strlen(p->name));
	struct noted *place = place_of(r, hash);
	char text[ADDR_TEXT_MAX];
	int rc;

	if (!is_due(place, hash, p->ts)) {
		place->n += n;
		return 0;
	}
	if (r->in_commit >= RESOLVED_COMMIT_MAX)
		return 0;
	p->addr = addr_to_text(addr, text);
	p->n = n + (place->hash == hash ? place->n : 0);
	rc = write_pair(r, p);
	if (!rc)
		*place = (struct noted){ .hash = hash, .written = p->ts };
	return rc;
}

/* --- lookups ------------------------------------------------------------------------ */

static bool is_of_interest(const struct msg_lookup *m)
{
	return m->qclass == CLASS_IN && m->verdict != VERDICT_BLOCKED &&
	       m->verdict != VERDICT_BLOCKED_CNAME;
}

int resolved_note(struct resolved *r, const struct pending_row *row, const char *name,
		  const uint8_t *answer)
{
	struct pair p = { .name = name, .ts = MAX(row->ts_us, 1) };
	const uint8_t *end = answer + row->lookup->answer_len;
	struct msg_rr rr;
	int rc = 0;

	if (!is_of_interest(row->lookup))
		return 0;
	for (const uint8_t *at = answer; at < end && !rc;
	     at += sizeof(rr) + rr.rdata_len) {
		struct addr addr;

		memcpy(&rr, at, sizeof(rr));
		if (rr.type != TYPE_A && rr.type != TYPE_AAAA)
			continue;
		addr = addr_from_bytes(rr.type == TYPE_A ? AF_INET : AF_INET6, at + sizeof(rr));
		p.ttl_s = rr.ttl_s;
		rc = note_address(r, &addr, &p, row->n);
	}
	return rc;
}

void resolved_settle(struct resolved *r, int rc)
{
	r->in_commit = 0;
	if (rc)
		memset(r->noted, 0, sizeof(r->noted)); /* some of it was not written */
}
