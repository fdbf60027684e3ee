/*
 * A client that is not what a resolver would wish for.
 *
 *   abuse flood SERVER COUNT NAME       COUNT questions (A) by UDP as fast as they go; prints
 *                                       "sent N answered A truncated T refused R"
 *   abuse as SERVER COUNT SOURCE PORT   COUNT questions by UDP from a source that is somebody
 *                                       else's; prints "sent N"
 *   abuse HOW SERVER COUNT MS           keep COUNT TCP connections in this state for so long,
 *                                       opening another for each that is closed:
 *          idle      nothing is sent
 *          half      one octet, then nothing
 *          drip      an octet of a question now and then
 *          deaf      questions without end, and no answer is read
 *          reset     a question, then RST, as fast as it goes
 *                                       prints "opened N"
 *
 * Stands alone: includes nothing of the project.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
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
#define QUESTION   300
#define SILENCE_MS 700
#define AT_ONCE	   32 /* questions between two looks for answers */
#define CONNS_MAX  1000
#define STEP_MS	   20

static int open_socket(const char *server, int type)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(53) };
	bool is_six = inet_pton(AF_INET6, server, &six.sin6_addr) == 1;
	int fd = socket(is_six ? AF_INET6 : AF_INET, type, 0);

	if (fd < 0 || (!is_six && inet_pton(AF_INET, server, &four.sin_addr) != 1) ||
	    connect(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		    is_six ? sizeof(six) : sizeof(four))) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static size_t write_question(uint8_t *buf, uint16_t id, const char *name)
{
	static const uint8_t flags_and_counts[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	static const uint8_t type_a[] = { 0, 0, 1, 0, 1 }; /* behind the root */
	uint8_t *p = buf + HEAD;

	buf[0] = (uint8_t)(id >> 8);
	buf[1] = (uint8_t)id;
	memcpy(buf + 2, flags_and_counts, sizeof(flags_and_counts));
	while (*name && p < buf + 200) {
		size_t n = strcspn(name, ".") & 63;

		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
		name += n + (name[n] == '.');
	}
	memcpy(p, type_a, sizeof(type_a));
	return (size_t)(p - buf) + sizeof(type_a);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* --- flood ------------------------------------------------------------------------------------ */

struct replies {
	unsigned answered, truncated, refused;
};

static void read_replies(int fd, int wait_ms, struct replies *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t buf[4096];

	while (poll(&p, 1, wait_ms) == 1) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < HEAD)
			continue;
		if (buf[2] & 2)
			r->truncated++;
		else if ((buf[3] & 15) == 5)
			r->refused++;
		else
			r->answered++;
	}
}

static int flood(const char *server, unsigned count, const char *name)
{
	int fd = open_socket(server, SOCK_DGRAM);
	uint8_t question[QUESTION];
	struct replies r = { 0 };
	int bytes = 4 << 20; /* on a busy machine replies wait */

	if (fd < 0)
		return 2;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	for (unsigned i = 0; i < count; i++) {
		send(fd, question, write_question(question, (uint16_t)i, name), 0);
		if (i % AT_ONCE == 0)
			read_replies(fd, 1, &r);
	}
	read_replies(fd, SILENCE_MS, &r);
	printf("sent %u answered %u truncated %u refused %u\n", count, r.answered, r.truncated,
	       r.refused);
	return 0;
}

/* --- a forged source ---------------------------------------------------------------------------- */

static int forge(const char *server, unsigned count, const char *source, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool is_six = inet_pton(AF_INET6, source, &six.sin6_addr) == 1;
	struct sockaddr_in6 six_to = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
	struct sockaddr_in four_to = { .sin_family = AF_INET, .sin_port = htons(53) };
	int on = 1, fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	uint8_t question[QUESTION];
	unsigned sent = 0;

	inet_pton(AF_INET6, server, &six_to.sin6_addr);
	inet_pton(AF_INET, server, &four_to.sin_addr);
	inet_pton(AF_INET, source, &four.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (fd < 0 || setsockopt(fd, is_six ? IPPROTO_IPV6 : IPPROTO_IP,
				 is_six ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, sizeof(on)) ||
	    bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		 is_six ? sizeof(six) : sizeof(four))) {
		perror("abuse: bind");
		return 2;
	}
	for (unsigned i = 0; i < count; i++)
		sent += sendto(fd, question, write_question(question, (uint16_t)i, "web.example"), 0,
			       is_six ? (struct sockaddr *)&six_to : (struct sockaddr *)&four_to,
			       is_six ? sizeof(six_to) : sizeof(four_to)) > 0;
	printf("sent %u\n", sent);
	return sent != count;
}

/* The one's complement sum of an IPv6 packet's addresses, length, protocol and payload. */
static uint16_t sum6(const struct ip6_hdr *ip, const uint8_t *payload, size_t len)
{
	const uint8_t *addresses = (const uint8_t *)&ip->ip6_src;
	uint32_t sum = (uint32_t)len + IPPROTO_UDP;

	for (size_t i = 0; i < 32; i++)
		sum += (uint32_t)addresses[i] << (i % 2 ? 0 : 8);
	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)payload[i] << (i % 2 ? 0 : 8);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

