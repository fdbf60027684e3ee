/* SIGINT and SIGTERM as something to look for, in work that must not be left half done. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	int fd;
	sigset_t old_mask;
};

/** Both are blocked from now on. @retval negative errno  nothing was changed */
int interrupt_init(struct interrupt *i);

/** Whether one came, within timeout_ms. */
bool interrupt_came(const struct interrupt *i, int timeout_ms);

/** Restores the signal mask. What came is done with: it does not end the process as well. */
void interrupt_fini(struct interrupt *i);

#endif
