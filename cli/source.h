/* Where answers come from: the configuration's files and the running daemon. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stddef.h>

struct command;
struct conf;
struct control_sink;
struct table_column;

/** Read and check the configuration (path: NULL for c's own choice); errors are printed.
 *  @return COMMAND_DONE and *out (free with conf_free), or COMMAND_FAILED, _PERMISSION */
int source_conf(const struct command *c, const char *path, struct conf **out);

/** Ask the daemon and hand its answer to sink. What goes wrong is printed.
 *  @return an exit status */
int source_ask(const struct command *c, const char *const *words, size_t count,
	       const struct control_sink *sink, void *arg);

/** Ask the daemon and print its answer as a table.
 *  @param rows  gets their number, unless NULL
 *  @return an exit status */
int source_print(const struct command *c, const char *const *words, size_t count,
		 size_t *rows);

/** Columns behind those of the daemon's answer. */
struct source_more {
	const struct table_column *columns;
	size_t count; /* at most SOURCE_MORE_MAX */
	/** Fill count cells for a row of the daemon's fields; NULL is no value. */
	void (*fill)(void *arg, char *const *fields, const char **cells);
	void *arg;
};
#define SOURCE_MORE_MAX 4

/** As source_print, with more columns. */
int source_print_more(const struct command *c, const char *const *words, size_t count,
		      const struct source_more *more, size_t *rows);

/** Say why the history could not be read.
 *  @param conf  for its path; may be NULL
 *  @param rc    of report_open() or a question
 *  @return an exit status */
int source_history_failed(const struct command *c, const struct conf *conf, int rc);

#endif
