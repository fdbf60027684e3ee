/*
 * A channel between two of our processes: SOCK_SEQPACKET, one datagram a message, at most
 * one descriptor with it. Knows nothing of what the messages mean (msg.h does).
 */
#ifndef LIB_CHAN_H
#define LIB_CHAN_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct chan;

/** Largest message; a longer one is refused on both sides. */
#define CHAN_MAX_BYTES 32768

struct chan_ops {
	/** One message. data is borrowed for the call; fd (or -1) is owned by the callee.
	 *  The callee may close the channel; then it returns with nothing more delivered. */
	void (*on_message)(void *arg, const void *data, size_t len, int fd);
	/** The peer is gone (0) or the channel broke (negative errno). Called once; the
	 *  channel is still to be closed by its owner. */
	void (*on_gone)(void *arg, int rc);
};

/** A connected pair, both ends close-on-exec and non-blocking, buffers of 4 MiB where the
 *  kernel allows it. @retval negative errno */
int chan_pair(int fds[2]);

/** Serve fd, which the channel then owns (also on failure: it is closed).
 *  @param queue_bytes  what may wait for a slow peer; 0: nothing, a full socket is -EAGAIN
 *  @param ops, arg     borrowed, outlive the channel */
int chan_open(struct event_base *base, int fd, size_t queue_bytes,
	      const struct chan_ops *ops, void *arg, struct chan **out);

/** Send one message, with fd (or -1; it stays the caller's). Never blocks.
 *  @retval 0         sent or queued
 *  @retval -EAGAIN   the peer is slow and the queue is full: nothing was sent
 *  @retval -EPIPE    the peer is gone
 *  @retval -EMSGSIZE longer than CHAN_MAX_BYTES */
int chan_send(struct chan *ch, const void *data, size_t len, int fd);

/** Bytes waiting in the queue. */
size_t chan_queued(const struct chan *ch);

/** See each message that waits in the queue; data is borrowed for the call. What the owner
 *  wants to know of them before it closes a channel whose peer is gone. */
void chan_each_queued(const struct chan *ch, void (*see)(void *arg, const void *data), void *arg);

/** Wait until the queue has been handed to the kernel, at most timeout_ms. For the end of
 *  a process only. @retval -ETIMEDOUT, -EPIPE */
int chan_drain(struct chan *ch, int timeout_ms);

/** Close and free; NULL is allowed; safe inside the channel's own callbacks. */
void chan_close(struct chan *ch);

#endif
