/* Held answers: asked, leased, refused, late, gone; against a scripted nftsync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/util.h"
#include "resolver/hold.h"

#define TICKETS 8

struct world {
	struct event_base *base;
	struct hold *hold;
	struct chan *nftsync; /* the other end */
	unsigned done[TICKETS];
	int rc[TICKETS];
	uint64_t txid[TICKETS]; /* as nftsync got them */
	unsigned wishes, addrs, reviews, withdrawn, killed;
	uint64_t now_ms; /* a moment ago: deadlines run in earnest */
	char tickets[TICKETS]; /* their addresses serve as tickets */
};

static const struct msg_device device = { .kind = DEVICE_IP4, .id = { 192, 168, 1, 2 } };

static void on_done(void *arg, void *ticket, int rc)
{
	struct world *w = arg;
	ptrdiff_t i = (char *)ticket - w->tickets;

	w->done[i]++;
	w->rc[i] = rc;
}

static void on_other(void *arg, const void *message)
{
	(void)arg;
	(void)message;
}

static void on_message(void *arg, const void *data, size_t len, int fd)
{
	struct world *w = arg;

	assert_int_equal(msg_check(data, len, fd >= 0), 0);
	if (msg_type(data) == MSG_REVIEW) {
		w->reviews++;
		return;
	}
	if (msg_type(data) == MSG_WITHDRAW) {
		for (const struct msg_holder *m = NULL; (m = msg_next(data, m)); w->withdrawn++) {
			/* blocked, by its chain too, or whatever it is of one in quarantine */
			assert_true(m->kill || m->name[1] & 1 || m->name[1] % 4 == 2);
			w->killed += m->kill;
			assert_memory_equal(&m->device, &device, sizeof(device));
			assert_false(m->all);
		}
		return;
	}
	for (const struct msg_lease *m = NULL; (m = msg_next(data, m));) {
		w->txid[w->wishes++] = m->txid;
		w->addrs += m->addr_count;
	}
}

static struct note *make_note(void);
static const struct dname qname = { .len = 3, .wire = { 1, 'a', 0 } };

static void on_again(void *arg, void *ticket, struct hold_wish *out)
{
	(void)arg;
	(void)ticket;
	*out = (struct hold_wish){ .device = &device, .qname = &qname, .note = make_note() };
}

/* Names of an odd number are blocked. */
/* Or of a chain that has one. */
static bool is_odd(void *arg, const struct msg_client *client, const struct dname *name,
		   const uint8_t *chain, size_t chain_len)
{
	(void)arg;
	assert_int_equal(client->addr.bytes[3], client->mac.bytes[5] == 7 ? 2 : 3);
	return name->wire[1] & 1 || (chain_len && chain[1] & 1);
}

static bool is_quarantined(void *arg, const struct msg_client *client)
{
	(void)arg;
	return client->addr.bytes[3] == 3;
}

static const struct hold_ops hold_ops = { on_done, on_again, is_odd, is_quarantined, on_other };

static const struct chan_ops nftsync_ops = { on_message, NULL };

static void connect_nftsync(struct world *w)
{
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_open(w->base, fds[1], 0, &nftsync_ops, w, &w->nftsync), 0);
	hold_set_channel(w->hold, fds[0]);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->now_ms = clock_mono_ms();
	w->base = event_base_new();
	assert_int_equal(hold_new(w->base, &hold_ops, w, &w->hold), 0);
	connect_nftsync(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	hold_free(w->hold);
	chan_close(w->nftsync);
	event_base_free(w->base);
	free(w);
	return 0;
}

/* An answer of one public and one private address. */
static struct note *make_note(void)
{
	static uint64_t bytes[NOTE_MAX / 8 + 1];
	struct wire_answer *a = calloc(1, sizeof(*a));

	a->addr_count = 2;
	assert_int_equal(addr_from_text("198.18.0.1", &a->addrs[0].addr), 0);
	assert_int_equal(addr_from_text("192.168.1.1", &a->addrs[1].addr), 0);
	a->addrs[0].ttl_s = a->addrs[1].ttl_s = 60;
	note_write(a, (struct note *)bytes);
	free(a);
	return (struct note *)bytes;
}

static int ask(struct world *w, unsigned ticket, uint64_t serial, uint32_t deadline_ms)
{
	struct hold_wish wish = {
		.device = &device, .qname = &qname, .note = make_note(), .serial = serial,
		.covered_s = 100, .deadline_ms = deadline_ms,
	};
	int rc = hold_ask(w->hold, &wish, &w->tickets[ticket], w->now_ms);

	hold_flush(w->hold);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	return rc;
}

static void tell(struct world *w, uint64_t txid, int rc)
{
	struct msg_lease_done d = { .txid = txid, .rc = rc };

	assert_int_equal(msg_send(w->nftsync, MSG_LEASE_DONE, &d, sizeof(d), -1), 0);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
}

