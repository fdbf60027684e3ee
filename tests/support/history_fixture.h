/* A folder of its own for each test, lookups to record, and numbers read back by SQL. */
#ifndef TESTS_HISTORY_FIXTURE_H
#define TESTS_HISTORY_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "db/history.h"
#include "lib/msg.h"

struct sqlite3;

#define FIXTURE_START_US 1790000000000000 /* 2026-09-21 */

struct fixture {
	char folder[64];
	char path[80]; /* of the database in it */
};

/** cmocka's setup and teardown; *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** What a test says about a lookup; zero or NULL: a usual value, or nothing. */
struct fixture_lookup {
	int64_t ts_us;
	const char *name;	  /* "www.example.org" */
	const char *client;	  /* "192.168.1.10" */
	const char *device, *list, *pattern;
	const char *mac;
	const char *upstream;	  /* "-": none */
	const char *answers[6];	  /* addresses or names (CNAME), in order; "TYPE:16" */
	enum msg_verdict verdict; /* VERDICT_FORWARDED */
	uint16_t qtype, qclass;	  /* 1, 1 */
	uint8_t rcode;
	uint32_t rtt_us, hold_us;
};

/** A checked record in a static buffer. */
const struct msg_lookup *fixture_lookup(const struct fixture_lookup *l);

/** A whole checked message with one record in a static buffer. */
const void *fixture_message(enum msg_type type, const void *record, size_t bytes);

/** An open database with its history and an empty queue. */
struct fixture_db {
	struct store *store;
	struct history *history;
	struct history_queue queue;
};
void fixture_db_open(struct fixture_db *db, const char *path);
void fixture_db_close(struct fixture_db *db);
void fixture_add(struct fixture_db *db, const struct fixture_lookup *l);
/** Commit all that waits; the test fails if it cannot. */
void fixture_commit(struct fixture_db *db);

/** First column of the first row, by a connection of its own; the test fails if it cannot. */
int64_t fixture_number(const char *path, const char *sql);
/** The same as text, in a static buffer; "(null)" for NULL. */
const char *fixture_text(const char *path, const char *sql);
void fixture_exec(const char *path, const char *sql);

#endif
