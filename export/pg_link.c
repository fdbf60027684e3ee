/* libpq, with deadlines; see pg_link.h. */
#include "export/pg_link.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/util.h"

#define CONNECT_S      "10"
#define OLDEST_SERVER  120000 /* 12: partitions as we use them */
#define PIECE_BYTES    65536

struct pg_link {
	PGconn *conn; /* owned; may be NULL */
	uint64_t deadline_us; /* mono; of the step under way */
	char why[PG_WHY_MAX];
};

/* --- failures ------------------------------------------------------------------------- */

const char *pg_why(const struct pg_link *l)
{
	return l->why;
}

/* libpq's words as one line. */
static void keep_why(struct pg_link *l, const char *text)
{
	size_t len;

	snprintf(l->why, sizeof(l->why), "%s", text ? text : "");
	len = strlen(l->why);
	while (len && l->why[len - 1] == '\n')
		l->why[--len] = '\0';
	for (char *p = l->why; *p; p++)
		if (*p == '\n' || *p == '\t')
			*p = ' ';
}

static int link_failed(struct pg_link *l)
{
	keep_why(l, PQerrorMessage(l->conn));
	return -ENOTCONN;
}

static int result_failed(struct pg_link *l, const PGresult *result)
{
	if (PQstatus(l->conn) != CONNECTION_OK)
		return link_failed(l);
	keep_why(l, result ? PQresultErrorMessage(result) : PQerrorMessage(l->conn));
	return -EREMOTEIO;
}

/* --- opening -------------------------------------------------------------------------- */

static bool is_connection_string(const char *text)
{
	return strchr(text, '=') || strncmp(text, "postgres://", 11) == 0 ||
	       strncmp(text, "postgresql://", 13) == 0;
}

int pg_check(const char *conninfo)
{
	PQconninfoOption *options;
	int rc = 0;

	if (!is_connection_string(conninfo))
		return *conninfo ? 0 : -EINVAL;
	options = PQconninfoParse(conninfo, NULL);
	if (!options)
		return -EINVAL;
	for (const PQconninfoOption *o = options; o->keyword; o++)
		if (o->val && (strcmp(o->keyword, "password") == 0 ||
			       strcmp(o->keyword, "sslpassword") == 0))
			rc = -EPERM;
	PQconninfoFree(options);
	return rc;
}

/* A server that we have hung up on must not keep our locks. */
static int set_up(struct pg_link *l)
{
	char values[PG_VALUES_MAX][PG_VALUE_MAX];
	int rc = pg_do_all(l, "SET client_encoding = 'UTF8'; SET TIME ZONE 'UTC';"
			      "SET statement_timeout = '110s'; SET lock_timeout = '60s';"
			      "SET idle_in_transaction_session_timeout = '60s';"
			      "SET client_min_messages = warning");

	if (rc == 0)
		rc = pg_ask(l, "SELECT current_setting('server_encoding')", NULL, 0, values);
	if (rc < 0)
		return rc;
	if (strcmp(values[0], "UTF8") != 0)
		keep_why(l, "the database's encoding is not UTF8");
	else if (PQserverVersion(l->conn) < OLDEST_SERVER)
		keep_why(l, "the server is older than PostgreSQL 12");
	else
		return PQsetnonblocking(l->conn, 1) ? link_failed(l) : 0;
	return -EREMOTEIO;
}

/* The server's notices are not ours to print. */
static void on_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

int pg_open(const char *conninfo, struct pg_link **out)
{
	/* what comes before dbname is a default, which a connection string overrules */
	const char *const keys[] = { "fallback_application_name", "tcp_user_timeout",
				     "keepalives_idle", "keepalives_interval",
				     "keepalives_count", "dbname", NULL };
	const char *const values[] = { "nameward", "60000", "30", "10", "3", conninfo, NULL };
	struct pg_link *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*out = l;
	setenv("PGCONNECT_TIMEOUT", CONNECT_S, 0); /* below what the service file says */
	l->conn = PQconnectdbParams(keys, values, 1);
	if (!l->conn)
		return -ENOMEM;
	if (PQstatus(l->conn) != CONNECTION_OK)
		return link_failed(l);
	PQsetNoticeReceiver(l->conn, on_notice, NULL);
	return set_up(l);
}

void pg_close(struct pg_link *l)
{
	if (!l)
		return;
	PQfinish(l->conn);
	free(l);
}

/* --- waiting -------------------------------------------------------------------------- */

static void begin_step(struct pg_link *l)
{
	l->deadline_us = clock_mono_us() + PG_STEP_S * 1000000ull;
}

