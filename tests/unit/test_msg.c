/* Messages between processes: built, checked, cut short, sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/msg.h"
#include "lib/util.h"

static void add_lease(struct msg_buf *b)
{
	struct msg_lease *m = msg_buf_add(b, MSG_LEASE, sizeof(*m) + sizeof(m->addr[0]) + 3);

	assert_non_null(m);
	m->addr_count = 1;
	m->name_len = 3;
	m->addr[0].family = AF_INET;
	memcpy(m->addr + 1, "\1a", 3);
}

static void add_holder(struct msg_buf *b)
{
	struct msg_holder *m = msg_buf_add(b, MSG_HOLDER, sizeof(*m) + 3);

	m->name_len = 3;
	m->client.addr.family = AF_INET6;
	memcpy(m->name, "\1a", 3);
}

static void add_withdraw(struct msg_buf *b)
{
	struct msg_holder *m = msg_buf_add(b, MSG_WITHDRAW, sizeof(*m) + 3);

	m->name_len = 3;
	m->all = m->kill = 1;
	memcpy(m->name, "\1a", 3);
}

static void add_lookup(struct msg_buf *b)
{
	struct msg_rr rr = { .type = 1, .rdata_len = 4, .ttl_s = 60 };
	struct msg_lookup *m = msg_buf_add(b, MSG_LOOKUP, sizeof(*m) + 3 + 2 + sizeof(rr) + 4);

	assert_non_null(m);
	m->verdict = VERDICT_FORWARDED;
	m->client.family = AF_INET;
	m->qname_len = 3;
	m->device_len = 2;
	m->answer_len = sizeof(rr) + 4;
	memcpy(m->data, "\1a\0tv", 5);
	memcpy(m->data + 5, &rr, sizeof(rr));
}

static void add_refused(struct msg_buf *b)
{
	struct msg_refused *m = msg_buf_add(b, MSG_REFUSED, sizeof(*m));

	m->client.family = m->dest.family = AF_INET6;
	m->n = 1;
}

static void add_event(struct msg_buf *b)
{
	struct msg_event *m = msg_buf_add(b, MSG_EVENT, sizeof(*m) + 9);

	m->kind_len = 4;
	m->detail_len = 5;
	memcpy(m->data, "kindwhy..", 9);
}

static void add_tell(struct msg_buf *b)
{
	struct msg_tell *m = msg_buf_add(b, MSG_TELL, sizeof(*m) + 4);

	m->len = 4;
	memcpy(m->text, "a\tb\n", 4);
}

static void add_secret(struct msg_buf *b)
{
	struct msg_secret *m = msg_buf_add(b, MSG_SECRET, sizeof(*m));

	m->key[1] = 1;
}

static void add_heard(struct msg_buf *b)
{
	struct msg_heard *m = msg_buf_add(b, MSG_HEARD, sizeof(*m));

	m->ifindex = 2;
	m->from.family = m->addr.family = AF_INET;
	memcpy(m->name, "annas-phone", 12);
}

static void (*const makers[])(struct msg_buf *) = {
	add_lease, add_holder, add_withdraw, add_lookup, add_refused, add_event, add_tell,
	add_secret, add_heard,
};

static void whole_messages_pass_and_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		struct msg_buf b = { .len = 0 };
		unsigned n = 0;

		makers[i](&b);
		assert_int_equal(msg_check(b.bytes, b.len, false), 0);
		for (const void *r = NULL; (r = msg_next(b.bytes, r));)
			n++;
		assert_int_equal(n, 1);
	}
}

static void messages_cut_short_are_refused_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		struct msg_buf b = { .len = 0 };

		makers[i](&b);
		for (size_t len = 0; len < b.len; len++) {
			uint8_t *copy = malloc(len + 1); /* so that a read behind it shows */
			struct msg_head head;

			memcpy(copy, b.bytes, len);
			assert_int_equal(msg_check(copy, len, false), -EBADMSG);
			if (len >= sizeof(head)) { /* also when the head admits to it */
				memcpy(&head, copy, sizeof(head));
				head.bytes = (uint32_t)len;
				memcpy(copy, &head, sizeof(head));
				assert_int_equal(msg_check(copy, len, false), -EBADMSG);
			}
			free(copy);
		}
	}
}

