/*
 * Asks two servers the same questions and compares what they say: the code, and the records of
 * each section whatever their order, TTL and compression.
 *
 *   dnscompare ONE OTHER <questions   each line NAME TYPE [do] [cd] [ad], TYPE a number; both
 *                                     servers are asked by one TCP connection each; prints the
 *                                     first differences, then "N questions, M differ, A are
 *                                     authentic", by the one's AD
 *
 * A name's case counts only in the question. The OPT and, in additional, what one of them left
 * out are not compared: a server may add there what it likes (RFC 2181 §9). Stands alone:
 * includes nothing of the project.
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
#include <unistd.h>

#define HEAD	   12
#define MESSAGE	   65535
#define WINDOW	   64	/* questions in flight; fewer than a server takes of one client */
#define WAIT_MS	   8000 /* for any reply */
#define RECORDS	   512	/* of a section */
#define FORMS	   (1 << 20) /* octets of one reply's records in full */
#define SHOWN	   10
#define TYPE_OPT   41
#define FLAG_AD	   0x0020
#define MASK_FLAGS 0x023f /* TC, AD, CD and the code; AA and RA are each server's own */

static const int types_with_names[] = { 2, 5, 6, 12, 15, 33, 39 };

struct bytes {
	uint8_t *at;
	size_t len;
};

/* A reply in a form that can be compared. */
struct form {
	bool is_good;
	unsigned flags;
	unsigned count[4];
	struct bytes records[4][RECORDS]; /* sorted */
	uint8_t room[FORMS];
	size_t used;
};

struct question {
	uint8_t wire[HEAD + 300 + 11];
	size_t len;
	char text[300];
	uint8_t *reply[2]; /* with its length in front */
};

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* --- reading replies ---------------------------------------------------------------------- */

/** Append the name at at in full and lower case. @return the offset behind it; 0: malformed */
static size_t add_name(const uint8_t *m, size_t len, size_t at, struct form *f)
{
	size_t next = 0;

	for (int jumps = 0; at < len && jumps < 128;) {
		size_t n = m[at];

		if (n >= 0xc0) {
			if (at + 2 > len)
				return 0;
			next = next ? next : at + 2;
			at = be16(m + at) & 0x3fff;
			jumps++;
			continue;
		}
		if (n > 63 || at + 1 + n > len || f->used + 1 + n > FORMS)
			return 0;
		f->room[f->used++] = (uint8_t)n;
		for (size_t i = 1; i <= n; i++) {
			uint8_t c = m[at + i];

			f->room[f->used++] = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
		}
		at += 1 + n;
		if (!n)
			return next ? next : at;
	}
	return 0;
}

static bool add_bytes(struct form *f, const uint8_t *from, size_t len)
{
	if (f->used + len > FORMS)
		return false;
	memcpy(f->room + f->used, from, len);
	f->used += len;
	return true;
}

/* Octets in front of the names in RDATA, and how many names. */
static void names_of_type(unsigned type, size_t *before, unsigned *names)
{
	*before = type == 15 ? 2 : type == 33 ? 6 : 0;
	*names = 0;
	for (size_t i = 0; i < sizeof(types_with_names) / sizeof(int); i++)
		if (types_with_names[i] == (int)type)
			*names = type == 6 ? 2 : 1;
}

static bool add_rdata(const uint8_t *m, size_t len, size_t at, size_t end, unsigned type,
		      struct form *f)
{
	unsigned names;
	size_t before;

	names_of_type(type, &before, &names);
	if (names) {
		if (at + before > end || !add_bytes(f, m + at, before))
			return false;
		at += before;
	}
	for (; names; names--) {
		at = add_name(m, len, at, f);
		if (!at || at > end)
			return false;
	}
	return add_bytes(f, m + at, end - at);
}

/** One record, without its TTL. @return the offset behind it; 0: malformed */
static size_t add_record(const uint8_t *m, size_t len, size_t at, int section, struct form *f)
{
	struct bytes *to = &f->records[section][f->count[section]];
	size_t begin = f->used, end;
	unsigned type;

	at = add_name(m, len, at, f);
	if (!at || at + 10 > len || f->count[section] == RECORDS)
		return 0;
	type = be16(m + at);
	end = at + 10 + be16(m + at + 8);
	if (end > len)
		return 0;
	if (type == TYPE_OPT) {
		f->used = begin;
		return end;
	}
	if (!add_bytes(f, m + at, 4) || !add_rdata(m, len, at + 10, end, type, f))
		return 0;
	*to = (struct bytes){ f->room + begin, f->used - begin };
	f->count[section]++;
	return end;
}

