/* What the scripted upstream does to its replies by UDP; see scripted_upstream.h. */
#include <ctype.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/util.h"
#include "tests/support/scripted_internal.h"

#define HEAD	 12
#define SLOW_MS	 1500
#define LATE_MS	 700
#define TRUTH_MS 30 /* after the lie */
#define FLAP_MS	 500
#define FLOOD	 300
#define UDP_CUT	 512

/** A reply that waits for its time. */
struct scripted_delayed {
	LIST_ENTRY(scripted_delayed) link;
	struct scripted_upstream *su;
	struct event *timer; /* owned */
	struct sockaddr_storage to;
	socklen_t to_len;
	size_t len;
	uint8_t bytes[];
};

/* --- sending by UDP ------------------------------------------------------------ */

static void send_now(struct scripted_turn *t)
{
	sendto(t->su->udp, t->reply, t->len, 0, (struct sockaddr *)&t->from, t->from_len);
}

static void delayed_free(struct scripted_delayed *d)
{
	LIST_REMOVE(d, link);
	event_free(d->timer);
	free(d);
}

static void on_delayed(evutil_socket_t fd, short events, void *arg)
{
	struct scripted_delayed *d = arg;

	(void)fd;
	(void)events;
	sendto(d->su->udp, d->bytes, d->len, 0, (struct sockaddr *)&d->to, d->to_len);
	delayed_free(d);
}

static void send_later(struct scripted_turn *t, unsigned ms)
{
	struct timeval when = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	struct scripted_delayed *d = calloc(1, sizeof(*d) + t->len);

	if (!d)
		abort();
	d->su = t->su;
	d->to = t->from;
	d->to_len = t->from_len;
	d->len = t->len;
	memcpy(d->bytes, t->reply, t->len);
	d->timer = evtimer_new(t->su->base, on_delayed, d);
	evtimer_add(d->timer, &when);
	LIST_INSERT_HEAD(&t->su->delayed, d, link);
}

/* --- what is done to a reply --------------------------------------------------- */

static void udp_ok(struct scripted_turn *t)
{
	if (t->len > UDP_CUT) { /* by TCP, please */
		t->len = HEAD + t->q.question_len;
		t->reply[2] |= 0x02;
		memset(t->reply + 6, 0, 6);
	}
	send_now(t);
}

static void udp_dead(struct scripted_turn *t)
{
	(void)t;
}

static void udp_slow(struct scripted_turn *t)
{
	send_later(t, SLOW_MS);
}

static void udp_late(struct scripted_turn *t)
{
	send_later(t, LATE_MS);
}

static void udp_flap(struct scripted_turn *t)
{
	if (clock_mono_ms() / FLAP_MS % 2)
		send_now(t);
}

static void udp_loss20(struct scripted_turn *t)
{
	if (random_u32() % 100 >= 20)
		send_now(t);
}

static void udp_dup(struct scripted_turn *t)
{
	send_now(t);
	send_now(t);
	send_later(t, TRUTH_MS);
}

static void udp_wrongid(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->reply[0] ^= 0xff;
	send_now(t);
}

static void udp_idflood(struct scripted_turn *t)
{
	uint16_t id = load_be16(t->reply);

	send_later(t, TRUTH_MS);
	for (unsigned i = 1; i <= FLOOD; i++) {
		store_be16(t->reply, (uint16_t)(id + i));
		send_now(t);
	}
}

static void udp_wrongname(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->reply[HEAD + 1] = '0';
	send_now(t);
}

static void udp_wrongtype(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->reply[HEAD + t->q.name_len + 1] ^= 0x40;
	send_now(t);
}

static void udp_noquestion(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	memset(t->reply + 4, 0, 8);
	send_now(t);
	t->len = HEAD;
	send_now(t);
}

static void udp_stranger(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->reply[t->len - 1] ^= 0xff;
	sendto(t->su->stranger, t->reply, t->len, 0, (struct sockaddr *)&t->from,
	       t->from_len);
}

