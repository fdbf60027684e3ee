/*
 * A DNS server that answers as fast as the kernel moves packets, for benchmarks:
 * responder ADDRESS PORT [WORKERS]. UDP only. A: one address of 198.18.0.0/15 derived
 * from the name, TTL 300; AAAA: one of 2001:db8::/32; other types: no data, with a SOA.
 * The OPT is echoed. Stands alone: includes nothing of the project.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD	    12
#define BATCH	    64
#define QUERY_MAX   512
#define REPLY_MAX   (QUERY_MAX + 128)
#define WORKERS_MAX 64

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	uint8_t query[BATCH][QUERY_MAX];
	uint8_t reply[BATCH][REPLY_MAX];
};

static uint8_t *put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

/** The length of the name at wire; 0 if it does not end within max. FNV-1a of it,
 * ignoring case, goes to hash. */
static size_t read_name(const uint8_t *wire, size_t max, uint32_t *hash)
{
	uint32_t h = 2166136261u;
	size_t at = 0;

	for (;;) {
		size_t n = at < max ? wire[at] : 64;

		if (n > 63 || at + n >= max)
			return 0;
		for (size_t i = 0; i <= n; i++) {
			uint8_t c = wire[at + i];

			h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * 16777619u;
		}
		at += 1 + n;
		if (!n)
			break;
	}
	*hash = h;
	return at;
}

static uint8_t *put_record(uint8_t *p, unsigned type, uint32_t ttl, unsigned len)
{
	p = put16(p, 0xc000 | HEAD);
	p = put16(p, type);
	p = put16(p, 1);
	p = put32(p, ttl);
	return put16(p, len);
}

static uint8_t *put_answer(uint8_t *head, uint8_t *p, unsigned type, uint32_t hash)
{
	uint32_t address = 198u << 24 | (18 + (hash >> 16 & 1)) << 16 | (hash & 0xffff);

	if (type == 1) {
		put16(head + 6, 1);
		return put32(put_record(p, 1, 300, 4), address);
	}
	if (type == 28) {
		put16(head + 6, 1);
		p = put32(put_record(p, 28, 300, 16), 0x20010db8);
		return put32(put32(put32(p, 0), 0), address);
	}
	put16(head + 8, 1); /* no data: a SOA whose MINIMUM is 300 */
	p = put16(put_record(p, 6, 300, 24), 0xc000 | HEAD);
	p = put16(p, 0xc000 | HEAD);
	return put32(put32(put32(put32(put32(p, 1), 3600), 600), 86400), 300);
}

/** Returns the reply's length; 0: none. */
static size_t answer(const uint8_t *query, size_t len, uint8_t *reply)
{
	static const uint8_t opt[] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0 };
	size_t name_len, question_end;
	uint32_t hash;
	uint8_t *p;

	if (len < HEAD + 5 || query[2] & 0x80 || query[4] || query[5] != 1)
		return 0;
	name_len = read_name(query + HEAD, len - HEAD, &hash);
	question_end = HEAD + name_len + 4;
	if (!name_len || question_end > len)
		return 0;
	memcpy(reply, query, question_end);
	reply[2] = (uint8_t)(0x80 | (query[2] & 0x79));
	reply[3] = 0x80;
	memset(reply + 6, 0, 6);
	p = put_answer(reply, reply + question_end,
		       (unsigned)query[question_end - 4] << 8 | query[question_end - 3],
		       hash);
	if (query[10] || query[11]) {
		put16(reply + 10, 1);
		memcpy(p, opt, sizeof(opt));
		p += sizeof(opt);
	}
	return (size_t)(p - reply);
}

/** Answer n queries that stand in b->query; returns how many replies there are. */
static unsigned answer_all(struct batch *b, unsigned n)
{
	unsigned out = 0;

	for (unsigned i = 0; i < n; i++) {
		size_t len = answer(b->query[i], b->messages[i].msg_len, b->reply[out]);

		if (!len)
			continue;
		b->from[out] = b->from[i];
		b->messages[out].msg_hdr.msg_namelen = b->messages[i].msg_hdr.msg_namelen;
		b->iov[out].iov_base = b->reply[out];
		b->iov[out].iov_len = len;
		out++;
	}
	return out;
}

static void serve(int fd)
{
	static struct batch b;

	for (;;) {
		unsigned n, sent = 0;
		int rc;

		for (unsigned i = 0; i < BATCH; i++) {
			b.iov[i].iov_base = b.query[i];
			b.iov[i].iov_len = QUERY_MAX;
			b.messages[i].msg_hdr.msg_iov = &b.iov[i];
			b.messages[i].msg_hdr.msg_iovlen = 1;
			b.messages[i].msg_hdr.msg_name = &b.from[i];
			b.messages[i].msg_hdr.msg_namelen = sizeof(b.from[i]);
		}
		rc = recvmmsg(fd, b.messages, BATCH, MSG_WAITFORONE, NULL);
		if (rc < 0)
			continue;
		n = answer_all(&b, (unsigned)rc);
		while (sent < n) {
			rc = sendmmsg(fd, b.messages + sent, n - sent, 0);
			/* one that cannot be sent is lost */
			sent += rc > 0 ? (unsigned)rc : 1;
		}
	}
}

static int open_socket(const char *address, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int is_six = inet_pton(AF_INET6, address, &six.sin6_addr) == 1;
	int one = 1, bytes = 4 << 20;
	int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	if (!is_six && inet_pton(AF_INET, address, &four.sin_addr) != 1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		 is_six ? sizeof(six) : sizeof(four)))
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	int workers = argc > 3 ? atoi(argv[3]) : 1;

	if (argc < 3 || workers < 1 || workers > WORKERS_MAX) {
		fprintf(stderr, "usage: responder ADDRESS PORT [WORKERS]\n");
		return 2;
	}
	for (int i = 0; i < workers; i++) {
		int fd = open_socket(argv[1], (uint16_t)atoi(argv[2]));

		if (fd < 0) {
			perror("responder");
			return 1;
		}
		if (i == workers - 1)
			serve(fd); /* the last one is us */
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(fd);
		}
		close(fd);
	}
	return 1;
}
