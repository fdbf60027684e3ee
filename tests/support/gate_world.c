/* See gate_world.h. */
#include "tests/support/gate_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/verbs.h"
#include "db/refusals.h"
#include "lib/clock.h"

#define ARGS_MAX 16
#define S	 INT64_C(1000000)

void gate_world_write_conf(const struct gate_world *w, const char *gate, const char *allow)
{
	FILE *conf = fopen(w->conf, "w");

	assert_non_null(conf);
	fprintf(conf, "listen local 127.0.0.1:5353\nupstream a {\n  server 192.0.2.1\n}\n"
		      "list own {\n  name own.example\n}\nlist soft {\n  name soft.example\n}\n"
		      "list bad {\n  name bad.example\n}\n"
		      "control %s/ctl\nhistory {\n  file %s\n}\n"
		      "zone iot {\n  interface br-iot\n  gate %s\n%s}\n"
		      "zone guest {\n  interface wlan1\n  gate off\n}\n"
		      "device tv {\n  mac " GATE_WORLD_TV "\n%s}\n"
		      "gate {\n  lease-min 1m\n  grace 10m\n%s}\n",
		w->fixture->folder, w->fixture->path, gate, w->zone, w->device, allow);
	fclose(conf);
}

int gate_world_setup(void **state)
{
	struct gate_world *w = calloc(1, sizeof(*w));
	void *fixture = NULL;

	if (!w || fixture_setup(&fixture) != 0)
		return -1;
	w->fixture = fixture;
	w->now = clock_wall_us();
	w->zone = w->device = "";
	snprintf(w->conf, sizeof(w->conf), "%s/nameward.conf", w->fixture->folder);
	gate_world_write_conf(w, "observe", "");
	fixture_db_open(&w->db, w->fixture->path);
	*state = w;
	return 0;
}

int gate_world_teardown(void **state)
{
	struct gate_world *w = *state;
	void *fixture = w->fixture;

	fixture_db_close(&w->db);
	unlink(w->conf);
	fixture_teardown(&fixture);
	free(w);
	return 0;
}

void gate_world_look_up(struct gate_world *w, int64_t ago_s, const char *mac, const char *name,
			const char *answer)
{
	fixture_add(&w->db, &(struct fixture_lookup){
		.ts_us = w->now - ago_s * S, .mac = mac, .name = name, .answers = { answer },
		.client = strcmp(mac, GATE_WORLD_TV) ? "192.168.20.8" : "192.168.20.7",
		.device = strcmp(mac, GATE_WORLD_TV) ? NULL : "tv" });
	fixture_commit(&w->db);
}

void gate_world_refuse(struct gate_world *w, int64_t ago_s, const char *mac, const char *dest,
		   uint8_t proto, uint16_t port)
{
	struct msg_refused m = { .size = sizeof(m), .would = 1, .proto = proto, .port = port,
				 .n = 1, .has_mac = 1, .ts_us = w->now - ago_s * S,
				 .interface = "br-iot" };

	assert_int_equal(mac_from_text(mac, &m.mac), 0);
	assert_int_equal(addr_from_text(strcmp(mac, GATE_WORLD_TV) ? "192.168.20.8" : "192.168.20.7",
					&m.client), 0);
	assert_int_equal(addr_from_text(dest, &m.dest), 0);
	assert_int_equal(refusals_add(w->db.queue.refusals, &m), 0);
	fixture_commit(&w->db);
}

int gate_world_run(struct gate_world *w, const char *line, char **out, char **err)
{
	const struct verb verbs[] = { verb_gate_readiness, verb_gate_check, verb_why, { .name = NULL } };
	char *argv[ARGS_MAX] = { (char *)"nameward", (char *)"-c", w->conf };
	size_t out_len, err_len;
	FILE *out_file = open_memstream(out, &out_len);
	FILE *err_file = open_memstream(err, &err_len);
	char words[256];
	int argc = 3;
	int status;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	status = command_main(verbs, argc, argv, out_file, err_file);
	fclose(out_file);
	fclose(err_file);
	return status;
}
