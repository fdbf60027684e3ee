/* The supervisor: holds sockets, configuration and children together; serves nobody itself. */
#ifndef DAEMON_SUPERVISE_H
#define DAEMON_SUPERVISE_H

#include <stdbool.h>

/** Exit status for a configuration that is wrong (EX_CONFIG of sysexits.h). */
#define SUPERVISE_BAD_CONFIG 78

struct supervise_options {
	const char *conf_path; /* NULL: the default; borrowed */
	bool how_to_try;       /* print how, once all serve */
};

/** Run until SIGTERM or SIGINT. @return the exit status: 0 stopped as asked,
 *  SUPERVISE_BAD_CONFIG, or 1 for what the last line of the log says */
int supervise_run(const struct supervise_options *options);

#endif
