/* The request `gate withdraw` of the control socket, as messages to nftsync. */
#ifndef RESOLVER_WITHDRAW_H
#define RESOLVER_WITHDRAW_H

#include "lib/msg.h"

struct resolver;

/**
 * @param words  NAME|ADDRESS|*, CLIENT or "-" for all, then "kill" or nothing; NULL ends them
 * @param out    gets one message of records MSG_WITHDRAW
 * @return NULL, or why not; constant text
 */
const char *withdraw_read(struct resolver *r, char *const *words, struct msg_buf *out);

#endif