static void answer_waits_for_its_lease(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 0, 60000), 0);
	assert_int_equal(w->wishes, 1);
	assert_int_equal(w->addrs, 1); /* the private address is nobody's business */
	assert_int_equal(w->done[0], 0);
	tell(w, w->txid[0], 0);
	assert_int_equal(w->done[0], 1);
	assert_int_equal(w->rc[0], 0);
	tell(w, w->txid[0], 0); /* said twice: once is enough */
	assert_int_equal(w->done[0], 1);
}

static void error_reaches_the_answer_it_belongs_to(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 0, 60000), 0);
	assert_int_equal(ask(w, 1, 0, 60000), 0);
	tell(w, w->txid[1], -ENOSPC);
	assert_int_equal(w->done[0], 0);
	assert_int_equal(w->rc[1], -ENOSPC);
	tell(w, w->txid[0], 0);
	assert_int_equal(w->rc[0], 0);
}

static void late_lease_is_given_up_and_its_reply_ignored(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 0, 0), 0); /* due since long: may be late before this returns */
	while (!w->done[0])
		event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(w->rc[0], -ETIMEDOUT);
	assert_int_equal(ask(w, 1, 0, 60000), 0); /* takes the same slot */
	tell(w, w->txid[0], 0);
	assert_int_equal(w->done[1], 0);
	tell(w, w->txid[1], 0);
	assert_int_equal(w->done[1], 1);
}

/* A reload may make the deadline shorter. */
static void shorter_deadline_is_not_held_up_by_a_longer_one(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 0, 60000), 0);
	assert_int_equal(ask(w, 1, 0, 5), 0);
	for (int i = 0; i < 100 && !w->done[1]; i++) {
		poll(NULL, 0, 1);
		event_base_loop(w->base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(w->rc[1], -ETIMEDOUT);
	assert_int_equal(w->done[0], 0);
}

static void unasked_answer_is_counted(void **state)
{
	struct world *w = *state;
	struct hold_stats stats;

	hold_set_channel(w->hold, -1);
	assert_int_equal(ask(w, 0, 0, 60000), -EPIPE);
	hold_get_stats(w->hold, &stats);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(stats.asked, 0);
}

static void covered_answer_is_not_asked_for_again(void **state)
{
	struct world *w = *state;
	struct msg_device other = device;

	other.id[3] = 9;
	assert_false(hold_covered(w->hold, &device, 7, w->now_ms));
	assert_int_equal(ask(w, 0, 7, 60000), 0);
	assert_false(hold_covered(w->hold, &device, 7, w->now_ms)); /* not before it stands */
	tell(w, w->txid[0], 0);
	assert_true(hold_covered(w->hold, &device, 7, w->now_ms));
	assert_false(hold_covered(w->hold, &other, 7, w->now_ms));
	assert_false(hold_covered(w->hold, &device, 8, w->now_ms));
	assert_false(hold_covered(w->hold, &device, 7, w->now_ms + 100000));
	assert_int_equal(msg_send(w->nftsync, MSG_LEASE_LOST, NULL, 0, -1), 0);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_false(hold_covered(w->hold, &device, 7, w->now_ms));
}

static void failed_lease_is_not_remembered(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 7, 60000), 0);
	tell(w, w->txid[0], -EPERM);
	assert_false(hold_covered(w->hold, &device, 7, w->now_ms));
}

static void answers_are_held_over_a_restart_of_nftsync(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 0, 60000), 0);
	chan_close(w->nftsync);
	w->nftsync = NULL;
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(ask(w, 1, 0, 60000), 0); /* while it is away */
	assert_int_equal(ask(w, 2, 0, 5), 0);
	for (int i = 0; i < 100 && !w->done[2]; i++)
		event_base_loop(w->base, EVLOOP_ONCE);
	assert_int_equal(w->rc[2], -ETIMEDOUT); /* no longer than its deadline */
	connect_nftsync(w);
	hold_flush(w->hold);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(w->wishes, 3); /* the first one once more, and the second */
	assert_int_equal(w->txid[1], w->txid[0]);
	tell(w, w->txid[1], 0);
	tell(w, w->txid[2], 0);
	assert_int_equal(w->done[0] + w->done[1], 2);
	assert_int_equal(w->rc[0] | w->rc[1], 0);
}

static void without_nftsync_nothing_is_held(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, 0, 0, 60000), 0);
	hold_set_channel(w->hold, -1);
	assert_int_equal(w->rc[0], -EPIPE);
	assert_int_equal(ask(w, 1, 0, 60000), -EPIPE);
	assert_int_equal(w->done[1], 0);
}

