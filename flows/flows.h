/* Entry of the process that records connections which the gate refused. */
#ifndef FLOWS_FLOWS_H
#define FLOWS_FLOWS_H

/** NFLOG groups of the gate's rules. */
#define FLOWS_GROUP_REFUSED 5 /* the packet was rejected */
#define FLOWS_GROUP_WOULD   6 /* a zone in observe mode: it would have been */

/** Serve on CHILD_FD until told to stop; returns the exit status. */
int flows_main(void);

#endif
