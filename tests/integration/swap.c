/*
 * Questions while the lists they are judged by change:
 *   swap SERVER SECONDS RATE
 * asks SERVER for names of four kinds in turns: aN.swap.example is only on the lists of one
 * build, bN only on those of another, both-N on both, none-N on neither; RATE a second if the
 * machine can, at most WINDOW at a time. What is blocked is NXDOMAIN, what is not has an
 * answer. Prints one line of counts: `wrong` are answers that are by no build, `changes` how
 * often, in the order of the questions, the build changed that an answer was by. Exits 0 if
 * every question was answered, and rightly. Stands alone: includes nothing of the project.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD	12
#define MESSAGE 512
#define WINDOW	128 /* in flight; fits any socket's buffer */
#define WAIT_MS 3000
#define NAMES	16 /* of each kind */
#define ASK_MAX (1u << 22)

enum kind { ONLY_A, ONLY_B, BOTH, NONE, KINDS };
enum result { UNANSWERED, BLOCKED, PASSED, OTHER };

static const char *const prefixes[KINDS] = { "a", "b", "both-", "none-" };

struct swap {
	int fd;
	uint32_t asked, answered, done; /* done: all before it are answered */
	uint8_t results[ASK_MAX];
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint8_t *put_label(uint8_t *p, const char *text)
{
	size_t len = strlen(text);

	*p++ = (uint8_t)len;
	memcpy(p, text, len);
	return p + len;
}

/** The question with this number; its id is the number's low half. */
static bool ask(struct swap *s, uint32_t number)
{
	static const uint8_t rest[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
	uint8_t m[MESSAGE] = { (uint8_t)(number >> 8), (uint8_t)number }, *p = m + HEAD;
	char label[16];

	memcpy(m + 2, rest, sizeof(rest));
	snprintf(label, sizeof(label), "%s%u", prefixes[number % KINDS],
		 number / KINDS % NAMES);
	p = put_label(p, label);
	p = put_label(p, "swap");
	p = put_label(p, "example");
	memcpy(p, (const uint8_t[]){ 0, 0, 1, 0, 1 }, 5);
	return send(s->fd, m, (size_t)(p + 5 - m), 0) > 0;
}

/** Take the answers that are there. */
static void take(struct swap *s)
{
	uint8_t m[MESSAGE];
	ssize_t n;

	while ((n = recv(s->fd, m, sizeof(m), MSG_DONTWAIT)) > 0) {
		uint16_t id = (uint16_t)(m[0] << 8 | m[1]);
		uint32_t number = s->done + (uint16_t)(id - (uint16_t)s->done);

		if (n < HEAD || number >= s->asked || s->results[number] != UNANSWERED)
			continue;
		s->answered++;
		if ((m[3] & 0x0f) == 3)
			s->results[number] = BLOCKED;
		else
			s->results[number] = !(m[3] & 0x0f) && m[7] ? PASSED : OTHER;
	}
	while (s->done < s->asked && s->results[s->done] != UNANSWERED)
		s->done++;
}

static bool wait_readable(const struct swap *s, int ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/** @retval false  what is in flight is not answered any more */
static bool run(struct swap *s, double seconds, double rate)
{
	double start = now_s(), end = start + seconds, now;

	while ((now = now_s()) < end && s->asked < ASK_MAX) {
		double due = (now - start) * rate;

		while (s->asked < due && s->asked - s->done < WINDOW && s->asked < ASK_MAX) {
			if (!ask(s, s->asked))
				break;
			s->asked++;
		}
		if (!wait_readable(s, s->asked - s->done < WINDOW ? 1 : WAIT_MS) &&
		    s->asked - s->done == WINDOW)
			return false;
		take(s);
	}
	while (s->done < s->asked && wait_readable(s, WAIT_MS))
		take(s);
	return s->done == s->asked;
}

/** Count what is by no build, and how often the build changes. */
static unsigned judge(const struct swap *s, unsigned *changes)
{
	unsigned wrong = 0;
	int build = -1;

	*changes = 0;
	for (uint32_t i = 0; i < s->done; i++) {
		enum kind kind = i % KINDS;
		bool is_blocked = s->results[i] == BLOCKED;

		wrong += s->results[i] == OTHER || (kind == BOTH && !is_blocked) ||
			 (kind == NONE && is_blocked);
		if (s->results[i] == OTHER || kind == BOTH || kind == NONE)
			continue;
		*changes += build >= 0 && build != (is_blocked == (kind == ONLY_A));
		build = is_blocked == (kind == ONLY_A);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	struct swap *s = calloc(1, sizeof(*s));
	unsigned wrong, changes;
	double start, took;
	bool all;

	if (argc != 4 || !s || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: swap SERVER SECONDS RATE\n");
		return 2;
	}
	s->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("swap");
		return 2;
	}
	start = now_s();
	all = run(s, atof(argv[2]), atof(argv[3]));
	took = now_s() - start;
	wrong = judge(s, &changes);
	printf("asked %u lost %u wrong %u changes %u rate %.0f\n", s->asked,
	       s->asked - s->answered, wrong, changes, (double)s->answered / took);
	all = all && !wrong && s->asked;
	close(s->fd);
	free(s);
	return all ? 0 : 1;
}