static void held_answers_are_bounded(void **state)
{
	struct world *w = *state;
	struct hold_wish wish = {
		.device = &device, .qname = &qname, .note = make_note(), .deadline_ms = 60000,
	};
	unsigned n = 0;
	int rc;

	w->wishes = 0;
	chan_close(w->nftsync); /* nobody reads, nobody answers */
	w->nftsync = NULL;
	{
		int fds[2];

		assert_int_equal(chan_pair(fds), 0);
		hold_set_channel(w->hold, fds[0]);
		while (!(rc = hold_ask(w->hold, &wish, &w->tickets[0], w->now_ms)))
			n++;
		assert_true(n > 1000 && n <= HOLD_MAX);
		assert_true(rc == -ENOBUFS || rc == -EPIPE);
		assert_int_equal(w->done[0], 0);
		hold_set_channel(w->hold, -1);
		assert_int_equal(w->done[0], n); /* each one ended, once */
		close(fds[1]);
	}
}

/* Over TCP an answer may be large: their number alone bounds nothing. */
static void bytes_of_held_answers_are_bounded(void **state)
{
	struct world *w = *state;
	struct hold_wish wish = {
		.device = &device, .qname = &qname, .note = make_note(), .deadline_ms = 60000,
	};
	struct hold_stats s;

	wish.bytes = HOLD_BYTES / 2;
	assert_int_equal(hold_ask(w->hold, &wish, &w->tickets[0], w->now_ms), 0);
	assert_int_equal(hold_ask(w->hold, &wish, &w->tickets[1], w->now_ms), 0);
	wish.bytes = 1;
	assert_int_equal(hold_ask(w->hold, &wish, &w->tickets[2], w->now_ms), -ENOBUFS);
	hold_get_stats(w->hold, &s);
	assert_int_equal(s.too_many, 1);
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.bytes, HOLD_BYTES);
	hold_set_channel(w->hold, -1); /* both end */
	hold_get_stats(w->hold, &s);
	assert_int_equal(s.bytes, 0);
	chan_close(w->nftsync);
	connect_nftsync(w);
	wish.bytes = HOLD_BYTES;
	assert_int_equal(hold_ask(w->hold, &wish, &w->tickets[2], w->now_ms), 0);
	wish.bytes = SIZE_MAX;
	assert_int_equal(hold_ask(w->hold, &wish, &w->tickets[3], w->now_ms), -ENOBUFS);
}

/* But not what it shares with others of its zone, whom it would be taken from. */
static void review_withdraws_all_of_a_device_in_quarantine(void **state)
{
	static struct msg_buf b;
	struct world *w = *state;

	hold_review(w->hold);
	for (unsigned i = 0; i < 20; i++) {
		struct msg_holder *m = msg_buf_add(&b, MSG_HOLDER, sizeof(*m) + 3);

		m->device = device;
		if (i % 2)
			m->device = (struct msg_device){ .kind = DEVICE_IFNAME, .id = "br-iot" };
		m->client = (struct msg_client){ .addr = { AF_INET, { 192, 168, 1, 3 } } };
		m->name_len = 3;
		m->name[0] = 1;
		m->name[1] = 4; /* on no list */
	}
	assert_int_equal(msg_buf_send(w->nftsync, &b), 0);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(w->withdrawn, 10);
	assert_int_equal(w->killed, 10);
}

static void review_withdraws_what_the_judge_says(void **state)
{
	static struct msg_buf b;
	struct world *w = *state;

	hold_review(w->hold);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(w->reviews, 1);
	for (unsigned i = 0; i < 400; i++) {
		struct msg_holder *m = msg_buf_add(&b, MSG_HOLDER, sizeof(*m) + 6);

		m->device = device;
		m->chain_len = i % 4 == 2 ? 3 : 0;
		memcpy(m->name + 3, "\1", 1);
		m->name[4] = 1;
		m->client = (struct msg_client){ .addr = { AF_INET, { 192, 168, 1, 2 } },
						 .has_mac = 1, .mac = { { 2, 0, 0, 0, 0, 7 } } };
		m->name_len = 3;
		m->name[0] = 1;
		m->name[1] = (uint8_t)i;
	}
	assert_int_equal(msg_buf_send(w->nftsync, &b), 0);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(w->withdrawn, 300);
	assert_int_equal(w->killed, 0);

	/* The next nftsync is asked, too. */
	chan_close(w->nftsync);
	connect_nftsync(w);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	assert_int_equal(w->reviews, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(answer_waits_for_its_lease),
		TEST(error_reaches_the_answer_it_belongs_to),
		TEST(late_lease_is_given_up_and_its_reply_ignored),
		TEST(shorter_deadline_is_not_held_up_by_a_longer_one),
		TEST(unasked_answer_is_counted),
		TEST(covered_answer_is_not_asked_for_again),
		TEST(failed_lease_is_not_remembered),
		TEST(answers_are_held_over_a_restart_of_nftsync),
		TEST(without_nftsync_nothing_is_held),
		TEST(held_answers_are_bounded),
		TEST(bytes_of_held_answers_are_bounded),
		TEST(review_withdraws_all_of_a_device_in_quarantine),
		TEST(review_withdraws_what_the_judge_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
