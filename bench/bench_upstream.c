/*
 * Unique questions a second through upstream_send() on one core, and CPU time a question:
 * bench_upstream ADDRESS PORT [SECONDS [IN_FLIGHT]]. A responder answers there.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/util.h"
#include "resolver/upstream.h"

#define HEAD	  12
#define OPT_LEN	  11
#define QUERY_MAX 128
#define TURN_MAX  64 /* questions sent a turn, as a listener's batch would */

struct bench {
	struct upstream_pool *pool;
	struct event_base *base;
	unsigned in_flight;
	uint64_t asked, answered, failed, refused;
	uint64_t rtt_us; /* sum */
};

static void on_done(void *arg, const struct upstream_reply *reply)
{
	struct bench *b = arg;

	b->in_flight--;
	if (reply->rc)
		b->failed++;
	else
		b->answered++;
	b->rtt_us += reply->rtt_us;
}

static size_t write_query(uint64_t n, uint8_t *buf)
{
	static const uint8_t opt[OPT_LEN] = { 0, 0, 41, 4, 208 };
	struct dname d;
	char text[64];
	size_t at;

	snprintf(text, sizeof(text), "host-%llu.some.example", (unsigned long long)n);
	if (dname_from_text(text, &d))
		abort();
	memset(buf, 0, HEAD);
	buf[2] = 0x01;
	buf[5] = buf[11] = 1;
	memcpy(buf + HEAD, d.wire, d.len);
	at = HEAD + d.len;
	store_be16(buf + at, 1);
	store_be16(buf + at + 2, 1);
	memcpy(buf + at + 4, opt, OPT_LEN);
	return at + 4 + OPT_LEN;
}

static void ask_some(struct bench *b, unsigned window)
{
	uint8_t wire[QUERY_MAX];
	struct upstream_query *q;

	for (unsigned i = 0; i < TURN_MAX && b->in_flight < window; i++) {
		size_t len = write_query(b->asked, wire);

		if (upstream_send(b->pool, 0, wire, len, on_done, b, &q)) {
			b->refused++;
			return;
		}
		b->asked++;
		b->in_flight++;
	}
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void run(struct bench *b, unsigned seconds, unsigned window)
{
	uint64_t begin_us = clock_mono_us(), end_us = begin_us + seconds * 1000000ull;
	double cpu = cpu_seconds(), wall;

	while (clock_mono_us() < end_us || b->in_flight) {
		if (clock_mono_us() < end_us)
			ask_some(b, window);
		upstream_flush(b->pool);
		event_base_loop(b->base,
				b->in_flight < window ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	}
	wall = (double)(clock_mono_us() - begin_us) / 1e6;
	cpu = cpu_seconds() - cpu;
	printf("asked %llu answered %llu failed %llu refused %llu\n",
	       (unsigned long long)b->asked, (unsigned long long)b->answered,
	       (unsigned long long)b->failed, (unsigned long long)b->refused);
	printf("%.0f answers/s, %.2f us CPU a question, %.0f us round trip, %.0f %% of a "
	       "core\n",
	       (double)b->answered / wall, cpu * 1e6 / (double)b->asked,
	       (double)b->rtt_us / (double)b->asked, 100 * cpu / wall);
}

int main(int argc, char **argv)
{
	struct conf_server server = { 0 };
	struct conf_upstream group = {
		.name = (char[]){ "bench" },
		.servers = &server,
		.server_count = 1,
		.timeout_ms = 3000,
		.order = ORDER_FIRST,
	};
	struct conf conf = { .upstreams = &group, .upstream_count = 1 };
	struct bench b = { 0 };

	if (argc < 3 || addr_from_text(argv[1], &server.at.addr)) {
		fprintf(stderr,
			"usage: bench_upstream ADDRESS PORT [SECONDS [IN_FLIGHT]]\n");
		return 2;
	}
	server.at.port = (uint16_t)atoi(argv[2]);
	b.base = event_base_new();
	if (!b.base || upstream_pool_open(b.base, &conf, &b.pool))
		return 1;
	run(&b, argc > 3 ? (unsigned)atoi(argv[3]) : 3,
	    argc > 4 ? (unsigned)atoi(argv[4]) : 200);
	upstream_status(b.pool, stdout);
	upstream_pool_close(b.pool);
	event_base_free(b.base);
	return b.failed > 0;
}