static int wait_for(struct pg_link *l, short events)
{
	struct pollfd p = { .fd = PQsocket(l->conn), .events = events };
	uint64_t now_us = clock_mono_us();
	int ready;

	if (p.fd < 0)
		return link_failed(l);
	if (now_us >= l->deadline_us) {
		keep_why(l, "the server does not answer");
		return -ETIMEDOUT;
	}
	ready = poll(&p, 1, (int)((l->deadline_us - now_us) / 1000 + 1));
	if (ready < 0 && errno != EINTR)
		return -errno;
	if (ready > 0 && p.revents & POLLIN && !PQconsumeInput(l->conn))
		return link_failed(l);
	return 0;
}

static int flush(struct pg_link *l)
{
	int left = PQflush(l->conn), rc = 0;

	while (left > 0 && rc == 0) {
		rc = wait_for(l, POLLIN | POLLOUT);
		if (rc == 0)
			left = PQflush(l->conn);
	}
	return left < 0 ? link_failed(l) : rc;
}

/* The next result, or NULL behind the last; *rc tells a failure to get it. */
static PGresult *next_result(struct pg_link *l, int *rc)
{
	*rc = flush(l);
	while (*rc == 0 && PQisBusy(l->conn))
		*rc = wait_for(l, POLLIN);
	return *rc ? NULL : PQgetResult(l->conn);
}

/* Read all results; the first failure counts. `keep`: unless NULL gets the first good one. */
static int finish(struct pg_link *l, PGresult **keep)
{
	PGresult *result;
	int rc, failed = 0;

	while ((result = next_result(l, &rc))) {
		ExecStatusType status = PQresultStatus(result);
		bool is_good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

		if (!is_good && !failed)
			failed = result_failed(l, result);
		if (is_good && keep && !*keep)
			*keep = result;
		else
			PQclear(result);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT ||
		    PQstatus(l->conn) == CONNECTION_BAD)
			break; /* there would be no end of results */
	}
	if (failed)
		return failed;
	return rc ? rc : PQstatus(l->conn) == CONNECTION_OK ? 0 : link_failed(l);
}

/* --- statements ----------------------------------------------------------------------- */

static int send_query(struct pg_link *l, const char *sql, const char *const *params,
		      size_t count)
{
	begin_step(l);
	if (!PQsendQueryParams(l->conn, sql, (int)count, NULL, params, NULL, NULL, 0))
		return link_failed(l);
	return 0;
}

int pg_do(struct pg_link *l, const char *sql, const char *const *params, size_t count,
	  long long *rows)
{
	PGresult *result = NULL;
	int rc = send_query(l, sql, params, count);

	if (rc == 0)
		rc = finish(l, &result);
	if (rc == 0 && rows)
		*rows = result ? atoll(PQcmdTuples(result)) : 0;
	PQclear(result);
	return rc;
}

int pg_do_all(struct pg_link *l, const char *sql)
{
	begin_step(l);
	return PQsendQuery(l->conn, sql) ? finish(l, NULL) : link_failed(l);
}

int pg_ask(struct pg_link *l, const char *sql, const char *const *params, size_t count,
	   char values[PG_VALUES_MAX][PG_VALUE_MAX])
{
	PGresult *result = NULL;
	int rc = send_query(l, sql, params, count);

	if (rc == 0)
		rc = finish(l, &result);
	if (rc == 0 && result && PQntuples(result) > 0) {
		for (int i = 0; i < PQnfields(result) && i < PG_VALUES_MAX; i++)
			snprintf(values[i], PG_VALUE_MAX, "%s", PQgetvalue(result, 0, i));
		rc = 1;
	}
	PQclear(result);
	return rc;
}

/* --- copying -------------------------------------------------------------------------- */

static int put(struct pg_link *l, const char *bytes, size_t len)
{
	int rc = 0;

	while (len && rc == 0) {
		size_t piece = MIN(len, (size_t)PIECE_BYTES);
		int taken = PQputCopyData(l->conn, bytes, (int)piece);

		if (taken < 0)
			return link_failed(l);
		if (taken > 0) {
			bytes += piece;
			len -= piece;
			begin_step(l); /* it goes on */
		}
		rc = flush(l);
	}
	return rc;
}

static int put_end(struct pg_link *l)
{
	int taken, rc = 0;

	while ((taken = PQputCopyEnd(l->conn, NULL)) == 0 && rc == 0)
		rc = flush(l);
	return taken < 0 ? link_failed(l) : rc;
}

int pg_copy(struct pg_link *l, const char *sql, const char *bytes, size_t len)
{
	PGresult *result;
	int rc = send_query(l, sql, NULL, 0);

	if (rc)
		return rc;
	result = next_result(l, &rc);
	if (rc)
		return rc;
	if (PQresultStatus(result) != PGRES_COPY_IN) {
		rc = result_failed(l, result);
		PQclear(result);
		finish(l, NULL);
		return rc;
	}
	PQclear(result);
	rc = put(l, bytes, len);
	if (rc == 0)
		rc = put_end(l);
	return rc ? rc : finish(l, NULL);
}