/** An IPv4 address in an IPv6 packet: what the kernel sends for nobody but by a raw socket. */
static int forge_mapped(const char *server, unsigned count, const char *source, uint16_t port)
{
	struct {
		struct ip6_hdr ip;
		struct udphdr udp;
		uint8_t question[QUESTION];
	} p = { .ip.ip6_flow = htonl(6u << 28), .ip.ip6_nxt = IPPROTO_UDP, .ip.ip6_hlim = 64 };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	size_t len = sizeof(p.udp) + write_question(p.question, 1, "web.example");
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	unsigned sent = 0;

	inet_pton(AF_INET6, server, &to.sin6_addr);
	p.ip.ip6_dst = to.sin6_addr;
	inet_pton(AF_INET6, source, &p.ip.ip6_src);
	p.ip.ip6_plen = htons((uint16_t)len);
	p.udp = (struct udphdr){ .source = htons(port), .dest = htons(53),
				 .len = htons((uint16_t)len) };
	p.udp.check = htons(sum6(&p.ip, (const uint8_t *)&p.udp, len));
	for (unsigned i = 0; i < count; i++)
		sent += sendto(fd, &p, sizeof(p.ip) + len, 0, (struct sockaddr *)&to, sizeof(to)) > 0;
	printf("sent %u\n", sent);
	return sent != count;
}

/* --- connections ------------------------------------------------------------------------------ */

enum how { IDLE, HALF, DRIP, DEAF, RESET, HOW_COUNT };
static const char *const how_words[] = { "idle", "half", "drip", "deaf", "reset" };

struct conn {
	int fd; /* -1: to be opened */
	size_t sent;
};

/** Whether the other side has closed it. */
static bool is_over(int fd, enum how how)
{
	uint8_t octet;

	if (how == DEAF) {
		struct pollfd p = { .fd = fd };

		return poll(&p, 1, 0) == 1; /* hung up or broken */
	}
	return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 0 ||
	       (errno != EAGAIN && errno != EINTR && errno);
}

static void act(struct conn *c, enum how how, const uint8_t *framed, size_t len)
{
	static const struct linger at_once = { .l_onoff = 1 };

	switch (how) {
	case HALF:
		if (!c->sent++)
			send(c->fd, framed, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	case DRIP:
		send(c->fd, framed + c->sent++ % len, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	case DEAF:
		while (send(c->fd, framed, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len)
			;
		return;
	case RESET:
		send(c->fd, framed, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(c->fd);
		c->fd = -1;
		return;
	default:
		return;
	}
}

static int keep(enum how how, const char *server, unsigned count, uint64_t ms)
{
	static struct conn conns[CONNS_MAX];
	uint8_t framed[2 + QUESTION];
	size_t len = write_question(framed + 2, 1, "web.example");
	uint64_t end = now_ms() + ms;
	unsigned opened = 0;

	framed[0] = (uint8_t)(len >> 8);
	framed[1] = (uint8_t)len;
	for (unsigned i = 0; i < count; i++)
		conns[i].fd = -1;
	while (now_ms() < end) {
		for (unsigned i = 0; i < count && now_ms() < end; i++) {
			struct conn *c = &conns[i];

			errno = 0;
			if (c->fd >= 0 && is_over(c->fd, how)) {
				close(c->fd);
				c->fd = -1;
			}
			if (c->fd < 0) {
				c->sent = 0;
				c->fd = open_socket(server, SOCK_STREAM);
				opened += c->fd >= 0;
			}
			if (c->fd >= 0)
				act(c, how, framed, len + 2);
		}
		poll(NULL, 0, how == RESET ? 1 : STEP_MS);
	}
	printf("opened %u\n", opened);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = argc == 5 || argc == 6 ? (unsigned)atoi(argv[3]) : 0;

	if (count && argc == 6 && !strcmp(argv[1], "as") && !strncmp(argv[4], "::ffff:", 7))
		return forge_mapped(argv[2], count, argv[4], (uint16_t)atoi(argv[5]));
	if (count && argc == 6 && !strcmp(argv[1], "as"))
		return forge(argv[2], count, argv[4], (uint16_t)atoi(argv[5]));
	if (count && !strcmp(argv[1], "flood"))
		return flood(argv[2], count, argv[4]);
	for (int how = 0; count && count <= CONNS_MAX && how < HOW_COUNT; how++)
		if (!strcmp(argv[1], how_words[how]))
			return keep((enum how)how, argv[2], count, (uint64_t)atoi(argv[4]));
	fprintf(stderr, "usage: abuse flood SERVER COUNT NAME\n"
			"       abuse as SERVER COUNT SOURCE PORT\n"
			"       abuse idle|half|drip|deaf|reset SERVER COUNT MS\n");
	return 2;
}
