/*
 * One statement for each question of report_who.h. Dictionaries are read first, so that no
 * row is joined that is not counted: seconds become tenths over a million lookups.
 */
#include "db/report_who.h"

#include "db/report_filter.h"

#define IN_RANGE "ts >= ?1 AND ts < ?2"
#define WHO_OF(id)                                                                         \
	"(SELECT coalesce((SELECT d.label FROM device d WHERE d.id = c.device_id), c.addr)" \
	" FROM client c WHERE c.id = " id ")"
#define IS_BLOCKED                                                                         \
	"(SELECT v.word FROM verdict v WHERE v.id ="                                       \
	" (SELECT o.verdict FROM outcome o WHERE o.id = l.outcome_id)) GLOB 'blocked*'"
/* Whether a text of answers has the address ?4. */
#define TELLS(text) "instr(' ' || " text " || ' ', ' ' || ?4 || ' ')"
#define CONNECTED                                                                          \
	" UNION ALL SELECT verdict, who, client, name, dest || ' ' || port || '/' ||"      \
	" proto, sum(n), min(ts), max(ts) FROM refusals WHERE " IN_RANGE " AND "
#define LATEST " GROUP BY 1, 2, 3, 4, 5 ORDER BY last DESC, n DESC LIMIT ?3"

/* Lookups are counted by their ids; those become words afterwards. */
#define LOOKUPS(how, condition)                                                            \
	"SELECT how, " WHO_OF("client_id") " AS who,"                                      \
	" (SELECT c.addr FROM client c WHERE c.id = client_id) AS client, name,"           \
	" NULL AS port, sum(n) AS n, min(first) AS first, max(last) AS last FROM ("        \
	"SELECT " how " AS how, l.client_id AS client_id,"                                 \
	" coalesce(l.name, (SELECT n.name FROM name n WHERE n.id = l.name_id)) AS name,"   \
	" sum(l.n) AS n, min(ts) AS first, max(ts) AS last FROM lookup l"                  \
	" WHERE " IN_RANGE " AND (" condition ") GROUP BY 1, 2, 3) GROUP BY 1, 2, 3, 4"

static const char who_name_sql[] =
	LOOKUPS("CASE WHEN " IS_BLOCKED " THEN 'blocked' ELSE 'asked' END",
		"l.name GLOB ?4 OR l.name_id IN (SELECT id FROM name WHERE name GLOB ?4)")
	CONNECTED "name GLOB ?4" LATEST;

static const char who_addr_sql[] =
	LOOKUPS("'told'", TELLS("l.answer") " OR l.answer_id IN"
		" (SELECT id FROM answer WHERE " TELLS("text") ")")
	CONNECTED "dest = ?4" LATEST;

/* Ids of clients that go by a name (label, in any letter case) or an address. */
#define MINE                                                                               \
	"(SELECT c.id FROM client c LEFT JOIN device d ON d.id = c.device_id"              \
	" WHERE c.addr = ?4 OR lower(d.label) = lower(?4))"
#define COUNTED "sum(n) AS n, min(ts) AS first, max(ts) AS last"

static const char client_sql[] =
	"WITH mine AS MATERIALIZED (SELECT ts, n, client_id,"
	" coalesce(l.name, (SELECT w.name FROM name w WHERE w.id = l.name_id)) AS name,"
	" " IS_BLOCKED " AS is_blocked"
	" FROM lookup l WHERE " IN_RANGE " AND client_id IN " MINE "),"
	" others AS MATERIALIZED (SELECT * FROM refusals WHERE " IN_RANGE
	" AND (client = ?4 OR lower(who) = lower(?4)))"
	" SELECT * FROM (SELECT 'mac' AS topic, mac AS item, NULL AS n, NULL AS first,"
	"  NULL AS last FROM device WHERE mac IS NOT NULL AND id IN"
	"  (SELECT device_id FROM client WHERE id IN " MINE ") GROUP BY mac LIMIT ?3)"
	" UNION ALL SELECT * FROM (SELECT 'address', (SELECT addr FROM client"
	"  WHERE id = client_id) AS addr, " COUNTED " FROM mine GROUP BY addr"
	"  ORDER BY max(ts) DESC LIMIT ?3)"
	" UNION ALL SELECT * FROM (SELECT 'lookups', CASE WHEN is_blocked THEN 'blocked'"
	"  ELSE 'answered' END, " COUNTED " FROM mine GROUP BY is_blocked ORDER BY 2)"
	" UNION ALL SELECT * FROM (SELECT 'name', name, " COUNTED " FROM mine"
	"  WHERE NOT is_blocked GROUP BY name ORDER BY 3 DESC, 2 LIMIT ?3)"
	" UNION ALL SELECT * FROM (SELECT 'blocked', name, " COUNTED " FROM mine"
	"  WHERE is_blocked GROUP BY name ORDER BY 3 DESC, 2 LIMIT ?3)"
	" UNION ALL SELECT * FROM (SELECT verdict, dest || ' ' || port || '/' || proto ||"
	"  coalesce(' ' || name, ''), " COUNTED " FROM others GROUP BY 1, 2"
	"  ORDER BY 3 DESC, 2 LIMIT ?3)";

int report_who_name(struct report *r, const char *pattern, const struct report_log *q,
		    const struct report_out *out)
{
	const struct report_subject subject = { pattern, true };

	return report_ranged(r, who_name_sql, q, &subject, out);
}

int report_who_addr(struct report *r, const char *addr, const struct report_log *q,
		    const struct report_out *out)
{
	const struct report_subject subject = { addr, false };

	return report_ranged(r, who_addr_sql, q, &subject, out);
}

int report_who_client(struct report *r, const char *client, const struct report_log *q,
		  const struct report_out *out)
{
	const struct report_subject subject = { client, false };

	return report_ranged(r, client_sql, q, &subject, out);
}
