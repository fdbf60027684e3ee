/*
 * The server's tables; see pg_schema.h. A row is known by its router and its time: no two
 * lookups of one router have the same microsecond. So the key is what keeps a row from being
 * there twice, and the rows of a router lie together; BRIN is the index of time for all.
 */
#include "export/pg_schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/pg_link.h"
#include "export/pg_rows.h"
#include "lib/util.h"

/* one at a time; the number is arbitrary, but the same in every version */
#define LOCK "SELECT pg_advisory_xact_lock(7308327749);"
#define STATEMENT_MAX 8192

/* Step i leads from version i to i + 1. Never change one that was released: add another. */
static const char *const steps[] = {
	"CREATE TABLE nameward.lookups (router text NOT NULL, ts timestamptz NOT NULL, who text,"
	" client text, name text, site text, type text, verdict text, rcode text, ms real,"
	" hold_ms real, upstream text, list text, pattern text, answer text, n bigint NOT NULL,"
	" PRIMARY KEY (router, ts)) PARTITION BY RANGE (ts);"
	"CREATE INDEX lookups_ts ON nameward.lookups USING brin (ts);"
	/* how far each history of a router has been copied: times in microseconds */
	"CREATE TABLE nameward.cursors (router text NOT NULL, history bigint NOT NULL,"
	" up_to bigint NOT NULL, late bigint NOT NULL, rows bigint NOT NULL,"
	" pushed timestamptz NOT NULL, PRIMARY KEY (router, history));",

	"CREATE VIEW nameward.routers AS SELECT router, sum(rows) AS rows,"
	" timestamptz 'epoch' + max(up_to) * interval '1 microsecond' AS up_to,"
	" max(pushed) AS pushed"
	" FROM nameward.cursors GROUP BY router;",
};

int pg_schema_version(void)
{
	return (int)ARRAY_SIZE(steps);
}

/* 0 where there is no schema yet. @retval -EPROTO  not one of ours */
static int read_version(struct pg_link *l, int *version)
{
	char values[PG_VALUES_MAX][PG_VALUE_MAX];
	int rc = pg_ask(l, "SELECT to_regclass('nameward.version')", NULL, 0, values);

	*version = 0;
	if (rc <= 0 || !*values[0])
		return MIN(rc, 0);
	rc = pg_ask(l, "SELECT version FROM nameward.version", NULL, 0, values);
	if (rc == 1)
		*version = atoi(values[0]);
	return rc < 0 ? rc : *version < 0 ? -EPROTO : 0;
}

static int make(struct pg_link *l)
{
	return pg_do_all(l, "BEGIN;" LOCK "CREATE SCHEMA IF NOT EXISTS nameward;"
			    "CREATE TABLE IF NOT EXISTS nameward.version (version int NOT NULL);"
			    "INSERT INTO nameward.version SELECT 0"
			    " WHERE NOT EXISTS (SELECT FROM nameward.version); COMMIT");
}

/* Another router may do it at the same time: who has the lock looks again. */
static int step(struct pg_link *l)
{
	char sql[STATEMENT_MAX];
	int version, rc = pg_do_all(l, "BEGIN;" LOCK);

	if (rc == 0)
		rc = read_version(l, &version);
	if (rc == 0 && version < pg_schema_version()) {
		snprintf(sql, sizeof(sql), "%s UPDATE nameward.version SET version = %d",
			 steps[version], version + 1);
		rc = pg_do_all(l, sql);
	}
	if (rc == 0)
		return pg_do_all(l, "COMMIT");
	if (rc == -EREMOTEIO)
		pg_do_all(l, "ROLLBACK");
	return rc;
}

int pg_schema_up(struct pg_link *l)
{
	int version, rc = read_version(l, &version);

	if (rc == 0 && version == 0) {
		rc = make(l);
		if (rc == 0)
			rc = read_version(l, &version);
	}
	for (int i = 0; i < pg_schema_version() && rc == 0 && version < pg_schema_version(); i++) {
		rc = step(l);
		if (rc == 0)
			rc = read_version(l, &version);
	}
	return rc == 0 && version != pg_schema_version() ? -EPROTO : rc;
}

int pg_schema_month(struct pg_link *l, int64_t month)
{
	char values[PG_VALUES_MAX][PG_VALUE_MAX], name[64], sql[512];
	char from[PG_TIME_MAX], to[PG_TIME_MAX];
	const char *const params[] = { name };
	int rc;

	snprintf(name, sizeof(name), "nameward.lookups_%04d_%02d", (int)(month / 12),
		 (int)(month % 12) + 1);
	rc = pg_ask(l, "SELECT to_regclass($1)", params, 1, values);
	if (rc < 0 || (rc == 1 && *values[0]))
		return MIN(rc, 0);
	snprintf(sql, sizeof(sql),
		 "BEGIN;" LOCK "CREATE TABLE IF NOT EXISTS %s PARTITION OF nameward.lookups"
		 " FOR VALUES FROM ('%s') TO ('%s'); COMMIT", name,
		 pg_time(pg_month_start_us(month), from), pg_time(pg_month_start_us(month + 1), to));
	rc = pg_do_all(l, sql);
	if (rc == -EREMOTEIO)
		pg_do_all(l, "ROLLBACK");
	return rc;
}
