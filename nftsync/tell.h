/*
 * Answers to questions (MSG_ASK): status, leases, rules; in pieces, as fast as the asker reads,
 * a slice a turn. Knows nothing of sockets below the channel.
 */
#ifndef NFTSYNC_TELL_H
#define NFTSYNC_TELL_H

#include <stdbool.h>
#include <stdint.h>

struct chan;
struct gate;
struct msg_ask;
struct tell;

/** Questions under way at a time; each holds at most about 100 KiB of text. */
#define TELL_MAX 8

/** What the last withdrawal did. */
struct tell_withdrawn {
	uint64_t deleted, kept; /* leases; kept: other names still hold them */
};

/** @param gate  borrowed; outlives it */
int tell_new(struct gate *gate, struct tell **out);
void tell_free(struct tell *t);

/** Take a checked question. Too many at a time are answered -EBUSY at once.
 *  @param withdrawn  the answer to ASK_WITHDRAWN; copied */
void tell_ask(struct tell *t, struct chan *to, const struct msg_ask *ask,
	      const struct tell_withdrawn *withdrawn);

/** Send the next pieces. @return true: more is to come, call again soon */
bool tell_pump(struct tell *t, struct chan *to);

/** The asker is gone: forget its questions. */
void tell_drop(struct tell *t);

#endif
