/* A gate on the real kernel, and what tests do to it; see gate_rig.h. */
#include "tests/support/gate_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/lease_set.h"
#include "tests/support/nft_ns.h"

static void on_event(void *arg, const char *kind, const char *detail)
{
	struct told *t = arg;

	t->events++;
	snprintf(t->kind, sizeof(t->kind), "%s", kind);
	snprintf(t->detail, sizeof(t->detail), "%s", detail);
}

static void on_lost(void *arg)
{
	((struct told *)arg)->lost++;
}

static const struct gate_ops ops = { on_event, on_lost };

struct gate *gate_rig_make(struct told *told)
{
	struct gate *g;

	memset(told, 0, sizeof(*told));
	assert_int_equal(gate_new(&ops, told, &g), 0);
	return g;
}

struct gate *gate_rig_load(struct told *told, const struct conf *c)
{
	struct gate *g = gate_rig_make(told);
	char why[MSG_TEXT_MAX] = "";

	assert_int_equal(gate_load(g, c, clock_mono_ms(), why), 0);
	assert_int_equal(gate_state(g), GATE_LOADED);
	return g;
}

struct lease_key gate_rig_key(unsigned kind, uint8_t family, uint32_t n)
{
	struct msg_device d = { .kind = (uint8_t)kind, .id = { 2, 0, 0, 0, 0, 1 } };
	uint8_t addr[16] = { 0x20, 1 };

	store_be32(family == AF_INET ? addr : addr + 12,
		   family == AF_INET ? 0xcb007100u + n : n);
	return lease_key_make(&d, family, addr);
}

int gate_rig_claim(struct gate *g, const struct lease_key *key, uint32_t ttl_s)
{
	size_t index = 0;
	int rc = gate_claim(g, key, ttl_s, NULL, 0, clock_mono_ms(), &index);

	if (rc != GATE_WAIT)
		return rc;
	gate_commit(g, clock_mono_ms());
	rc = gate_result(g, index);
	gate_next_turn(g);
	return rc ? rc : GATE_WAIT;
}

/* count leases over all kinds of devices, in batches. */
void gate_rig_fill(struct gate *g, uint32_t count)
{
	static const struct {
		unsigned kind;
		uint8_t family;
	} kinds[] = {
		{ DEVICE_MAC, AF_INET }, { DEVICE_MAC, AF_INET6 },
		{ DEVICE_IP4, AF_INET }, { DEVICE_IP6, AF_INET6 },
	};
	size_t index;

	for (uint32_t i = 0; i < count; i++) {
		struct lease_key key = gate_rig_key(kinds[i % 4].kind, kinds[i % 4].family, i);

		if (gate_is_full(g, 1)) {
			gate_commit(g, clock_mono_ms());
			assert_int_equal(gate_result(g, 0), 0);
			gate_next_turn(g);
		}
		assert_int_equal(gate_claim(g, &key, 3600, NULL, 0, clock_mono_ms(), &index),
				 GATE_WAIT);
	}
	gate_commit(g, clock_mono_ms());
	gate_next_turn(g);
	assert_int_equal(lease_count(gate_ledger(g)), count);
}

static long elements(const char *set)
{
	char command[160], *text;
	long n;

	snprintf(command, sizeof(command),
		 "nft list set inet nameward %s | grep -o expires | wc -l", set);
	text = nft_ns_run(command);
	n = atol(text);
	free(text);
	return n;
}

long gate_rig_elements(void)
{
	long n = 0;

	for (unsigned i = 0; i < LEASE_SET_COUNT; i++)
		n += elements(lease_set_info(i)->name);
	return n;
}
