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

static int add(struct review *r, const struct lease_holder *h, struct chan *to)
{
	size_t size = sizeof(struct msg_holder) + h->name_len + h->chain_len;
	struct msg_holder *m = msg_buf_add(&r->out, MSG_HOLDER, size);
	int rc = m ? 0 : msg_buf_send(to, &r->out);

	if (rc)
		return rc;
	if (!m)
		m = msg_buf_add(&r->out, MSG_HOLDER, size);
	m->device = h->device;
	m->client = h->client;
	m->name_len = (uint8_t)h->name_len;
	m->chain_len = (uint16_t)h->chain_len;
	memcpy(m->name, h->name, h->name_len);
	if (h->chain_len)
		memcpy(m->name + h->name_len, h->chain, h->chain_len);
	return 0;
}

bool review_pump(struct review *r, struct chan *to)
{
	struct lease_holder holders[LEASE_WALK_MIN];

	while (r->is_on && to && chan_queued(to) < QUEUE_BYTES) {
		size_t n = lease_walk_holders(r->ledger, &r->cursor, holders,
					      ARRAY_SIZE(holders));

		int rc = 0;

		msg_buf_reset(&r->out);
		for (size_t i = 0; i < n && !rc; i++)
			rc = add(r, &holders[i], to);
		if (!n || rc || msg_buf_send(to, &r->out))
			r->is_on = false;
	}
	return r->is_on;
}
