/* Who waits for which elements; see waiters.h. */
#include "nftsync/waiters.h"

#include <errno.h>
#include <stdlib.h>

#include "nftsync/gate.h"

struct waiter {
	uint64_t txid;
	uint32_t refs; /* its elements are refs[..] behind those of the one before */
	int rc;
};

struct waiters {
	size_t count, ref_count;
	struct waiter waiters[WAITERS_MAX];
	uint32_t refs[WAITERS_REFS];
};

int waiters_new(struct waiters **out)
{
	struct waiters *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*out = w;
	return 0;
}

void waiters_free(struct waiters *w)
{
	free(w);
}

bool waiters_is_full(const struct waiters *w, size_t elems)
{
	return w->count == WAITERS_MAX || w->ref_count + elems > WAITERS_REFS;
}

void waiters_open(struct waiters *w, uint64_t txid)
{
	w->waiters[w->count] = (struct waiter){ .txid = txid };
}

void waiters_add(struct waiters *w, size_t index)
{
	w->refs[w->ref_count++] = (uint32_t)index;
	w->waiters[w->count].refs++;
}

bool waiters_close(struct waiters *w, int rc)
{
	if (!w->waiters[w->count].refs)
		return false;
	w->waiters[w->count++].rc = rc;
	return true;
}

void waiters_answer(struct waiters *w, const struct gate *gate,
		    void (*answer)(void *arg, uint64_t txid, int rc), void *arg)
{
	size_t at = 0;

	for (size_t i = 0; i < w->count; i++) {
		struct waiter *waiter = &w->waiters[i];

		for (uint32_t k = 0; k < waiter->refs; k++, at++)
			if (!waiter->rc)
				waiter->rc = gate_result(gate, w->refs[at]);
		answer(arg, waiter->txid, waiter->rc);
	}
	waiters_drop(w);
}

void waiters_drop(struct waiters *w)
{
	w->count = 0;
	w->ref_count = 0;
}
