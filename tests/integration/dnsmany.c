/*
 * Sends what dig cannot: several questions in one segment of a TCP connection, a message in
 * pieces of one octet, bytes that are no DNS message.
 *
 *   dnsmany together SERVER NAME...   all questions (A) in one write by TCP; a line for each
 *                                     reply, in the order of arrival: NAME RCODE ANSWERS
 *   dnsmany dripping SERVER NAME...   the same, one octet a write
 *   dnsmany hanging SERVER NAME...    the same, and the sending side is closed behind them
 *   dnsmany garbage SERVER COUNT      datagrams of random length and content, and questions
 *                                     damaged in one place; prints how many replies came
 *   dnsmany hex SERVER udp|tcp HEX    these octets (by TCP with their length in front);
 *                                     prints the reply in hex, or "none" after a second
 *
 * Stands alone: includes nothing of the project.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD	    12
#define QUESTION    300
#define MESSAGE	    65535
#define NAMES_MAX   64
#define WAIT_MS	    3000
#define SILENCE_MS  1000
#define GARBAGE_MAX 256 /* what getrandom gives at once */

static int open_socket(const char *server, int type)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(53) };
	bool is_six = inet_pton(AF_INET6, server, &six.sin6_addr) == 1;
	int fd = socket(is_six ? AF_INET6 : AF_INET, type, 0);

	if (!is_six && inet_pton(AF_INET, server, &four.sin_addr) != 1)
		errno = EINVAL;
	else if (fd >= 0 && !connect(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
				     is_six ? sizeof(six) : sizeof(four)))
		return fd;
	perror(server);
	exit(2);
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

static bool wait_readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/** @return octets read; less than len at the end of the stream or after WAIT_MS */
static size_t read_whole(int fd, uint8_t *buf, size_t len)
{
	size_t have = 0;

	while (have < len && wait_readable(fd, WAIT_MS)) {
		ssize_t n = recv(fd, buf + have, len - have, 0);

		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return have;
}

static size_t read_framed(int fd, uint8_t *buf)
{
	uint8_t head[2];
	size_t len;

	if (read_whole(fd, head, 2) != 2)
		return 0;
	len = (size_t)head[0] << 8 | head[1];
	return read_whole(fd, buf, len) == len ? len : 0;
}

static int stream(const char *how, const char *server, char **names, unsigned count)
{
	static uint8_t out[NAMES_MAX * (2 + QUESTION)], in[MESSAGE];
	int fd = open_socket(server, SOCK_STREAM);
	size_t len = 0, step;

	for (unsigned i = 0; i < count; i++) {
		size_t n = write_question(out + len + 2, (uint16_t)(1000 + i), names[i]);

		out[len] = (uint8_t)(n >> 8);
		out[len + 1] = (uint8_t)n;
		len += 2 + n;
	}
	step = strcmp(how, "dripping") ? len : 1;
	for (size_t at = 0; at < len; at += step) {
		if (send(fd, out + at, step, MSG_NOSIGNAL) != (ssize_t)step)
			return 1;
		if (step == 1)
			usleep(1000);
	}
	if (!strcmp(how, "hanging"))
		shutdown(fd, SHUT_WR);
	for (unsigned i = 0; i < count; i++) {
		size_t n = read_framed(fd, in);
		unsigned id = (unsigned)in[0] << 8 | in[1];

		if (n < HEAD || id < 1000 || id >= 1000 + count)
			return 1;
		printf("%s %u %u\n", names[id - 1000], in[3] & 15u, (unsigned)in[6] << 8 | in[7]);
	}
	return 0;
}

static void fill_random(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len) {
		perror("getrandom");
		exit(2);
	}
}

/** Random octets, or a question damaged in one place. */
static size_t write_garbage(uint8_t *buf, unsigned i)
{
	uint8_t random[4];
	size_t len;

	fill_random(random, sizeof(random));
	if (i % 2) {
		len = write_question(buf, (uint16_t)i, "garbage.example");
		buf[((size_t)random[0] << 8 | random[1]) % len] ^= (uint8_t)(random[2] | 1);
		return random[3] % 4 ? len : len - random[3] % HEAD;
	}
	len = ((size_t)random[0] << 8 | random[1]) % GARBAGE_MAX;
	fill_random(buf, len);
	return len;
}

static int garbage(const char *server, unsigned count)
{
	static uint8_t buf[MESSAGE];
	int fd = open_socket(server, SOCK_DGRAM);
	unsigned replies = 0;

	for (unsigned i = 0; i < count; i++) {
		send(fd, buf, write_garbage(buf, i), 0);
		while (wait_readable(fd, i % 50 == 49 ? 5 : 0) && recv(fd, buf, sizeof(buf), 0) > 0)
			replies++;
	}
	while (wait_readable(fd, SILENCE_MS) && recv(fd, buf, sizeof(buf), 0) > 0)
		replies++;
	printf("%u sent, %u replies\n", count, replies);
	return replies <= count ? 0 : 1;
}

static int hex(const char *server, bool by_tcp, const char *digits)
{
	static uint8_t buf[MESSAGE];
	int fd = open_socket(server, by_tcp ? SOCK_STREAM : SOCK_DGRAM);
	size_t at = by_tcp ? 2 : 0, len = at;
	unsigned octet;
	ssize_t n = 0;

	for (; sscanf(digits, "%2x", &octet) == 1 && digits[1]; digits += 2)
		buf[len++] = (uint8_t)octet;
	buf[0] = by_tcp ? (uint8_t)((len - 2) >> 8) : buf[0];
	buf[1] = by_tcp ? (uint8_t)(len - 2) : buf[1];
	send(fd, buf, len, MSG_NOSIGNAL);
	if (by_tcp)
		n = (ssize_t)read_framed(fd, buf);
	else if (wait_readable(fd, SILENCE_MS))
		n = recv(fd, buf, sizeof(buf), 0);
	for (ssize_t i = 0; i < n; i++)
		printf("%02x", buf[i]);
	puts(n > 0 ? "" : "none");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";

	if (!strcmp(what, "together") || !strcmp(what, "dripping") || !strcmp(what, "hanging"))
		return argc - 3 > NAMES_MAX ? 2 : stream(what, argv[2], argv + 3, (unsigned)argc - 3);
	if (!strcmp(what, "garbage"))
		return garbage(argv[2], (unsigned)atoi(argv[3]));
	if (!strcmp(what, "hex") && argc == 5)
		return hex(argv[2], !strcmp(argv[3], "tcp"), argv[4]);
	fprintf(stderr, "usage: dnsmany together|dripping|hanging SERVER NAME...\n"
			"       dnsmany garbage SERVER COUNT\n"
			"       dnsmany hex SERVER udp|tcp HEX\n");
	return 2;
}
