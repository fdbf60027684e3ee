/* A configuration and a history in a folder of their own, and verbs run on them. */
#ifndef TESTS_CLI_WORLD_H
#define TESTS_CLI_WORLD_H

#include "cli/command.h"
#include "tests/support/history_fixture.h"

struct cli_world {
	struct fixture *fixture;
	struct fixture_db db;
	char conf[96];
	char *out, *err; /* of the last run; freed by the next and the teardown */
};

/** cmocka's setup and teardown; *state is a struct cli_world. */
int cli_world_setup(void **state);
int cli_world_teardown(void **state);

/** Add lines to the configuration. */
void cli_world_conf(struct cli_world *w, const char *text);

/** Record six lookups a second apart, the first at FIXTURE_START_US (14:13:20 UTC), and two
 *  refused connections. */
void cli_world_fill(struct cli_world *w);

/** Run "VERB ARGUMENTS", split at spaces; returns the exit status. */
int cli_world_run(struct cli_world *w, const struct verb *verb, const char *line);

#endif
