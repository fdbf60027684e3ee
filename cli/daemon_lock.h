/* The running daemon as its lock shows it; knows nothing of its sockets. */
#ifndef CLI_DAEMON_LOCK_H
#define CLI_DAEMON_LOCK_H

#include <sys/types.h>

/** The supervisor that holds the lock beside this control socket; it does for as long as
 * it lives. 0: none runs, or it cannot be seen from here. */
pid_t daemon_lock_pid(const char *control);

#endif
