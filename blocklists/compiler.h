/*
 * The compiler process: reads the configured lists and hands over their index. Lists are
 * hostile text, and reading them takes a second: so it is a process of its own, that lives
 * for one build.
 */
#ifndef BLOCKLISTS_COMPILER_H
#define BLOCKLISTS_COMPILER_H

/** Entry of the process; its channel is on CHILD_FD. Returns the exit status. */
int compiler_main(void);

#endif
