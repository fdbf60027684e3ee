/* A growing buffer of nf_tables netlink messages: one transaction, or one request. Knows
 * nothing of sockets. */
#ifndef NFTSYNC_NL_BUF_H
#define NFTSYNC_NL_BUF_H

#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;

/** No single message may be longer than this. */
#define NL_MESSAGE_MAX (48 * 1024)
/** Nor the whole; 65,536 leases in the longest form take 14 MiB. */
#define NL_BUF_MAX (32 * 1024 * 1024)

/** Zeroed is empty. */
struct nl_buf {
	uint8_t *data; /* owned */
	size_t len, room;
	uint32_t seq; /* of the last message */
	int rc;	      /* the first failure since nl_buf_begin; what follows it is left out */
};

/** Empty it and open a transaction. */
void nl_buf_begin(struct nl_buf *b);

/** Empty it, for one request outside a transaction. */
void nl_buf_reset(struct nl_buf *b);

/** Close the transaction. @return b->rc: -ENOMEM, -EMSGSIZE if something did not fit */
int nl_buf_end(struct nl_buf *b);

/** Begin a message of type NFT_MSG_x of family inet, with NLM_F_x flags besides REQUEST.
 *  There is room for NL_MESSAGE_MAX bytes. NULL: out of memory, kept in b->rc. */
struct nlmsghdr *nl_buf_open(struct nl_buf *b, unsigned nft_type, unsigned flags);

/** The message is complete. */
void nl_buf_close(struct nl_buf *b, const struct nlmsghdr *nlh);

/** Remember a failure (negative errno) of a caller that could not build its message. */
void nl_buf_fail(struct nl_buf *b, int rc);

void nl_buf_fini(struct nl_buf *b);

#endif