static void udp_qr0(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->reply[2] &= 0x7f;
	send_now(t);
}

static void udp_opcode(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->reply[2] |= 0x10;
	send_now(t);
}

/** A lie about the address in the wrong case, then the truth. */
static void udp_case(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	for (size_t i = 0; i < t->q.name_len; i++)
		if (isalpha(t->reply[HEAD + i]))
			t->reply[HEAD + i] ^= 0x20;
	t->reply[HEAD + t->q.question_len + 15] ^= 0xff;
	send_now(t);
}

static void udp_lower(struct scripted_turn *t)
{
	for (size_t i = 0; i < t->q.name_len; i++)
		t->reply[HEAD + i] = (uint8_t)tolower(t->reply[HEAD + i]);
	send_now(t);
}

static void udp_empty(struct scripted_turn *t)
{
	send_later(t, TRUTH_MS);
	t->len = 0;
	send_now(t);
	t->len = 5;
	send_now(t);
}

static void udp_cut(struct scripted_turn *t)
{
	size_t len = t->len;

	send_later(t, TRUTH_MS);
	for (t->len = HEAD + 1; t->len < len; t->len++)
		send_now(t);
}

static void udp_garbage(struct scripted_turn *t)
{
	size_t len = t->len;

	send_later(t, TRUTH_MS);
	for (unsigned i = 0; i < 20; i++) { /* the head and the question are right */
		random_bytes(t->reply + 6, 6);
		random_bytes(t->reply + HEAD + t->q.question_len,
			     len - HEAD - t->q.question_len);
		send_now(t);
	}
	random_bytes(t->reply + 3, len - 3);
	send_now(t);
}

static void refuse_opt(struct scripted_turn *t, unsigned rcode, size_t len)
{
	bool has_opt = t->q.has_opt;

	if (has_opt) {
		t->q.has_opt = rcode > 15;
		t->len = scripted_write(&t->q, SCRIPT_NOTHING, rcode, t->reply);
	}
	if (has_opt && len)
		t->len = len;
	if (has_opt && len == HEAD)
		store_be16(t->reply + 4, 0);
	send_now(t);
}

static void udp_noedns(struct scripted_turn *t)
{
	refuse_opt(t, 1, 0);
}

static void udp_noedns2(struct scripted_turn *t)
{
	refuse_opt(t, 1, HEAD);
}

static void udp_badvers(struct scripted_turn *t)
{
	refuse_opt(t, 16, 0);
}

static void udp_tc(struct scripted_turn *t)
{
	t->len = HEAD + t->q.question_len;
	t->reply[2] |= 0x02;
	memset(t->reply + 6, 0, 6);
	send_now(t);
}

/** A record in the answer section that nobody asked for: c<digit>.clean.example is elsewhere. */
static void append_poison(struct scripted_turn *t)
{
	static const uint8_t record[] = "\2c0\5clean\7example\0\0\1\0\1\0\1\x51\x80\0\4\12\11\11\11";
	size_t len = sizeof(record) - 1;

	memmove(t->reply + HEAD + t->q.question_len + len, t->reply + HEAD + t->q.question_len,
		t->len - HEAD - t->q.question_len);
	memcpy(t->reply + HEAD + t->q.question_len, record, len);
	t->reply[HEAD + t->q.question_len + 2] = (uint8_t)('0' + random_u32() % 10);
	t->len += len;
	store_be16(t->reply + 6, (uint16_t)(load_be16(t->reply + 6) + 1));
}

static void change_one_place(struct scripted_turn *t)
{
	uint32_t random = random_u32();
	size_t at = 2 + (random >> 8) % (t->len - 2); /* the id stays: else it is no answer */

	switch (random & 7) {
	case 0:
		t->len = MAX(at, (size_t)HEAD);
		return;
	case 1: /* a piece of itself, elsewhere */
		memmove(t->reply + at, t->reply + HEAD, MIN(t->len - at, (size_t)16));
		return;
	case 2:
		memmove(t->reply + at + 1, t->reply + at, t->len++ - at);
		return;
	case 3:
		t->reply[at] = 0xc0;
		return;
	case 4:
		t->reply[at] = (uint8_t)(random >> 24);
		return;
	default:
		t->reply[at] ^= (uint8_t)(1 << (random >> 24) % 8);
	}
}

