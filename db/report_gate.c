/*
 * See report_gate.h. Lookups have no index but their time: each question goes once through
 * them, picked by the few names that `resolved` knows for the addresses in question.
 */
#include "db/report_gate.h"

#include <errno.h>
#include <stddef.h>

#include "db/report_impl.h"

#define VERSION_RESOLVED 2 /* from which on the table is there */

#define DEVICE "coalesce(d.mac, c.addr)"
#define WHO    "coalesce(d.label, c.addr)"
#define CLIENT(table)                                                                       \
	" LEFT JOIN client c ON c.id = " table ".client_id"                                 \
	" LEFT JOIN device d ON d.id = c.device_id"
#define PROTO(id) "coalesce((SELECT p.word FROM proto p WHERE p.id = " id "), 'proto' || " id ")"

/* Lookups of the names in `names` (addr, name, ttl) whose answer held that address. */
#define HITS                                                                                \
	" picked AS MATERIALIZED (SELECT l.ts, l.n, l.client_id, l.outcome_id,"             \
	"  coalesce(l.name, (SELECT n.name FROM name n WHERE n.id = l.name_id)) AS name,"   \
	"  ' ' || coalesce(l.answer, (SELECT a.text FROM answer a WHERE a.id = l.answer_id))"\
	"  || ' ' AS answer FROM lookup l"                                                  \
	"  WHERE l.name IN (SELECT name FROM names) OR l.name_id IN"                        \
	"   (SELECT id FROM name WHERE name IN (SELECT name FROM names))),"                 \
	" hits AS MATERIALIZED (SELECT names.addr, p.name, p.ts, p.n, p.outcome_id, " DEVICE\
	"  AS device, " WHO " AS who, names.ttl FROM picked p JOIN names ON names.name = p.name"\
	"  AND instr(p.answer, ' ' || names.addr || ' ')" CLIENT("p") ")"

static const char losses_sql[] =
	"WITH f AS MATERIALIZED (SELECT " DEVICE " AS device, max(" WHO ") AS who,"
	" f.interface, f.dest, f.proto, f.port, f.observed, sum(f.n) AS n, max(f.last) AS last"
	" FROM refusal f" CLIENT("f") " WHERE f.ts >= ?2"
	" GROUP BY 1, f.interface, f.dest, f.proto, f.port, f.observed),"
	" names AS MATERIALIZED (SELECT addr, name, max(last) AS last, max(ttl) AS ttl"
	"  FROM resolved WHERE addr IN (SELECT dest FROM f) GROUP BY addr, name),"
	/* with one max() the name is that of the same row */
	" newest AS MATERIALIZED (SELECT addr, name, max(last) FROM names GROUP BY addr),"
	" longest AS MATERIALIZED (SELECT addr, max(ttl) AS ttl FROM names GROUP BY addr),"
	" spread AS MATERIALIZED (SELECT proto, port, count(DISTINCT dest) AS spread FROM f"
	"  GROUP BY proto, port),"
	HITS
	" SELECT f.device, f.who, f.interface, f.dest, " PROTO("f.proto") " AS proto, f.port,"
	" CASE f.observed WHEN 0 THEN 'refused' ELSE 'observed' END AS verdict, f.n,"
	" newest.name, f.last, max(h.ts) FILTER (WHERE h.device = f.device) AS own,"
	" max(h.ts) FILTER (WHERE h.device <> f.device) AS other,"
	" longest.ttl, spread.spread"
	" FROM f LEFT JOIN newest ON newest.addr = f.dest"
	" LEFT JOIN longest ON longest.addr = f.dest"
	" LEFT JOIN spread ON spread.proto = f.proto AND spread.port = f.port"
	" LEFT JOIN hits h ON h.addr = f.dest AND h.ts <= f.last"
	" GROUP BY f.device, f.interface, f.dest, f.proto, f.port, f.observed"
	" ORDER BY f.device, f.n DESC, f.dest LIMIT ?3";

static const char refused_sql[] =
	"SELECT " DEVICE " AS device, max(" WHO ") AS who, " PROTO("f.proto") " AS proto, f.port,"
	" CASE f.observed WHEN 0 THEN 'refused' ELSE 'observed' END AS verdict,"
	" sum(f.n) AS n, max(f.last) AS last"
	" FROM refusal f" CLIENT("f") " WHERE f.dest = ?1 AND f.ts >= ?2"
	" GROUP BY 1, f.proto, f.port, f.observed ORDER BY last DESC LIMIT ?3";

static const char told_sql[] =
	"WITH names AS MATERIALIZED (SELECT addr, name, max(ttl) AS ttl FROM resolved"
	"  WHERE addr = ?1 GROUP BY addr, name),"
	HITS
	" SELECT h.device, max(h.who) AS who, h.name,"
	" coalesce((SELECT w.word FROM rrtype w WHERE w.id = o.qtype & 65535),"
	"  'TYPE' || (o.qtype & 65535)) AS type,"
	" sum(h.n) AS n, max(h.ts) AS last, max(h.ttl) AS ttl"
	" FROM hits h LEFT JOIN outcome o ON o.id = h.outcome_id WHERE h.ts >= ?2"
	" GROUP BY h.device, h.name, 4 ORDER BY last DESC LIMIT ?3";

static const char pdns_sql[] =
	"SELECT name, max(last) AS last, sum(n) AS n, max(ttl) AS ttl FROM resolved"
	" WHERE addr = ?1 AND last >= ?2 GROUP BY name ORDER BY 2 DESC LIMIT ?3";

static const char device_sql[] =
	"WITH it AS (SELECT " DEVICE " AS device, " WHO " AS who FROM client c"
	" LEFT JOIN device d ON d.id = c.device_id WHERE c.addr = ?1 OR d.mac = ?1"
	" ORDER BY c.id DESC LIMIT 1)"
	" SELECT it.device, it.who, (SELECT f.interface FROM refusal f" CLIENT("f")
	"  WHERE f.ts >= ?2 AND " DEVICE " = it.device ORDER BY f.ts DESC LIMIT 1) AS interface"
	" FROM it LIMIT ?3";

static int ask(struct report *r, const char *sql, const char *text, int64_t since_us,
	       const struct report_out *out)
{
	if (r->version < VERSION_RESOLVED)
		return -ENOTSUP;
	return report_ask(r, sql, text, since_us, REPORT_ANSWER_ROWS, out);
}

int report_losses(struct report *r, int64_t since_us, const struct report_out *out)
{
	return ask(r, losses_sql, NULL, since_us, out);
}

int report_refused(struct report *r, const char *addr, int64_t since_us,
		   const struct report_out *out)
{
	return ask(r, refused_sql, addr, since_us, out);
}

int report_told(struct report *r, const char *addr, int64_t since_us,
		const struct report_out *out)
{
	return ask(r, told_sql, addr, since_us, out);
}

int report_pdns(struct report *r, const char *addr, const struct report_out *out)
{
	return ask(r, pdns_sql, addr, 0, out);
}

int report_device(struct report *r, const char *addr, const struct report_out *out)
{
	return ask(r, device_sql, addr, 0, out);
}
