/* Who holds leases, told in slices; see review.h. */
#include "nftsync/review.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chan.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "nftsync/lease_view.h"

#define QUEUE_BYTES (128 * 1024) /* answers about leases go the same way: leave them room */

struct review {
	const struct lease_ledger *ledger; /* borrowed */
	size_t cursor;
	bool is_on;
	struct msg_buf out;
};

int review_new(const struct lease_ledger *ledger, struct review **out)
{
	struct review *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->ledger = ledger;
	*out = r;
	return 0;
}

void review_free(struct review *r)
{
	free(r);
}

void review_begin(struct review *r)
{
	r->cursor = 0;
	r->is_on = true;
}

void review_drop(struct review *r)
{
	r->is_on = false;
}

static void add(struct review *r, const struct lease_holder *h)
{
	struct msg_holder *m = msg_buf_add(&r->out, MSG_HOLDER, sizeof(*m) + h->name_len);

	if (!m)
		return; /* a slice always fits: see review_pump() */
	m->device = h->device;
	m->client = h->client;
	m->name_len = (uint8_t)h->name_len;
	memcpy(m->name, h->name, h->name_len);
}

bool review_pump(struct review *r, struct chan *to)
{
	struct lease_holder holders[LEASE_WALK_MIN];

	_Static_assert(LEASE_WALK_MIN * (sizeof(struct msg_holder) + 264) < CHAN_MAX_BYTES,
		       "a slice is one message");
	while (r->is_on && to && chan_queued(to) < QUEUE_BYTES) {
		size_t n = lease_walk_holders(r->ledger, &r->cursor, holders,
					      ARRAY_SIZE(holders));

		msg_buf_reset(&r->out);
		for (size_t i = 0; i < n; i++)
			add(r, &holders[i]);
		if (!n || msg_buf_send(to, &r->out))
			r->is_on = false;
	}
	return r->is_on;
}
