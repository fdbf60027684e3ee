/*
 * One c-ares channel to one server, for UDP or for TCP, with all its sockets hooked.
 * Knows nothing of health, retries or replies' contents.
 *
 * c-ares carries the questions: it keeps their ids apart, opens and closes connections,
 * frames and pipelines what goes by TCP. It is given head and question only, and of a
 * reply head and question only, after the reply was checked. What else is in either stays
 * ours, because c-ares 1.34 would rewrite it (OPT, cookies, TTLs), refuse it (records
 * that it reads more strictly than RFC 3597 asks), and answer one reply that it cannot
 * parse by closing the connection under all others.
 */
#ifndef RESOLVER_UPSTREAM_CHANNEL_H
#define RESOLVER_UPSTREAM_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

struct upstream_channel;
struct upstream_try;

/** All are called inside c-ares, so none may ask, drain or close. */
struct upstream_channel_ops {
	/** Send t's whole query; by TCP, queue it. A failure is told elsewhere. */
	void (*on_send)(void *arg, struct upstream_try *t);
	/** c-ares is done with t, which may be freed. */
	void (*on_let_go)(void *arg, struct upstream_try *t);
	/* TCP alone: */
	int (*on_open)(void *arg); /* returns a connecting descriptor, or -1 and errno */
	void (*on_close)(void *arg, int fd);
	/** c-ares waits to write. */
	void (*on_watch)(void *arg, int fd, bool write);
};

/** @param lifetime_ms  longest life of a question; c-ares's own time-outs stay behind it
 *  @param ops, arg     borrowed, outlive the channel
 *  @retval -ENOMEM */
int upstream_channel_open(bool tcp, uint32_t lifetime_ms,
			  const struct upstream_channel_ops *ops, void *arg,
			  struct upstream_channel **out);

/** Lets go of every try. NULL is allowed. Not to be called from its callbacks. */
void upstream_channel_close(struct upstream_channel *ch);

/** Give c-ares a try; t->id and t->wire are set. By UDP on_send is called inside.
 *  @retval 0     on_let_go will be called once, not inside this call
 *  @retval -EIO  c-ares refused it, on_let_go will not be called */
int upstream_channel_ask(struct upstream_channel *ch, struct upstream_try *t);

/** Queue t, whose reply was checked and is set, for c-ares to see. */
void upstream_channel_feed(struct upstream_channel *ch, struct upstream_try *t);

/** t is given up: c-ares will be made to let go of it at the next drain. Afterwards t is
 *  on no list of the channel. */
void upstream_channel_drop(struct upstream_channel *ch, struct upstream_try *t);

/** Let c-ares see all that was fed. */
void upstream_channel_drain(struct upstream_channel *ch);

/** One try whose reply c-ares has seen, NULL: none is left. */
struct upstream_try *upstream_channel_take(struct upstream_channel *ch);

/** The TCP connection can be written to. */
void upstream_channel_write(struct upstream_channel *ch, int fd);

/** Make c-ares give up the TCP connection; it lets go of all tries on it. */
void upstream_channel_break(struct upstream_channel *ch, int fd);

#endif