/** A mutated answer, then the truth, to names outside clean.example. */
static void udp_mutate(struct scripted_turn *t)
{
	static uint8_t truth[SCRIPTED_MAX];
	size_t len = t->len;

	if (t->q.name_len > 7 && t->reply[HEAD] == 2) { /* c0.clean.example; the others begin with longer labels */
		send_now(t);
		return;
	}
	memcpy(truth, t->reply, len);
	if (random_u32() % 4 == 0)
		append_poison(t);
	for (uint32_t n = random_u32() % 4; n; n--)
		change_one_place(t);
	send_now(t);
	memcpy(t->reply, truth, len);
	t->len = len;
	send_now(t);
}

static const struct scripted_behaviour behaviours[] = {
	{ "ok", udp_ok, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "dead", udp_dead, STREAM_SILENT, SCRIPT_ADDRESS, 0 },
	{ "icmp", NULL, STREAM_NONE, SCRIPT_ADDRESS, 0 },
	{ "slow", udp_slow, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "late", udp_late, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "flap", udp_flap, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "loss20", udp_loss20, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "dup", udp_dup, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "wrongid", udp_wrongid, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "idflood", udp_idflood, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "wrongname", udp_wrongname, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "wrongtype", udp_wrongtype, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "noquestion", udp_noquestion, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "wrongport", udp_stranger, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "qr0", udp_qr0, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "opcode", udp_opcode, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "case", udp_case, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "lower", udp_lower, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "empty", udp_empty, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "cut", udp_cut, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "garbage", udp_garbage, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "mutate", udp_mutate, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "noedns", udp_noedns, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "noedns2", udp_noedns2, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "badvers", udp_badvers, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "servfail", udp_ok, STREAM_OK, SCRIPT_NOTHING, 2 },
	{ "notimp", udp_ok, STREAM_OK, SCRIPT_NOTHING, 4 },
	{ "refused", udp_ok, STREAM_OK, SCRIPT_NOTHING, 5 },
	{ "nxdomain", udp_ok, STREAM_OK, SCRIPT_NOTHING, 3 },
	{ "ttlbig", udp_ok, STREAM_OK, SCRIPT_TTL_BIG, 0 },
	{ "cnameloop", udp_ok, STREAM_OK, SCRIPT_CNAME_LOOP, 0 },
	{ "tc", udp_tc, STREAM_OK, SCRIPT_ADDRESS, 0 },
	{ "huge", udp_tc, STREAM_OK, SCRIPT_HUGE, 0 },
	{ "tcnotcp", udp_tc, STREAM_NONE, SCRIPT_ADDRESS, 0 },
	{ "tcsilent", udp_tc, STREAM_SILENT, SCRIPT_ADDRESS, 0 },
	{ "tcpartial", udp_tc, STREAM_HALF, SCRIPT_ADDRESS, 0 },
	{ "tcslowdrip", udp_tc, STREAM_DRIP, SCRIPT_ADDRESS, 0 },
	{ "tcclose", udp_tc, STREAM_CLOSE, SCRIPT_ADDRESS, 0 },
};

void scripted_list_behaviours(FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++)
		fprintf(to, "%s%s", i ? " " : "", behaviours[i].name);
	fprintf(to, "\n");
}

const struct scripted_behaviour *scripted_find_behaviour(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++)
		if (!strcmp(behaviours[i].name, name))
			return &behaviours[i];
	return NULL;
}

void scripted_forget_delayed(struct scripted_upstream *su)
{
	while (!LIST_EMPTY(&su->delayed))
		delayed_free(LIST_FIRST(&su->delayed));
}
