/*
 * A client that opens a connection the instant the answer to its lookup arrives:
 *   race listen PORT                      accept and close, both families, until killed
 *   race run SERVER udp|tcp A|AAAA COUNT PREFIX PORT
 *   race fill SERVER COUNT PREFIX         ask COUNT questions by UDP, some at a time, A and AAAA
 *                                         in turns, for half as many names
 * run asks SERVER for PREFIX0.race.example, PREFIX1..., each once, until COUNT answers held an
 * address that no answer before it did, and connects to PORT there at once. Prints one line
 * of counts; exits 0 if every connection was opened. Stands alone: includes nothing of the
 * project.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD	   12
#define MESSAGE	   1024
#define WAIT_MS	   3000
#define SEEN_SLOTS 65536 /* a power of two, many more than COUNT */
#define COUNT_MAX  10000
#define FILL_AT_A_TIME 64

struct race {
	struct sockaddr_storage server;
	socklen_t server_len;
	bool by_tcp, six;
	uint16_t port;
	int udp; /* connected to the server */
	uint32_t seen[SEEN_SLOTS]; /* the last four bytes of addresses; 0: free */
	unsigned connected, refused, timed_out, unanswered, repeated;
	double slowest_ms;
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int parse_address(const char *text, uint16_t port, struct sockaddr_storage *out,
			 socklen_t *len)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof(four));
		*len = sizeof(four);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1)
		return -1;
	memcpy(out, &six, sizeof(six));
	*len = sizeof(six);
	return 0;
}

static size_t write_question(uint8_t *buf, uint16_t id, const char *name, bool six)
{
	static const uint8_t flags_and_counts[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	uint8_t *p = buf + HEAD;

	buf[0] = (uint8_t)(id >> 8);
	buf[1] = (uint8_t)id;
	memcpy(buf + 2, flags_and_counts, sizeof(flags_and_counts));
	while (*name) {
		size_t n = strcspn(name, ".");

		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
		name += n + (name[n] == '.');
	}
	*p++ = 0;
	*p++ = 0;
	*p++ = six ? 28 : 1;
	*p++ = 0;
	*p++ = 1;
	return (size_t)(p - buf);
}

/** The address of an answer whose one record follows the question. */
static bool read_address(const struct race *r, const uint8_t *m, size_t len, size_t question,
			 uint8_t *out)
{
	size_t size = r->six ? 16 : 4;

	if (len < question + 12 + size || (m[3] & 0x0f) || m[6] || m[7] != 1 ||
	    m[question + 3] != (r->six ? 28 : 1) || m[question + 11] != size)
		return false;
	memcpy(out, m + question + 12, size);
	return true;
}

static bool wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, WAIT_MS) == 1;
}

/** One question by UDP; returns the length of the reply or 0. */
static size_t ask_udp(struct race *r, uint8_t *m, size_t len)
{
	uint8_t id[2] = { m[0], m[1] };

	if (send(r->udp, m, len, 0) < 0)
		return 0;
	while (wait_for(r->udp, POLLIN)) {
		ssize_t n = recv(r->udp, m, MESSAGE, 0);

		if (n >= HEAD && !memcmp(m, id, 2))
			return (size_t)n;
	}
	return 0;
}

/** One question by a TCP connection of its own. */
static size_t ask_tcp(struct race *r, uint8_t *m, size_t len)
{
	struct linger reset = { .l_onoff = 1 };
	uint8_t framed[2 + MESSAGE] = { (uint8_t)(len >> 8), (uint8_t)len };
	int fd = socket(r->server.ss_family, SOCK_STREAM, 0);
	size_t have = 0, want = 2;

	if (fd < 0)
		return 0;
	memcpy(framed + 2, m, len);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (struct sockaddr *)&r->server, r->server_len) ||
	    send(fd, framed, 2 + len, MSG_NOSIGNAL) != (ssize_t)(2 + len))
		goto out;
	while (have < want && wait_for(fd, POLLIN)) {
		ssize_t n = recv(fd, framed + have, sizeof(framed) - have, 0);

		if (n <= 0)
			break;
		have += (size_t)n;
		if (have >= 2)
			want = 2 + ((size_t)framed[0] << 8 | framed[1]);
	}
	if (have == want)
		memcpy(m, framed + 2, have - 2);
out:
	close(fd);
	return have == want ? have - 2 : 0;
}

static void count_connect(struct race *r, int error)
{
	if (!error)
		r->connected++;
	else if (error == ETIMEDOUT)
		r->timed_out++;
	else
		r->refused++;
}

/** Connect at once; errno, or 0. */
static int open_connection(struct race *r, const uint8_t *address, double since)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(r->port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(r->port) };
	struct linger reset = { .l_onoff = 1 };
	int fd = socket(r->six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int error = 0;
	socklen_t size = sizeof(error);

	memcpy(&six.sin6_addr, address, r->six ? 16 : 0);
	memcpy(&four.sin_addr, address, r->six ? 0 : 4);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, r->six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		    r->six ? sizeof(six) : sizeof(four)) && errno != EINPROGRESS)
		error = errno;
	else if (!wait_for(fd, POLLOUT))
		error = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	close(fd);
	if (now_ms() - since > r->slowest_ms)
		r->slowest_ms = now_ms() - since;
	return error;
}

