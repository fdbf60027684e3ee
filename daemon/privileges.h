/* What the supervisor itself keeps of root, and whether the accounts of its children are there. */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include <stdbool.h>

/** Whether this process may give its children accounts of their own. */
bool privileges_are_root(void);

/** Whether CAP_NET_ADMIN is there for nftsync and flows to keep. */
bool privileges_have_net_admin(void);

/** First account of a child that does not exist, or NULL if all do. */
const char *privileges_missing_account(void);

/** Drop what neither the supervisor nor a child needs; see the .c for what stays and why.
 *  Started as an ordinary user: only no_new_privs. @retval negative errno */
int privileges_drop(void);

#endif
