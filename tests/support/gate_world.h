/*
 * A configuration with a zone and a device, and a history, for tests of the gate's verbs: no
 * daemon runs.
 */
#ifndef TESTS_SUPPORT_GATE_WORLD_H
#define TESTS_SUPPORT_GATE_WORLD_H

#include <stdint.h>

#include "tests/support/history_fixture.h"

#define GATE_WORLD_TV	 "7c:2f:80:00:11:22" /* of the device tv, 192.168.20.7 */
#define GATE_WORLD_PHONE "7c:2f:80:00:11:33" /* of none, 192.168.20.8 */

struct gate_world {
	struct fixture *fixture;
	struct fixture_db db;
	char conf[96];
	const char *zone, *device; /* lines of these blocks */
	int64_t now; /* microseconds */
};

/** Setup and teardown of cmocka; *state is a struct gate_world. */
int gate_world_setup(void **state);
int gate_world_teardown(void **state);

/** Write the configuration anew. @param allow  lines of the block gate */
void gate_world_write_conf(const struct gate_world *w, const char *gate, const char *allow);

/** A lookup, and a connection that was observed, some seconds ago. */
void gate_world_look_up(struct gate_world *w, int64_t ago_s, const char *mac, const char *name,
			const char *answer);
void gate_world_refuse(struct gate_world *w, int64_t ago_s, const char *mac, const char *dest,
		       uint8_t proto, uint16_t port);

/** Run a command line without its program. @param out, err  owned by the caller
 *  @return its exit status */
int gate_world_run(struct gate_world *w, const char *line, char **out, char **err);

#endif