static int compare_bytes(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void read_form(const uint8_t *m, size_t len, struct form *f)
{
	size_t at = HEAD;

	f->is_good = false;
	f->used = 0;
	memset(f->count, 0, sizeof(f->count));
	if (len < HEAD || be16(m + 4) != 1)
		return;
	f->flags = be16(m + 2) & MASK_FLAGS;
	at = add_name(m, len, at, f);
	if (!at)
		return;
	at += 4;
	for (int s = 1; s < 4; s++) {
		for (unsigned left = be16(m + 4 + 2 * s); left; left--) {
			at = add_record(m, len, at, s, f);
			if (!at)
				return;
		}
		qsort(f->records[s], f->count[s], sizeof(f->records[s][0]), compare_bytes);
	}
	f->is_good = at == len;
}

/** Why two replies are not the same; NULL: they are. */
static const char *difference(const struct question *q)
{
	static const char *const sections[] = { NULL, "answer", "authority" };
	static struct form a, b;

	read_form(q->reply[0] + 2, be16(q->reply[0]), &a);
	read_form(q->reply[1] + 2, be16(q->reply[1]), &b);
	if (!a.is_good || !b.is_good)
		return "malformed";
	if (a.flags != b.flags)
		return "flags or code";
	if (memcmp(q->reply[0] + 2 + HEAD, q->wire + HEAD, q->len - HEAD - 11) != 0)
		return "the question's case";
	for (int s = 1; s <= 2; s++) {
		if (a.count[s] != b.count[s])
			return sections[s];
		for (unsigned i = 0; i < a.count[s]; i++)
			if (compare_bytes(&a.records[s][i], &b.records[s][i]) != 0)
				return sections[s];
	}
	return NULL;
}

/* --- asking ------------------------------------------------------------------------------- */

static int connect_to(const char *server)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (inet_pton(AF_INET, server, &at.sin_addr) != 1)
		errno = EINVAL;
	else if (fd >= 0 && !connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	die(server);
	return -1;
}

static void read_all(int fd, uint8_t *to, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (len) {
		ssize_t n = poll(&p, 1, WAIT_MS) == 1 ? recv(fd, to, len, 0) : 0;

		if (n <= 0) {
			fprintf(stderr, "no reply\n");
			exit(2);
		}
		to += n;
		len -= (size_t)n;
	}
}

static void read_reply(int fd, int which, struct question *all, size_t count)
{
	uint8_t head[4];
	struct question *q;
	size_t len;

	read_all(fd, head, 4); /* length, id */
	len = be16(head);
	q = be16(head + 2) < count ? &all[be16(head + 2)] : NULL;
	if (len < HEAD || !q || q->reply[which]) {
		fprintf(stderr, "a reply to no question\n");
		exit(2);
	}
	q->reply[which] = malloc(len + 2);
	if (!q->reply[which])
		die("malloc");
	memcpy(q->reply[which], head, 4);
	read_all(fd, q->reply[which] + 4, len - 2);
}

static void ask_all(const char *server, int which, struct question *all, size_t count)
{
	int fd = connect_to(server);

	for (size_t i = 0; i < count + WINDOW; i++) {
		if (i < count) {
			uint8_t out[2 + sizeof(all[i].wire)];

			put16(out, all[i].len);
			memcpy(out + 2, all[i].wire, all[i].len);
			put16(out + 2, i);
			if (send(fd, out, 2 + all[i].len, MSG_NOSIGNAL) < 0)
				die("send");
		}
		if (i >= WINDOW && i - WINDOW < count)
			read_reply(fd, which, all, count);
	}
	close(fd);
}

/* --- questions ---------------------------------------------------------------------------- */

static bool read_question(char *line, struct question *q)
{
	static const uint8_t opt[] = { 0, 0, TYPE_OPT, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };
	char *rest = line, *name = strsep(&rest, " \n"), *type = strsep(&rest, " \n");
	uint8_t *p = q->wire + HEAD;

	if (!name || !type || strlen(name) > 253)
		return false;
	memset(q, 0, sizeof(*q));
	snprintf(q->text, sizeof(q->text), "%s %s %s", name, type, rest ? rest : "");
	q->text[strcspn(q->text, "\n")] = '\0';
	put16(q->wire + 2, 0x0100 | (rest && strstr(rest, "cd") ? 0x10 : 0) |
				   (rest && strstr(rest, "ad") ? FLAG_AD : 0));
	put16(q->wire + 4, 1);
	put16(q->wire + 10, 1);
	while (*name && strcmp(name, ".") != 0) {
		size_t n = strcspn(name, ".");

		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
		name += n + (name[n] == '.');
	}
	p++;
	put16(p, (size_t)atoi(type));
	put16(p + 2, 1);
	p += 4;
	memcpy(p, opt, sizeof(opt));
	if (rest && strstr(rest, "do"))
		p[7] = 0x80;
	q->len = (size_t)(p - q->wire) + sizeof(opt);
	return true;
}

int main(int argc, char **argv)
{
	size_t count = 0, room = MESSAGE, differ = 0, authentic = 0;
	struct question *all = calloc(room, sizeof(*all));
	char line[512];

	if (argc != 3 || !all)
		return 2;
	while (count < room && fgets(line, sizeof(line), stdin))
		if (read_question(line, &all[count]))
			count++;
	ask_all(argv[1], 0, all, count);
	ask_all(argv[2], 1, all, count);
	for (size_t i = 0; i < count; i++) {
		const char *why = difference(&all[i]);

		if (why && differ++ < SHOWN)
			printf("%s: %s\n", all[i].text, why);
		authentic += (be16(all[i].reply[0] + 4) & FLAG_AD) != 0;
		free(all[i].reply[0]);
		free(all[i].reply[1]);
	}
	free(all);
	printf("%zu questions, %zu differ, %zu are authentic\n", count, differ, authentic);
	return differ != 0;
}
