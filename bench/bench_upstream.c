/*
 * Unique questions through upstream_send() on one core: how many a second, what each costs
 * of CPU and of waiting. bench_upstream CONF [SECONDS [IN_FLIGHT [RATE]]]: the first upstream
 * of a configuration is asked, as fast as it goes or RATE times a second. Responders answer.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/util.h"
#include "resolver/upstream.h"

#define HEAD	  12
#define OPT_LEN	  11
#define QUERY_MAX 128
#define TURN_MAX  64 /* questions sent a turn, as a listener's batch would */
#define WAITS_MAX 8000000

struct bench {
	struct upstream_pool *pool;
	struct event_base *base;
	unsigned in_flight;
	uint64_t asked, answered, failed, refused;
	uint32_t *waits_us; /* of each that came to its end; owned */
	size_t wait_count;
};

static void on_done(void *arg, const struct upstream_reply *reply)
{
	struct bench *b = arg;

	b->in_flight--;
	if (reply->rc)
		b->failed++;
	else
		b->answered++;
	if (b->wait_count < WAITS_MAX && !reply->rc)
		b->waits_us[b->wait_count++] = reply->rtt_us;
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

static void ask_some(struct bench *b, unsigned window, uint64_t due)
{
	uint8_t wire[QUERY_MAX];
	struct upstream_query *q;

	for (unsigned i = 0; i < TURN_MAX && b->in_flight < window && b->asked < due; i++) {
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

static int compare_waits(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print_waits(struct bench *b)
{
	static const double parts[] = { 0.5, 0.99, 0.999, 1 };

	if (!b->wait_count)
		return;
	qsort(b->waits_us, b->wait_count, sizeof(b->waits_us[0]), compare_waits);
	printf("waited:");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		printf(" p%g %.1f ms", parts[i] * 100,
		       b->waits_us[(size_t)((double)(b->wait_count - 1) * parts[i])] / 1e3);
	putchar('\n');
}

static void run(struct bench *b, unsigned seconds, unsigned window, unsigned rate)
{
	uint64_t begin_us = clock_mono_us(), end_us = begin_us + seconds * 1000000ull;
	double cpu = cpu_seconds(), wall;

	while (clock_mono_us() < end_us || b->in_flight) {
		uint64_t now_us = clock_mono_us(), due = UINT64_MAX;

		if (rate)
			due = (now_us - begin_us) * rate / 1000000;
		if (now_us < end_us)
			ask_some(b, window, due);
		upstream_flush(b->pool);
		event_base_loop(b->base,
				b->in_flight < window ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
		if (rate && now_us < end_us)
			usleep(200);
	}
	wall = (double)(clock_mono_us() - begin_us) / 1e6;
	cpu = cpu_seconds() - cpu;
	printf("asked %llu answered %llu failed %llu refused %llu\n",
	       (unsigned long long)b->asked, (unsigned long long)b->answered,
	       (unsigned long long)b->failed, (unsigned long long)b->refused);
	printf("%.0f answers/s, %.2f us CPU a question, %.0f %% of a core\n",
	       (double)b->answered / wall, cpu * 1e6 / (double)b->asked, 100 * cpu / wall);
	print_waits(b);
}

static struct conf *load(const char *path)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *bundle = NULL;
	struct conf *conf = NULL;
	int fd = -1, rc = conf_bundle_load(path, &bundle, errors);

	if (!rc)
		rc = conf_parse(bundle, &conf, errors);
	if (!rc)
		rc = conf_bundle_add_ca(bundle, conf, errors);
	conf_errors_print(errors, stderr);
	conf_free(conf);
	if (!rc)
		fd = conf_bundle_write(bundle); /* as a child gets it */
	conf_bundle_free(bundle);
	return fd < 0 || conf_from_fd(fd, &conf) ? NULL : conf;
}

static unsigned number(int argc, char **argv, int i, unsigned otherwise)
{
	return argc > i ? (unsigned)atoi(argv[i]) : otherwise;
}

int main(int argc, char **argv)
{
	struct bench b = { .waits_us = malloc(WAITS_MAX * sizeof(uint32_t)) };
	struct conf *conf;

	if (argc < 2) {
		fprintf(stderr,
			"usage: bench_upstream CONF [SECONDS [IN_FLIGHT [RATE]]]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	conf = load(argv[1]);
	b.base = event_base_new();
	if (!conf || !b.base || !b.waits_us || upstream_pool_open(b.base, conf, NULL, &b.pool))
		return 1;
	run(&b, number(argc, argv, 2, 3), number(argc, argv, 3, 200),
	    number(argc, argv, 4, 0));
	upstream_status(b.pool, stdout);
	upstream_pool_close(b.pool);
	event_base_free(b.base);
	free(b.waits_us);
	return b.failed > 0;
}
