/*
 * The process that listens to Multicast DNS (RFC 6762) in the networks of clients, for what
 * they are called. It asks nothing and can send nothing.
 */
#ifndef LOCAL_MDNS_H
#define LOCAL_MDNS_H

/** Entry of the process; its channel is on CHILD_FD. Returns the exit status. */
int mdns_main(void);

#endif
