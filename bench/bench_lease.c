/*
 * What a lease costs: ledger, batch and kernel together, in a network namespace of its own.
 * Prints one line a case. Needs root.
 */
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_parts.h"

#define LEASES 65536

static void on_event(void *arg, const char *kind, const char *detail)
{
	(void)arg;
	(void)kind;
	(void)detail;
}

static void on_lost(void *arg)
{
	(void)arg;
}

static uint64_t cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static void die(const char *what)
{
	fprintf(stderr, "bench_lease: %s\n", what);
	exit(1);
}

static struct lease_key key_of(uint32_t i)
{
	struct msg_device d = { .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, 0, (uint8_t)(i % 16) } };
	uint8_t addr[4];

	store_be32(addr, 0x08000000u + i);
	return lease_key_make(&d, AF_INET, addr);
}

/* All leases with this TTL at this time, `batch` in one turn. */
static void run(struct gate *g, const char *what, uint32_t ttl_s, uint32_t count,
		uint32_t batch, uint64_t now_ms)
{
	uint8_t name[] = "\3www\7example\3org";
	uint64_t start_us = clock_mono_us(), start_cpu = cpu_us(), wall, cpu;
	size_t index;

	for (uint32_t i = 0; i < count; i++) {
		struct lease_key key = key_of(i);

		/* Another name for every 64 leases in a row: four of each of 16 devices. */
		store_be32(name + 5, 0x61616161 + (i >> 6 & 0xf) + ((i >> 10 & 0xf) << 8) +
					     ((i >> 14 & 0xf) << 16));
		if (gate_claim(g, &key, ttl_s, name, sizeof(name), now_ms, &index) < 0)
			die("claim refused");
		if ((i + 1) % batch == 0 || i + 1 == count) {
			gate_commit(g, now_ms);
			gate_next_turn(g);
		}
	}
	wall = clock_mono_us() - start_us;
	cpu = cpu_us() - start_cpu;
	printf("%-28s batch %4u  %9.0f leases/s  %6.2f CPU us a lease\n", what, batch,
	       1e6 * count / (double)wall, (double)cpu / count);
}

static struct gate *make(const struct conf *c)
{
	static const struct gate_ops ops = { on_event, on_lost };
	char why[MSG_TEXT_MAX] = "";
	struct gate *g;

	if (unshare(CLONE_NEWNET))
		die("no network namespace (root?)");
	if (gate_new(&ops, NULL, &g))
		die("no memory");
	if (gate_load(g, c, clock_mono_ms(), why))
		die(why);
	return g;
}

static void bench_claims(const struct conf *c, uint32_t batch, bool old_forms)
{
	struct gate *g = make(c);
	uint64_t now = clock_mono_ms(), start_us, start_cpu;

	if (old_forms)
		g->forms = (struct batch_forms){ false, false };
	run(g, old_forms ? "new (add-delete-add)" : "new", 300, LEASES, batch, now);
	run(g, "covered", 300, LEASES, batch, now);
	run(g, old_forms ? "refresh (add-delete-add)" : "refresh", 7200, LEASES, batch, now);
	now += 10 * 3600 * 1000ull;
	start_us = clock_mono_us();
	start_cpu = cpu_us();
	while (gate_tick(g, now))
		;
	printf("%-28s batch %4u  %9.0f leases/s  %6.2f CPU us a lease\n", "ended", GATE_TICK_SLICE,
	       1e6 * LEASES / (double)(clock_mono_us() - start_us),
	       (double)(cpu_us() - start_cpu) / LEASES);
	if (lease_count(gate_ledger(g)))
		die("leases left");
	gate_remove(g);
	gate_free(g);
}

static void bench_restore(const struct conf *c, uint32_t count)
{
	struct gate *g = make(c);
	uint64_t start_us;

	run(g, "new", 300, count, 500, clock_mono_ms());
	if (system("nft flush ruleset"))
		die("no nft");
	start_us = clock_mono_us();
	gate_on_watch(g, clock_mono_ms());
	printf("restore of %u leases after a flush: %.1f ms (seen to whole: %.1f ms)\n", count,
	       (double)gate_stats(g)->restore_us / 1000,
	       (double)(clock_mono_us() - start_us) / 1000);
	gate_free(g);
}

static void bench_adoption(const struct conf *c)
{
	static const struct gate_ops ops = { on_event, on_lost };
	struct gate *g = make(c);
	char why[MSG_TEXT_MAX] = "";
	uint64_t start_us;

	run(g, "new", 300, LEASES, 500, clock_mono_ms());
	gate_free(g); /* as if killed */
	if (gate_new(&ops, NULL, &g))
		die("no memory");
	start_us = clock_mono_us();
	if (gate_load(g, c, clock_mono_ms(), why))
		die(why);
	printf("adoption of %zu leases by a new process: %.1f ms\n", lease_count(gate_ledger(g)),
	       (double)(clock_mono_us() - start_us) / 1000);
	gate_remove(g);
	gate_free(g);
}

int main(void)
{
	static const uint32_t batches[] = { 1, 16, 64, 500 };
	static const uint32_t counts[] = { 1000, 10000, LEASES };
	char *interfaces[] = { (char *)"br-iot" };
	struct conf_zone zone = { .interfaces = interfaces, .interface_count = 1,
				  .gate = GATE_ENFORCE };
	struct conf c = {
		.zones = &zone,
		.zone_count = 1,
		.gate = { .table = (char *)"nameward", .lease_min_s = 60, .lease_max_s = 86400,
			  .grace_s = 600, .max_leases = LEASES, .max_device_leases = LEASES },
	};

	log_init("bench_lease", LOG_LEVEL_ERR);
	for (size_t i = 0; i < ARRAY_SIZE(batches); i++)
		bench_claims(&c, batches[i], false);
	bench_claims(&c, 64, true);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		bench_restore(&c, counts[i]);
	bench_adoption(&c);
	return 0;
}
