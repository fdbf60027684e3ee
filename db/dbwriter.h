/* The process that records. Knows nothing of DNS or nftables. */
#ifndef DB_DBWRITER_H
#define DB_DBWRITER_H

/** Serve on CHILD_FD until told to stop. @return exit status */
int dbwriter_main(void);

#endif
