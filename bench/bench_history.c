/*
 * What a lookup costs to record: microseconds of CPU a row, bytes in the file and bytes
 * written. Time is a parameter, so three hours of a home's lookups take a second.
 *
 *	bench_history FOLDER [ROWS]	   measure
 *	bench_history FOLDER ROWS keep	   leave FOLDER/bench_history.db: 30 days up to now,
 *					   for timing questions (nameward-history(5))
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "db/events.h"
#include "db/fold.h"
#include "db/history.h"
#include "db/pending.h"
#include "db/refusals.h"
#include "db/store.h"
#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/msg.h"
#include "lib/util.h"

#define START_US 1790000000000000
#define MARK	 "SELECT value FROM meta WHERE key = 'folded_us'"

struct bench {
	char path[4096];
	struct store *store;
	struct history *history;
	struct history_queue queue;
	uint64_t random;
	uint64_t record[512];
	double cpu_us;
	int64_t wchar, write_bytes;
	unsigned folds;
	double fold_us;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_history: %s\n", what);
	exit(1);
}

static double cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void read_io(int64_t *wchar, int64_t *write_bytes)
{
	char line[128];
	FILE *f = fopen("/proc/self/io", "re");

	*wchar = *write_bytes = 0;
	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "wchar: %" SCNd64, wchar);
		sscanf(line, "write_bytes: %" SCNd64, write_bytes);
	}
	if (f)
		fclose(f);
}

static uint64_t next_random(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return b->random;
}

/* Number of a name, below `names`: each power of two is asked equally often, so few names
 * are asked very often and most hardly ever. */
static unsigned few_often(struct bench *b, unsigned names)
{
	unsigned bits = 0, top;

	while (names >> (bits + 1))
		bits++;
	top = 1u << (next_random(b) % (bits + 1));
	return (unsigned)(next_random(b) % top) + top - 1;
}

static void remove_files(const struct bench *b)
{
	static const char *const suffix[] = { "", "-wal", "-shm" };
	char path[4200];

	for (size_t i = 0; i < ARRAY_SIZE(suffix); i++) {
		snprintf(path, sizeof(path), "%s%s", b->path, suffix[i]);
		unlink(path);
	}
}

static void begin(struct bench *b)
{
	static const struct history_labels no_labels;

	remove_files(b);
	if (store_open(b->path, &b->store) ||
	    history_open(b->store, &no_labels, &b->history))
		fail("cannot open a database there");
	b->random = 0x9e3779b97f4a7c15ull;
	b->cpu_us = cpu_us();
	read_io(&b->wchar, &b->write_bytes);
}

static void end(struct bench *b, const char *what, uint64_t lookups)
{
	int64_t wchar, write_bytes;
	double us = cpu_us() - b->cpu_us;
	double rows = (double)history_stats(b->history)->rows;
	double bytes;

	history_close(b->history);
	store_close(b->store);
	read_io(&wchar, &write_bytes);
	if (store_open(b->path, &b->store))
		fail("cannot open it again");
	bytes = (double)store_file_bytes(b->store);
	printf("%-30s %9.0f %9.0f %8.2f %8.2f %9.0f %8.1f %9.0f\n", what, (double)lookups,
	       rows, us / (double)lookups, us / rows, 1e6 * (double)lookups / us,
	       bytes / rows, (double)(wchar - b->wchar) / (double)lookups);
	store_close(b->store);
	remove_files(b);
}

static void commit(struct bench *b)
{
	while (pending_count(b->queue.pending))
		if (history_commit(b->history, &b->queue) || store_checkpoint(b->store) < 0)
			fail("commit failed");
}

static uint8_t *add_rr(uint8_t *p, uint16_t type, const void *rdata, uint16_t len)
{
	struct msg_rr rr = { .type = type, .rdata_len = len, .ttl_s = 300 };

	p = mempcpy(p, &rr, sizeof(rr));
	return mempcpy(p, rdata, len);
}

/* h1234567.example4567.net, without printf: this is in the measured time. */
static void name_of(unsigned number, struct dname *name)
{
	static const uint8_t site[] = "\13example", end[] = "\3net";
	uint8_t *p = name->wire;

	*p++ = 8;
	*p++ = 'h';
	for (unsigned i = 0, v = number; i < 7; i++, v /= 10)
		*p++ = (uint8_t)('0' + v % 10);
	p = mempcpy(p, site, sizeof(site) - 1);
	for (unsigned i = 0, v = number; i < 4; i++, v /= 10)
		*p++ = (uint8_t)('0' + v % 10);
	p = mempcpy(p, end, sizeof(end));
	name->len = (uint8_t)(p - name->wire);
}

