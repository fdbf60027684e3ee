/* The process that keeps table inet nameward: rules and leases. */
#ifndef NFTSYNC_NFTSYNC_H
#define NFTSYNC_NFTSYNC_H

/** Serve on CHILD_FD until told to stop. @return the process's exit status */
int nftsync_main(void);

#endif
