/*
 * Many questions to one resolver, and a look at what comes back.
 *
 *   mutate queries SERVER PORT COUNT   questions damaged in some places
 *   mutate names SERVER PORT COUNT     sound questions for different names, some hundred in
 *                                      flight; and now and then for c0 to c9.clean.example
 *   mutate clean SERVER PORT COUNT     those alone
 *
 * Each reply must be a whole message and, to a sound question, repeat it; an address of a clean
 * name must be the one that the scripted upstream tells of it. Prints
 * "sent N replies R wrong W"; exit 1 if W is not 0.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/hash.h"
#include "lib/util.h"
#include "resolver/wire.h"
#include "tests/support/dns_message.h"
#include "tests/support/scripted_upstream.h"

#define WINDOW	   400 /* questions in flight */
#define SILENCE_MS 3000
#define CLEAN	   10
#define CLEAN_EACH 50 /* one of so many questions is for a clean name */

struct asked {
	uint32_t number; /* of the name, 0: nothing in flight by this id */
	bool is_clean;
};

static struct {
	int fd;
	struct asked asked[65536]; /* by id */
	unsigned sent, replies, wrong, in_flight;
} run;

static void fail(const char *what, const uint8_t *reply, size_t len)
{
	if (run.wrong++ > 5)
		return;
	printf("%s:", what);
	for (size_t i = 0; i < len && i < 100; i++)
		printf(" %02x", reply[i]);
	puts("");
}

static const char *name_of(const struct asked *a, char *buf, size_t size)
{
	if (a->is_clean)
		snprintf(buf, size, "c%u.clean.example", a->number % CLEAN);
	else
		snprintf(buf, size, "m%07u.mutated.example", a->number);
	return buf;
}

/* --- what comes back ------------------------------------------------------------------------- */

static bool is_whole(const uint8_t *reply, size_t len)
{
	struct wire_walker w = { .packet = reply, .len = len };
	struct wire_rr rr;
	int rc;

	while ((rc = wire_walk(&w, &rr)) > 0)
		;
	return rc == 0;
}

static void check_clean(const struct dname *name, const uint8_t *reply, size_t len)
{
	struct wire_walker w = { .packet = reply, .len = len };
	uint8_t want[4];
	struct wire_rr rr;

	scripted_address(name->wire, name->len, want);
	if (wire_walk(&w, &rr) != 1 || rr.type != TYPE_A || rr.rdata_len != 4 ||
	    memcmp(reply + rr.rdata_at, want, 4))
		fail("a clean name has another address", reply, len);
}

static void take_reply(const uint8_t *reply, size_t len)
{
	struct asked *a = len >= WIRE_HEAD ? &run.asked[load_be16(reply)] : NULL;
	struct dname name, got;
	char text[64];
	size_t next;

	run.replies++;
	if (!a || !(reply[2] & 0x80) || !is_whole(reply, len)) {
		fail("no whole reply", reply, len);
		return;
	}
	if (!a->number)
		return; /* to a damaged question */
	if (dname_from_text(name_of(a, text, sizeof(text)), &name) ||
	    dname_from_packet(reply, len, WIRE_HEAD, &got, &next) < 0 || !dname_equal(&name, &got))
		fail("the reply to another question", reply, len);
	else if (a->is_clean)
		check_clean(&name, reply, len);
	a->number = 0;
	run.in_flight--;
}

static bool read_replies(int wait_ms)
{
	struct pollfd p = { .fd = run.fd, .events = POLLIN };
	uint8_t reply[65536];
	ssize_t n;

	if (poll(&p, 1, wait_ms) != 1)
		return false;
	while ((n = recv(run.fd, reply, sizeof(reply), MSG_DONTWAIT)) >= 0)
		take_reply(reply, (size_t)n);
	return true;
}

/* --- what is sent ---------------------------------------------------------------------------- */

static void write_question(struct dns_message *m, uint16_t id, const char *name)
{
	static const uint8_t cookie[] = { 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };

	dns_start(m, id, 0x0100, 1, 0, 0, 1);
	dns_question(m, name, TYPE_A);
	dns_opt(m, 1232, 0, 0, 0, cookie, id % 2 ? sizeof(cookie) : 0);
}

static void ask(uint32_t number, bool is_clean)
{
	static struct dns_message m;
	struct asked *a = &run.asked[number & 0xffff];
	char name[64];

	if (a->number)
		run.in_flight--; /* never answered */
	*a = (struct asked){ number, is_clean };
	write_question(&m, (uint16_t)number, name_of(a, name, sizeof(name)));
	send(run.fd, m.bytes, m.len, 0);
	run.sent++;
	run.in_flight++;
}

static void damage(struct dns_message *m)
{
	for (uint32_t n = 1 + random_u32() % 4; n; n--) {
		uint32_t random = random_u32();
		size_t at = (random >> 8) % m->len;

		switch (random & 3) {
		case 0:
			m->len = at + 1;
			break;
		case 1:
			m->bytes[at] = (uint8_t)(random >> 24);
			break;
		case 2:
			memmove(m->bytes + at + 1, m->bytes + at, m->len++ - at);
			break;
		default:
			m->bytes[at] ^= (uint8_t)(1 << (random >> 24) % 8);
		}
	}
}

static void send_damaged(unsigned count)
{
	static struct dns_message m;

	for (run.sent = 0; run.sent < count; run.sent++) {
		write_question(&m, (uint16_t)run.sent, "c1.clean.example");
		damage(&m);
		send(run.fd, m.bytes, m.len, 0);
		while (run.sent % 20 == 0 && read_replies(1))
			;
	}
	while (read_replies(SILENCE_MS))
		;
}

static void ask_names(unsigned count, unsigned clean_each)
{
	uint32_t first = 1 + random_u32() % 9 * 1000000; /* others each time */

	for (uint32_t number = first; number < first + count; number++) {
		ask(number, number % clean_each == 0);
		while (run.in_flight >= WINDOW && read_replies(SILENCE_MS))
			;
	}
	while (run.in_flight && read_replies(SILENCE_MS))
		;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int bytes = 4 << 20;
	unsigned count = argc == 5 ? (unsigned)atoi(argv[4]) : 0;

	if (!count || inet_pton(AF_INET, argv[2], &at.sin_addr) != 1) {
		fprintf(stderr, "usage: mutate queries|names|clean SERVER PORT COUNT\n");
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[3]));
	run.fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(run.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (run.fd < 0 || connect(run.fd, (struct sockaddr *)&at, sizeof(at))) {
		perror(argv[2]);
		return 2;
	}
	if (!strcmp(argv[1], "queries"))
		send_damaged(count);
	else
		ask_names(count, strcmp(argv[1], "clean") ? CLEAN_EACH : 1);
	printf("sent %u replies %u wrong %u\n", run.sent, run.replies, run.wrong);
	return run.wrong ? 1 : 0;
}
