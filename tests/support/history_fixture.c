/* See history_fixture.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/events.h"
#include "db/pending.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/dname.h"
#include "lib/util.h"
#include "tests/support/history_fixture.h"

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->folder, "/tmp/nameward-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(chmod(f->folder, 0755), 0);
	snprintf(f->path, sizeof(f->path), "%s/h.db", f->folder);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	DIR *d = opendir(f->folder);
	struct dirent *e;
	char path[400];

	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", f->folder, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(f->folder);
	free(f);
	return 0;
}

static uint8_t *add_rr(uint8_t *p, const char *text)
{
	struct msg_rr rr = { .ttl_s = 300 };
	struct dname name;
	struct addr addr;
	const void *rdata = NULL;

	if (!strncmp(text, "TYPE:", 5)) {
		rr.type = (uint16_t)atoi(text + 5);
	} else if (!addr_from_text(text, &addr)) {
		rr.type = addr.family == AF_INET ? 1 : 28;
		rr.rdata_len = (uint16_t)addr_len(&addr);
		rdata = addr.bytes;
	} else {
		assert_int_equal(dname_from_text(text, &name), 0);
		rr.type = 5;
		rr.rdata_len = name.len;
		rdata = name.wire;
	}
	p = mempcpy(p, &rr, sizeof(rr));
	return rdata ? mempcpy(p, rdata, rr.rdata_len) : p;
}

static uint8_t *add_text(uint8_t *p, const char *text, uint8_t *len)
{
	*len = text ? (uint8_t)strlen(text) : 0;
	return text ? mempcpy(p, text, *len) : p;
}

const struct msg_lookup *fixture_lookup(const struct fixture_lookup *l)
{
	static uint64_t buf[1024];
	struct msg_lookup *m = (struct msg_lookup *)buf;
	uint8_t *p = m->data, *answer;
	struct dname name;

	memset(buf, 0, sizeof(buf));
	assert_int_equal(dname_from_text(l->name ? l->name : "www.example.org", &name), 0);
	m->verdict = l->verdict ? (uint8_t)l->verdict : VERDICT_FORWARDED;
	m->rcode = l->rcode;
	m->qtype = l->qtype ? l->qtype : 1;
	m->qclass = l->qclass ? l->qclass : 1;
	m->ts_us = l->ts_us ? l->ts_us : FIXTURE_START_US;
	m->rtt_us = l->rtt_us;
	m->hold_us = l->hold_us;
	assert_int_equal(addr_from_text(l->client ? l->client : "192.168.1.10", &m->client), 0);
	if (l->mac) {
		m->has_mac = 1;
		assert_int_equal(mac_from_text(l->mac, &m->mac), 0);
	}
	if (!l->upstream || strcmp(l->upstream, "-") != 0)
		assert_int_equal(addr_from_text(l->upstream ? l->upstream : "9.9.9.9",
						&m->upstream), 0);
	m->qname_len = name.len;
	p = mempcpy(p, name.wire, name.len);
	p = add_text(p, l->device, &m->device_len);
	p = add_text(p, l->list, &m->list_len);
	p = answer = add_text(p, l->pattern, &m->pattern_len);
	for (size_t i = 0; i < ARRAY_SIZE(l->answers) && l->answers[i]; i++)
		p = add_rr(p, l->answers[i]);
	m->answer_len = (uint16_t)(p - answer);
	m->size = (uint16_t)(((size_t)(p - (uint8_t *)m) + 7) & ~(size_t)7);
	return m;
}

const void *fixture_message(enum msg_type type, const void *record, size_t bytes)
{
	static struct msg_buf buf;
	uint16_t size;
	void *to;

	msg_buf_reset(&buf);
	to = msg_buf_add(&buf, type, bytes);
	assert_non_null(to);
	memcpy(&size, to, sizeof(size));
	memcpy(to, record, bytes);
	memcpy(to, &size, sizeof(size));
	assert_int_equal(msg_check(buf.bytes, buf.len, type == MSG_PEER), 0);
	return buf.bytes;
}

void fixture_db_open(struct fixture_db *db, const char *path)
{
	static const struct history_labels no_labels;

	db->queue.pending = pending_new();
	db->queue.refusals = refusals_new();
	db->queue.events = events_new();
	assert_int_equal(store_open(path, &db->store), 0);
	assert_int_equal(history_open(db->store, &no_labels, &db->history), 0);
}

void fixture_db_close(struct fixture_db *db)
{
	history_close(db->history);
	store_close(db->store);
	pending_free(db->queue.pending);
	refusals_free(db->queue.refusals);
	events_free(db->queue.events);
}

void fixture_add(struct fixture_db *db, const struct fixture_lookup *l)
{
	const struct msg_lookup *m = fixture_lookup(l);

	fixture_message(MSG_LOOKUP, m, m->size); /* checks it */
	assert_true(pending_add(db->queue.pending, m) >= 0);
}

void fixture_commit(struct fixture_db *db)
{
	do {
		assert_int_equal(history_commit(db->history, &db->queue), 0);
	} while (pending_count(db->queue.pending));
}

static sqlite3_stmt *first_row(sqlite3 **db, const char *path, const char *sql)
{
	sqlite3_stmt *stmt;

	assert_int_equal(sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(*db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(*db));
	if (sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: no row: %s", sql, sqlite3_errmsg(*db));
	return stmt;
}

int64_t fixture_number(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt = first_row(&db, path, sql);
	int64_t value = sqlite3_column_int64(stmt, 0);

	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return value;
}

const char *fixture_text(const char *path, const char *sql)
{
	static char text[4096];
	sqlite3 *db;
	sqlite3_stmt *stmt = first_row(&db, path, sql);
	const char *value = (const char *)sqlite3_column_text(stmt, 0);

	snprintf(text, sizeof(text), "%s", value ? value : "(null)");
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return text;
}

void fixture_exec(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}
