/*
 * What a lease costs: ledger, batch and kernel together, in network namespaces of its own.
 * Prints samples for bench/table.awk. Needs root. bench_lease lease|restore|memory
 */
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/util.h"
#include "nftsync/gate.h"
#include "nftsync/gate_parts.h"

#define LEASES 65536
#define GATES  8 /* for the memory: so many ledgers and sets are not lost in the noise */

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

static const struct gate_ops ops = { on_event, on_lost };

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

struct watch {
	uint64_t wall_us, cpu_us;
};

static struct watch watch_start(void)
{
	return (struct watch){ clock_mono_us(), cpu_us() };
}

static void print_rate(const char *what, uint32_t batch, const char *who, uint32_t count,
		       struct watch start)
{
	double wall = (double)(clock_mono_us() - start.wall_us);
	double cpu = (double)(cpu_us() - start.cpu_us);

	printf("lease\t%s, %u a turn\t%s\tleases/s\t%.0f\n", what, batch, who,
	       1e6 * count / wall);
	printf("lease\t%s, %u a turn\t%s\tus CPU a lease\t%.3f\n", what, batch, who, cpu / count);
}

static void print_ms(const char *what, uint32_t count, uint64_t us)
{
	printf("restore\t%s of %u leases\tnameward\tms\t%.2f\n", what, count, (double)us / 1000);
}

static struct lease_key key_of(uint32_t i)
{
	struct msg_device d = { .kind = DEVICE_MAC, .id = { 2, 0, 0, 0, 0, (uint8_t)(i % 16) } };
	uint8_t addr[4];

	store_be32(addr, 0x08000000u + i);
	return lease_key_make(&d, AF_INET, addr);
}

/* All leases with this TTL at this time, `batch` in one turn. */
static void claim(struct gate *g, uint32_t ttl_s, uint32_t count, uint32_t batch, uint64_t now_ms)
{
	uint8_t name[] = "\3www\7example\3org";
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
}

static struct gate *load(const struct conf *c)
{
	char why[MSG_TEXT_MAX] = "";
	struct gate *g;

	if (gate_new(&ops, NULL, &g))
		die("no memory");
	if (gate_load(g, c, clock_mono_ms(), why))
		die(why);
	return g;
}

static struct gate *load_in_new_ns(const struct conf *c)
{
	if (unshare(CLONE_NEWNET))
		die("no network namespace (root?)");
	return load(c);
}

static void end_all(struct gate *g, uint64_t now_ms)
{
	while (gate_tick(g, now_ms))
		;
	if (lease_count(gate_ledger(g)))
		die("leases left");
}

static void bench_claims(const struct conf *c, uint32_t batch, bool old_forms)
{
	const char *who = old_forms ? "nameward as on 6.1" : "nameward";
	struct gate *g = load_in_new_ns(c);
	uint64_t now = clock_mono_ms();
	static const struct {
		const char *what;
		uint32_t ttl_s;
	} steps[] = { { "new", 300 }, { "covered", 300 }, { "refresh", 7200 } };
	struct watch start;

	if (old_forms)
		g->forms = (struct batch_forms){ false, false };
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		start = watch_start();
		claim(g, steps[i].ttl_s, LEASES, batch, now);
		print_rate(steps[i].what, batch, who, LEASES, start);
	}
	start = watch_start();
	end_all(g, now + 10 * 3600 * 1000ull);
	if (batch == 64)
		print_rate("ended", GATE_TICK_SLICE, who, LEASES, start);
	gate_remove(g);
	gate_free(g);
}

static void bench_lease(const struct conf *c)
{
	static const uint32_t batches[] = { 1, 64, 500 };

	for (size_t i = 0; i < ARRAY_SIZE(batches); i++) {
		bench_claims(c, batches[i], false);
		bench_claims(c, batches[i], true);
	}
}

static void bench_flush(const struct conf *c, uint32_t count)
{
	struct gate *g = load_in_new_ns(c);
	uint64_t start_us;

	claim(g, 300, count, 500, clock_mono_ms());
	if (system("nft flush ruleset"))
		die("no nft");
	start_us = clock_mono_us();
	gate_on_watch(g, clock_mono_ms());
	if (!gate_stats(g)->restores)
		die("nothing was restored");
	print_ms("after a foreign flush", count, clock_mono_us() - start_us);
	gate_free(g);
}

static void bench_adoption(const struct conf *c, uint32_t count)
{
	struct gate *g = load_in_new_ns(c);
	uint64_t start_us;

	claim(g, 300, count, 500, clock_mono_ms());
	gate_free(g); /* as if killed */
	start_us = clock_mono_us();
	g = load(c);
	if (lease_count(gate_ledger(g)) != count)
		die("not all were adopted");
	print_ms("adoption by a new process", count, clock_mono_us() - start_us);
	gate_remove(g);
	gate_free(g);
}

static void bench_restore(const struct conf *c)
{
	static const uint32_t counts[] = { 1000, 10000, LEASES };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		bench_flush(c, counts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		bench_adoption(c, counts[i]);
}

/* The kernel's memory for small things, in bytes. */
static int64_t slab_bytes(void)
{
	FILE *from = fopen("/proc/meminfo", "re");
	char line[128];
	long long kib = -1, one;

	while (from && fgets(line, sizeof(line), from)) {
		if (sscanf(line, "SUnreclaim: %lld kB", &one) == 1)
			kib = one;
	}
	if (from)
		fclose(from);
	if (kib < 0)
		die("no SUnreclaim in /proc/meminfo");
	return kib * 1024;
}

static int64_t resident_bytes(void)
{
	FILE *from = fopen("/proc/self/statm", "re");
	long pages = -1;

	if (!from || fscanf(from, "%*d %ld", &pages) != 1)
		die("no /proc/self/statm");
	fclose(from);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void print_bytes(const char *where, int64_t before, int64_t after)
{
	printf("memory\ta lease, of %u\tnameward\tbytes in the %s\t%.0f\n", LEASES, where,
	       (double)(after - before) / (GATES * LEASES));
}

static void bench_memory(const struct conf *c)
{
	struct gate *gates[GATES];
	int64_t slab, resident;

	for (size_t i = 0; i < GATES; i++) {
		gates[i] = load_in_new_ns(c);
		claim(gates[i], 300, 64, 64, clock_mono_ms());
	}
	slab = slab_bytes();
	resident = resident_bytes();
	for (size_t i = 0; i < GATES; i++)
		claim(gates[i], 300, LEASES, 64, clock_mono_ms());
	print_bytes("daemon", resident, resident_bytes());
	print_bytes("kernel", slab, slab_bytes());
	for (size_t i = 0; i < GATES; i++) {
		gate_remove(gates[i]);
		gate_free(gates[i]);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(const struct conf *c);
	} parts[] = { { "lease", bench_lease },
		      { "restore", bench_restore },
		      { "memory", bench_memory } };
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
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (argc == 2 && strcmp(argv[1], parts[i].name) == 0) {
			parts[i].run(&c);
			return 0;
		}
	}
	fprintf(stderr, "usage: bench_lease lease|restore|memory\n");
	return 2;
}
