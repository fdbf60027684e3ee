/* Who waits for which elements of this turn's batch. Knows nothing of channels. */
#ifndef NFTSYNC_WAITERS_H
#define NFTSYNC_WAITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate;
struct waiters;

/** Wishes and elements they wait for, in one turn. 400 KiB in all. */
#define WAITERS_MAX 8192
#define WAITERS_REFS (4 * WAITERS_MAX)

int waiters_new(struct waiters **out);
void waiters_free(struct waiters *w);

/** True: one more wish for `elems` elements has no room. */
bool waiters_is_full(const struct waiters *w, size_t elems);

/** Begin a wish; then waiters_add() for each element; then waiters_close(). */
void waiters_open(struct waiters *w, uint64_t txid);

/** @param index  of gate_claim() */
void waiters_add(struct waiters *w, size_t index);

/** The wish is complete. @param rc  of those of its addresses that did not wait
 *  @return false: it waits for nothing and was not kept */
bool waiters_close(struct waiters *w, int rc);

/** Answer all, 0 or the first error of each, and forget them. */
void waiters_answer(struct waiters *w, const struct gate *gate,
		    void (*answer)(void *arg, uint64_t txid, int rc), void *arg);

/** Forget all. */
void waiters_drop(struct waiters *w);

#endif
