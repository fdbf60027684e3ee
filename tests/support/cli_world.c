/* See cli_world.h. */
#include "tests/support/cli_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "db/refusals.h"
#include "lib/util.h"

#define ARGS_MAX 16
#define SECOND	 1000000LL

int cli_world_setup(void **state)
{
	struct cli_world *w = calloc(1, sizeof(*w));
	void *fixture = NULL;

	if (!w || fixture_setup(&fixture) != 0)
		return -1;
	w->fixture = fixture;
	snprintf(w->conf, sizeof(w->conf), "%s/nameward.conf", w->fixture->folder);
	cli_world_conf(w, "listen local 127.0.0.1:5353\nupstream a {\n  server 192.0.2.1\n}\n"
			  "history {\n  file h.db\n}\n");
	fixture_db_open(&w->db, w->fixture->path);
	*state = w;
	return 0;
}

int cli_world_teardown(void **state)
{
	struct cli_world *w = *state;
	void *fixture = w->fixture;

	fixture_db_close(&w->db);
	unlink(w->conf);
	fixture_teardown(&fixture);
	free(w->out);
	free(w->err);
	free(w);
	return 0;
}

void cli_world_conf(struct cli_world *w, const char *text)
{
	FILE *conf = fopen(w->conf, "a");

	assert_non_null(conf);
	fputs(text, conf);
	assert_int_equal(fclose(conf), 0);
}

static void refuse(struct cli_world *w, int64_t ts_us, const char *dest, uint8_t observed)
{
	struct msg_refused m = { .size = sizeof(m), .ts_us = ts_us, .proto = 6, .port = 443,
				 .n = 2, .would = observed };

	assert_int_equal(addr_from_text("192.168.1.10", &m.client), 0);
	assert_int_equal(addr_from_text(dest, &m.dest), 0);
	assert_int_equal(refusals_add(w->db.queue.refusals, &m), 0);
}

void cli_world_fill(struct cli_world *w)
{
	static const struct fixture_lookup lookups[] = {
		{ .name = "www.example.org", .device = "tv", .answers = { "192.0.2.80" },
		  .mac = "02:00:00:00:00:01", .rtt_us = 12500 },
		{ .name = "ads.example.net", .device = "tv", .verdict = VERDICT_BLOCKED,
		  .mac = "02:00:00:00:00:01", .list = "ads", .pattern = "*.example.net",
		  .upstream = "-", .rcode = 3 },
		{ .name = "www.example.org", .client = "192.168.1.11", .qtype = 28,
		  .verdict = VERDICT_CACHED, .upstream = "-" },
		{ .name = "tracker.example.com", .client = "2001:db8::5", .qtype = 65,
		  .verdict = VERDICT_BLOCKED_CNAME, .list = "telemetry",
		  .pattern = "tracker.example.com" },
		{ .name = "<b>&\"'.example", .client = "192.168.1.11", .verdict = VERDICT_FAILED,
		  .rcode = 2, .upstream = "-" },
		{ .name = "www.example.org", .client = "192.168.1.11", .answers = { "192.0.2.8" },
		  .rtt_us = 4000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lookups); i++) {
		struct fixture_lookup l = lookups[i];

		l.ts_us = FIXTURE_START_US + (int64_t)i * SECOND;
		fixture_add(&w->db, &l);
	}
	refuse(w, FIXTURE_START_US + 7 * SECOND, "198.51.100.7", 0);
	refuse(w, FIXTURE_START_US + 8 * SECOND, "192.0.2.80", 1);
	fixture_commit(&w->db);
}

int cli_world_run(struct cli_world *w, const struct verb *verb, const char *line)
{
	const struct verb verbs[] = { *verb, { .name = NULL } };
	char *argv[ARGS_MAX] = { (char *)"nameward", (char *)"-c", w->conf };
	size_t out_len, err_len;
	char words[256];
	FILE *out, *err;
	int argc = 3;
	int status;

	free(w->out);
	free(w->err);
	w->out = w->err = NULL;
	out = open_memstream(&w->out, &out_len);
	err = open_memstream(&w->err, &err_len);
	assert_true(out && err);
	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	status = command_main(verbs, argc, argv, out, err);
	fclose(out);
	fclose(err);
	return status;
}
