/* A pool and its servers in one event loop; see upstream_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <event2/event.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/util.h"
#include "tests/support/upstream_rig.h"

#define HEAD 12

struct rig *rig_open(const char *address, const char *behaviours, uint32_t timeout_ms,
			    enum conf_order order)
{
	struct rig *r = calloc(1, sizeof(*r));
	char text[64], *save = NULL;

	assert_non_null(r);
	r->base = event_base_new();
	strcpy(r->group_name, "test");
	assert_true(strlen(behaviours) < sizeof(text));
	strcpy(text, behaviours);
	for (char *b = strtok_r(text, " ", &save); b; b = strtok_r(NULL, " ", &save)) {
		int rc = -1;

		for (unsigned i = 0; i < 5 && rc; i++) /* the TCP port may be taken */
			rc = scripted_open(r->base, address, 0, b,
					   &r->servers[r->server_count]);
		assert_int_equal(rc, 0);
		r->addrs[r->server_count].at = scripted_addr(r->servers[r->server_count]);
		r->server_count++;
	}
	r->group.name = r->group_name;
	r->group.servers = r->addrs;
	r->group.server_count = r->server_count;
	r->group.timeout_ms = timeout_ms;
	r->group.order = order;
	r->conf.upstreams = &r->group;
	r->conf.upstream_count = 1;
	assert_int_equal(upstream_pool_open(r->base, &r->conf, NULL, &r->pool), 0);
	return r;
}

void rig_close(struct rig *r)
{
	upstream_pool_close(r->pool);
	for (size_t i = 0; i < r->server_count; i++)
		scripted_close(r->servers[i]);
	event_base_free(r->base);
	free(r);
}

size_t rig_write_query(const char *name, uint16_t type, uint8_t *buf, size_t *name_len)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	struct dname d;
	size_t at;

	assert_int_equal(dname_from_text(name, &d), 0);
	memset(buf, 0, HEAD);
	buf[2] = 0x01;
	store_be16(buf + 4, 1);
	store_be16(buf + 10, 1);
	memcpy(buf + HEAD, d.wire, d.len);
	at = HEAD + d.len;
	store_be16(buf + at, type);
	store_be16(buf + at + 2, 1);
	memcpy(buf + at + 4, opt, sizeof(opt));
	*name_len = d.len;
	return at + 4 + sizeof(opt);
}

/** The last four bytes of the first record's data are the address that is expected. */
static bool has_right_address(const struct asked *a, const uint8_t *wire, size_t len)
{
	size_t at = HEAD + a->name_len + 4;
	uint8_t address[4];

	scripted_address(a->wire + HEAD, a->name_len, address);
	if (load_be16(wire + 6) == 0 || len < at + 16)
		return false;
	return !memcmp(wire + at + 12 + load_be16(wire + at + 10) - 4, address, 4);
}

static void on_done(void *arg, const struct upstream_reply *reply)
{
	struct asked *a = arg;

	assert_false(a->rig->is_sending);
	a->calls++;
	a->query = NULL;
	a->rc = reply->rc;
	a->took_ms = clock_mono_ms() - a->begin_ms;
	assert_true((reply->rc == 0) == (reply->wire != NULL));
	if (!reply->wire)
		return;
	assert_true(reply->len >= HEAD + a->name_len + 4);
	a->reply_len = reply->len;
	a->rcode = reply->wire[3] & 0x0f;
	a->truncated = reply->wire[2] & 0x02;
	a->right = has_right_address(a, reply->wire, reply->len);
	if (a->asks_again)
		rig_ask(a->rig, "again.example", 1, false);
	upstream_flush(a->rig->pool); /* must do no harm here */
}

int rig_try_ask(struct rig *r, const char *name, uint16_t type, bool again)
{
	struct asked *a = &r->asked[r->asked_count];
	int rc;

	assert_true(r->asked_count < RIG_ASKED);
	a->rig = r;
	a->asks_again = again;
	a->len = rig_write_query(name, type, a->wire, &a->name_len);
	a->begin_ms = clock_mono_ms();
	r->is_sending = true;
	rc = upstream_send(r->pool, 0, a->wire, a->len, on_done, a, &a->query);
	r->is_sending = false;
	r->asked_count += rc == 0;
	return rc;
}

void rig_ask(struct rig *r, const char *name, uint16_t type, bool again)
{
	assert_int_equal(rig_try_ask(r, name, type, again), 0);
}

void rig_ask_many(struct rig *r, unsigned count)
{
	char name[64];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "name-%u.of.many.example", i);
		rig_ask(r, name, 1, false);
	}
}

void rig_turn(struct rig *r)
{
	upstream_flush(r->pool);
	event_base_loop(r->base, EVLOOP_ONCE);
}

void rig_run(struct rig *r)
{
	uint64_t end_ms = clock_mono_ms() + 10000;

	while (!upstream_idle(r->pool) && clock_mono_ms() < end_ms)
		rig_turn(r);
	assert_true(upstream_idle(r->pool));
	for (unsigned i = 0; i < r->asked_count; i++)
		assert_int_equal(r->asked[i].calls, 1);
}

void rig_run_for(struct rig *r, unsigned ms)
{
	struct timeval tv = { .tv_usec = ms * 1000 };

	upstream_flush(r->pool);
	event_base_loopexit(r->base, &tv);
	event_base_dispatch(r->base);
}

unsigned rig_count_right(const struct rig *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->asked_count; i++)
		n += r->asked[i].right;
	return n;
}