/** Whether this address was not in an answer before; it is from now on. Those of the test's
 *  own network, 198.18.0.0/24, count as seen. */
static bool is_new(struct race *r, const uint8_t *last_four)
{
	uint32_t key, at;

	memcpy(&key, last_four, 4);
	if (last_four[0] != 198 || (last_four[1] == 18 && !last_four[2]))
		return false;
	at = ntohl(key) * 2654435761u >> 16;
	while (r->seen[at] && r->seen[at] != key)
		at = (at + 1) % SEEN_SLOTS;
	if (r->seen[at])
		return false;
	r->seen[at] = key;
	return true;
}

static void race_once(struct race *r, const char *prefix, unsigned i)
{
	uint8_t m[MESSAGE], address[16];
	char name[128];
	size_t question, len;
	double since;
	int error;

	snprintf(name, sizeof(name), "%.63s%u.race.example", prefix, i);
	question = write_question(m, (uint16_t)i, name, r->six);
	len = r->by_tcp ? ask_tcp(r, m, question) : ask_udp(r, m, question);
	since = now_ms();
	if (!len || !read_address(r, m, len, question, address)) {
		r->unanswered++;
		return;
	}
	if (!is_new(r, address + (r->six ? 12 : 0))) {
		r->repeated++;
		return;
	}
	error = open_connection(r, address, since);
	count_connect(r, error);
	if (error)
		printf("%s: %s\n", name, strerror(error));
}

static int run(char **argv)
{
	static struct race r;
	unsigned count = (unsigned)atoi(argv[3]);
	unsigned i;

	r.by_tcp = !strcmp(argv[1], "tcp");
	r.six = !strcmp(argv[2], "AAAA");
	r.port = (uint16_t)atoi(argv[5]);
	if (!count || count > COUNT_MAX ||
	    parse_address(argv[0], 53, &r.server, &r.server_len)) {
		fprintf(stderr, "race: bad COUNT or SERVER\n");
		return 2;
	}
	r.udp = socket(r.server.ss_family, SOCK_DGRAM, 0);
	if (r.udp < 0 || connect(r.udp, (struct sockaddr *)&r.server, r.server_len)) {
		perror("race");
		return 2;
	}
	for (i = 0; i < count + r.repeated && i < 2 * count; i++)
		race_once(&r, argv[4], i);
	printf("%s %s from %s: %u connected, %u refused, %u timed out, %u unanswered, "
	       "%u repeated; answer to connection at most %.1f ms\n",
	       argv[1], argv[2], argv[0], r.connected, r.refused, r.timed_out, r.unanswered,
	       r.repeated, r.slowest_ms);
	return r.connected == count ? 0 : 1;
}

/** Replies that have come; waits for one at most so long. */
static unsigned take_replies(struct race *r, int wait_ms)
{
	struct pollfd p = { .fd = r->udp, .events = POLLIN };
	unsigned n = 0;
	uint8_t m[MESSAGE];

	poll(&p, 1, wait_ms);
	for (ssize_t len; (len = recv(r->udp, m, sizeof(m), MSG_DONTWAIT)) >= HEAD; n++)
		if (!(m[3] & 0x0f) && m[7])
			r->connected++;
		else
			r->refused++;
	return n;
}

static int fill(char **argv)
{
	static struct race r;
	unsigned count = (unsigned)atoi(argv[1]), open = 0;
	uint8_t m[MESSAGE];
	char name[128];
	double since = now_ms();

	if (parse_address(argv[0], 53, &r.server, &r.server_len))
		return 2;
	r.udp = socket(r.server.ss_family, SOCK_DGRAM, 0);
	if (r.udp < 0 || connect(r.udp, (struct sockaddr *)&r.server, r.server_len))
		return 2;
	for (unsigned i = 0; i < count || open;) {
		unsigned n;

		for (; i < count && open < FILL_AT_A_TIME; i++, open++) {
			snprintf(name, sizeof(name), "%.63s%u.race.example", argv[2], i / 2);
			if (send(r.udp, m, write_question(m, (uint16_t)i, name, i % 2), 0) < 0)
				perror("race");
		}
		n = take_replies(&r, WAIT_MS);
		r.unanswered += n ? 0 : open;
		open -= n ? n : open;
	}
	printf("%u answered, %u refused, %u silent; %.0f a second\n", r.connected, r.refused,
	       r.unanswered, count * 1e3 / (now_ms() - since));
	return 0;
}

static int accept_all(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1, peer;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 4096)) {
		perror("race");
		return 1;
	}
	while ((peer = accept(fd, NULL, NULL)) >= 0 || errno == ECONNABORTED)
		close(peer);
	perror("race");
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "listen"))
		return accept_all((uint16_t)atoi(argv[2]));
	if (argc == 8 && !strcmp(argv[1], "run"))
		return run(argv + 2);
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return fill(argv + 2);
	fprintf(stderr, "usage: race listen PORT\n"
			"       race run SERVER udp|tcp A|AAAA COUNT PREFIX PORT\n"
			"       race fill SERVER COUNT PREFIX\n");
	return 2;
}