static void mutated_messages_never_read_outside(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		struct msg_buf b = { .len = 0 };
		uint8_t *copy;

		makers[round % ARRAY_SIZE(makers)](&b);
		copy = malloc(b.len);
		memcpy(copy, b.bytes, b.len);
		for (unsigned k = 0; k < 1 + round % 3; k++)
			copy[random_u32() % b.len] = (uint8_t)random_u32();
		if (!msg_check(copy, b.len, false))
			for (const void *r = NULL; (r = msg_next(copy, r));)
				assert_true((const uint8_t *)r < copy + b.len);
		free(copy);
	}
}

static void wrong_types_counts_and_descriptors_are_refused(void **state)
{
	struct msg_head none = { .type = MSG_STOP, .bytes = sizeof(none) };

	(void)state;
	assert_int_equal(msg_check(&none, sizeof(none), false), 0);
	assert_int_equal(msg_check(&none, sizeof(none), true), -EBADMSG);
	none.type = MSG_OLDER;
	assert_int_equal(msg_check(&none, sizeof(none), false), 0);
	assert_int_equal(msg_check(&none, sizeof(none), true), -EBADMSG);
	assert_int_equal(msg_check(&none, sizeof(none) - 1, false), -EBADMSG);
	none.type = MSG_CONF;
	assert_int_equal(msg_check(&none, sizeof(none), false), -EBADMSG);
	assert_int_equal(msg_check(&none, sizeof(none), true), 0);
	none.type = MSG_START; /* needs its record */
	assert_int_equal(msg_check(&none, sizeof(none), false), -EBADMSG);
	none.type = MSG_TYPE_COUNT;
	assert_int_equal(msg_check(&none, sizeof(none), false), -EBADMSG);
	none.type = 0;
	assert_int_equal(msg_check(&none, sizeof(none), false), -EBADMSG);
}

static void an_interfaces_name_has_its_end(void **state)
{
	struct msg_buf b = { .len = 0 };
	struct msg_holder *m;

	(void)state;
	add_holder(&b);
	m = (struct msg_holder *)((uint8_t *)b.bytes + sizeof(struct msg_head));
	m->device = (struct msg_device){ .kind = DEVICE_IFNAME, .id = "wlan1" };
	assert_int_equal(msg_check(b.bytes, b.len, false), 0);
	m->device.id[15] = 'x';
	assert_int_equal(msg_check(b.bytes, b.len, false), -EBADMSG);
	memset(m->device.id, 0, sizeof(m->device.id));
	assert_int_equal(msg_check(b.bytes, b.len, false), -EBADMSG);
}

static void what_is_heard_is_a_name_of_a_host(void **state)
{
	static const struct {
		const char *name;
		int rc;
	} cases[] = {
		{ "a", 0 }, { "", -EBADMSG }, { "A", -EBADMSG }, { "a b", -EBADMSG },
		{ "a.b", -EBADMSG }, { "wpad", -EBADMSG },
	};
	struct msg_buf b = { .len = 0 };
	struct msg_heard *m;

	(void)state;
	add_heard(&b);
	m = (struct msg_heard *)((uint8_t *)b.bytes + sizeof(struct msg_head));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(m->name, 0, sizeof(m->name));
		memcpy(m->name, cases[i].name, strlen(cases[i].name));
		assert_int_equal(msg_check(b.bytes, b.len, false), cases[i].rc);
	}
	memset(m->name, 'a', sizeof(m->name)); /* it has no end */
	assert_int_equal(msg_check(b.bytes, b.len, false), -EBADMSG);
}

static void buffer_takes_one_type_and_ends(void **state)
{
	struct msg_buf *b = calloc(1, sizeof(*b));
	unsigned n = 0;

	(void)state;
	while (msg_buf_add(b, MSG_REFUSED, sizeof(struct msg_refused)))
		n++;
	assert_true(n > 300);
	assert_true(b->len <= CHAN_MAX_BYTES);
	assert_null(msg_buf_add(b, MSG_EVENT, sizeof(struct msg_event)));
	free(b);
}

/* --- channels ----------------------------------------------------------------------- */

struct seen {
	struct chan *chan;
	struct event_base *base;
	unsigned messages, gone;
	int last_fd, gone_rc;
	bool close_in_callback;
};

