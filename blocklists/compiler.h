/*
 * The compiler process: reads the configured lists and hands over their index. Lists are
 * hostile text, and reading them takes a second: so it is a process of its own, that lives
 * for one build.
 */
#ifndef BLOCKLISTS_COMPILER_H
#define BLOCKLISTS_COMPILER_H

struct conf;
struct list_index;

/** Entry of the process; its channel is on CHILD_FD. Returns the exit status. */
int compiler_main(void);

/**
 * Build the index of all lists of a configuration, and log what each gave. A list whose
 * file cannot be read holds the names of the configuration, and what its file gave before.
 *
 * @param old     the index in force; NULL: none
 * @param out_fd  a sealed memfd, the caller's
 * @retval -ENOMEM, -E2BIG, negative errno; out_fd untouched
 */
int compiler_build(const struct conf *conf, const struct list_index *old, int *out_fd);

#endif