/* A forwarded A lookup of that name with two addresses. */
static void add(struct bench *b, unsigned number, unsigned client, int64_t ts,
		unsigned answer)
{
	struct msg_lookup *m = (struct msg_lookup *)b->record;
	struct dname name;
	uint8_t addr[4] = { 198, 18, (uint8_t)(answer >> 8), (uint8_t)answer };
	uint8_t *p = m->data;

	name_of(number, &name);
	memset(m, 0, sizeof(*m));
	m->verdict = number % 7 == 3 ? VERDICT_BLOCKED :
		     number % 7 == 5 ? VERDICT_CACHED : VERDICT_FORWARDED;
	m->qtype = 1;
	m->qclass = 1;
	m->ts_us = ts;
	m->rtt_us = 8000 + (uint32_t)(next_random(b) % 20000);
	m->hold_us = 150 + (uint32_t)(next_random(b) % 200);
	m->client.family = AF_INET;
	memcpy(m->client.bytes, (uint8_t[]){ 192, 168, 1, (uint8_t)client }, 4);
	m->has_mac = 1;
	memcpy(m->mac.bytes, (uint8_t[]){ 2, 0, 0, 0, 1, (uint8_t)client }, 6);
	m->upstream.family = AF_INET;
	memcpy(m->upstream.bytes, (uint8_t[]){ 9, 9, 9, 9 }, 4);
	m->qname_len = name.len;
	p = mempcpy(p, name.wire, name.len);
	m->device_len = (uint8_t)(8 + (client > 9));
	p = mempcpy(p, "device-", 7);
	if (client > 9)
		*p++ = (uint8_t)('0' + client / 10 % 10);
	*p++ = (uint8_t)('0' + client % 10);
	if (m->verdict == VERDICT_BLOCKED) {
		m->list_len = 3;
		m->pattern_len = 13;
		p = mempcpy(p, "ads*.example.net", 16);
	}
	p = add_rr(p, 1, addr, 4);
	addr[0] = 203;
	addr[1] = (uint8_t)(answer >> 16);
	p = add_rr(p, 1, addr, 4);
	m->answer_len = 2 * (sizeof(struct msg_rr) + 4);
	m->size = (uint16_t)(((size_t)(p - (uint8_t *)m) + 7) & ~7u);
	if (pending_add(b->queue.pending, m) < 0)
		fail("the queue is full");
}

static void unique_names(struct bench *b, unsigned rows)
{
	begin(b);
	for (unsigned i = 0; i < rows; i++) {
		add(b, i, i % 36, START_US + 20 * (int64_t)i, i);
		if (i % 8000 == 7999)
			commit(b);
	}
	commit(b);
	end(b, "unique names and answers", rows);
}

static void hot_names(struct bench *b, unsigned rows)
{
	begin(b);
	for (unsigned i = 0; i < rows; i++) {
		add(b, i % 1000, i / 1000 % 36, START_US + 20 * (int64_t)i, i % 1000);
		if (i % 8000 == 7999)
			commit(b);
	}
	commit(b);
	end(b, "1,000 hot names, 36 clients", rows);
}

static void one_name(struct bench *b, unsigned rows)
{
	begin(b);
	for (unsigned i = 0; i < rows; i++) {
		add(b, 7, 1, START_US + 5 * (int64_t)i, 7);
		if (i % 400000 == 399999)
			commit(b);
	}
	commit(b);
	end(b, "one name, 200,000/s, folded", rows);
}

/* What is due by now. */
static void fold(struct bench *b, int64_t now_us)
{
	struct fold *f = history_fold(b->history);
	uint64_t began_us = clock_mono_us();
	int64_t before = 0, after = 0;
	int rc;

	store_number(b->store, MARK, &before);
	rc = fold_step(f, now_us, (uint64_t)(now_us - START_US + 1));
	store_number(b->store, MARK, &after);
	if (rc < 0)
		fail("the fold failed");
	if (after == before)
		return;
	b->folds++;
	b->fold_us += (double)(clock_mono_us() - began_us);
	if (rc == 1)
		fold(b, now_us);
}

static void home_lookups(struct bench *b, unsigned rows, int64_t from_us, int64_t every_us,
			 unsigned commit_rows)
{
	for (unsigned i = 0; i < rows; i++) {
		unsigned number = few_often(b, 65536);

		add(b, number, (unsigned)(next_random(b) % 36),
		    from_us + every_us * i + (int64_t)(next_random(b) % 100000),
		    number % 20000);
		if (i % commit_rows == commit_rows - 1)
			commit(b);
		if (i % 300 == 299)
			fold(b, from_us + every_us * i);
	}
	commit(b);
	fold(b, from_us + every_us * rows);
}

/* What the disk has to take. */
static void home(struct bench *b, unsigned rows)
{
	begin(b);
	home_lookups(b, rows, START_US, 200000, 10);
	end(b, "a home: 5/s, commit each 2 s", rows);
	printf("%u folds, %.1f us a lookup\n", b->folds, b->fold_us / rows);
}

static void keep(struct bench *b, unsigned rows)
{
	const int64_t span_us = 30 * 86400 * 1000000ll;

	begin(b);
	home_lookups(b, rows, clock_wall_us() - span_us, span_us / rows, 500);
	history_close(b->history);
	store_close(b->store);
	printf("%s\n%u folds, %.1f us a lookup\n", b->path, b->folds, b->fold_us / rows);
}

int main(int argc, char **argv)
{
	static struct bench b;
	unsigned rows = argc > 2 ? (unsigned)atoi(argv[2]) : 1000000;

	if (argc < 2 || !rows) {
		fprintf(stderr, "usage: bench_history FOLDER [rows]\n");
		return 2;
	}
	snprintf(b.path, sizeof(b.path), "%s/bench_history.db", argv[1]);
	store_library_init();
	b.queue.pending = pending_new();
	b.queue.refusals = refusals_new();
	b.queue.events = events_new();
	if (!b.queue.pending || !b.queue.refusals || !b.queue.events)
		fail("out of memory");
	if (argc > 3) {
		keep(&b, rows);
		return 0;
	}
	printf("%-30s %9s %9s %8s %8s %9s %8s %9s\n", "", "lookups", "rows", "us/look",
	       "us/row", "lookup/s", "B/row", "B wr/look");
	unique_names(&b, rows);
	hot_names(&b, rows);
	one_name(&b, rows);
	home(&b, MIN(rows, 200000u));
	events_free(b.queue.events);
	refusals_free(b.queue.refusals);
	pending_free(b.queue.pending);
	return 0;
}
