/* The process that faces clients and upstreams. */
#ifndef RESOLVER_RESOLVER_H
#define RESOLVER_RESOLVER_H

/** Serve as the child process ROLE_RESOLVER with its channel on CHILD_FD.
 *  @return exit status */
int resolver_main(void);

#endif