static void on_message(void *arg, const void *data, size_t len, int fd)
{
	struct seen *s = arg;

	(void)data;
	(void)len;
	s->messages++;
	if (fd >= 0) {
		s->last_fd = fd;
		close(fd);
	}
	if (s->close_in_callback) {
		chan_close(s->chan);
		s->chan = NULL;
	}
}

static void on_gone(void *arg, int rc)
{
	struct seen *s = arg;

	s->gone++;
	s->gone_rc = rc;
}

static const struct chan_ops seen_ops = { on_message, on_gone };

static void open_pair(struct seen *a, struct seen *b, size_t queue)
{
	struct event_base *base = event_base_new();
	int fds[2];

	*a = *b = (struct seen){ .base = base, .last_fd = -1 };
	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_open(base, fds[0], queue, &seen_ops, a, &a->chan), 0);
	assert_int_equal(chan_open(base, fds[1], queue, &seen_ops, b, &b->chan), 0);
}

static void close_pair(struct seen *a, struct seen *b)
{
	chan_close(a->chan);
	chan_close(b->chan);
	event_base_free(a->base);
}

static void turn(struct event_base *base)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void descriptors_travel(void **state)
{
	struct seen a, b;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	open_pair(&a, &b, 0);
	assert_int_equal(msg_send(a.chan, MSG_CONF, NULL, 0, fd), 0);
	turn(a.base);
	assert_int_equal(b.messages, 1);
	assert_true(b.last_fd >= 0 && b.last_fd != fd);
	close(fd);
	close_pair(&a, &b);
}

static void slow_peer_is_queued_for_then_refused(void **state)
{
	struct seen a, b;
	uint8_t data[CHAN_MAX_BYTES] = { 0 };
	unsigned sent = 0;

	(void)state;
	open_pair(&a, &b, 4 * CHAN_MAX_BYTES);
	while (!chan_send(a.chan, data, sizeof(data), -1))
		sent++;
	assert_true(sent > 4);
	assert_int_equal(chan_queued(a.chan), 4 * CHAN_MAX_BYTES);
	assert_int_equal(chan_send(a.chan, data, sizeof(data), -1), -EAGAIN);
	assert_int_equal(chan_send(a.chan, data, sizeof(data) + 1, -1), -EMSGSIZE);
	for (int i = 0; i < 1000 && b.messages < sent; i++)
		turn(a.base);
	assert_int_equal(b.messages, sent); /* nothing queued is lost */
	close_pair(&a, &b);
}

static void peer_that_goes_is_reported_once(void **state)
{
	struct seen a, b;

	(void)state;
	open_pair(&a, &b, 0);
	chan_close(b.chan);
	b.chan = NULL;
	turn(a.base);
	turn(a.base);
	assert_int_equal(a.gone, 1);
	assert_int_equal(msg_send(a.chan, MSG_STOP, NULL, 0, -1), -EPIPE);
	close_pair(&a, &b);
}

static void channel_can_be_closed_inside_its_callback(void **state)
{
	struct seen a, b;

	(void)state;
	open_pair(&a, &b, 0);
	b.close_in_callback = true;
	assert_int_equal(msg_send(a.chan, MSG_STOP, NULL, 0, -1), 0);
	assert_int_equal(msg_send(a.chan, MSG_STOP, NULL, 0, -1), 0);
	turn(a.base);
	assert_int_equal(b.messages, 1);
	close_pair(&a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages_pass_and_walk),
		cmocka_unit_test(what_is_heard_is_a_name_of_a_host),
		cmocka_unit_test(messages_cut_short_are_refused_at_every_length),
		cmocka_unit_test(mutated_messages_never_read_outside),
		cmocka_unit_test(wrong_types_counts_and_descriptors_are_refused),
		cmocka_unit_test(an_interfaces_name_has_its_end),
		cmocka_unit_test(buffer_takes_one_type_and_ends),
		cmocka_unit_test(descriptors_travel),
		cmocka_unit_test(slow_peer_is_queued_for_then_refused),
		cmocka_unit_test(peer_that_goes_is_reported_once),
		cmocka_unit_test(channel_can_be_closed_inside_its_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
