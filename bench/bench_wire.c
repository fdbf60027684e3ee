/*
 * Nanoseconds for each step that a question passes in the pure modules.
 *
 *   bench_wire [ROUNDS]      default 2000000
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/util.h"
#include "resolver/cache.h"
#include "resolver/wire.h"

#define CACHE_BYTES (64u << 20)
#define NAMES	    100000
#define NOTE_BYTES  40

struct bench {
	uint64_t rounds;
	struct wire_question question;
	struct wire_answer answer;
	size_t query_len, reply_len, prepared_len;
	uint8_t query[WIRE_QUERY_MAX];
	uint8_t reply[WIRE_UDP_MAX]; /* one CNAME, two addresses, OPT */
	uint8_t short_reply[WIRE_UDP_MAX]; /* one address, OPT */
	size_t short_len;
	uint8_t prepared[WIRE_PREPARED_MAX];
	uint8_t out[WIRE_UDP_MAX];
	struct cache *cache;
	struct dname *names;
	uint64_t sum; /* keeps results in use */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_wire: %s\n", what);
	exit(1);
}

static size_t put(uint8_t *to, size_t at, const void *bytes, size_t len)
{
	memcpy(to + at, bytes, len);
	return at + len;
}

#define HEAD	 "\0\1\x81\x80\0\1\0"
#define QUESTION "\3www\7example\3com\0\0\1\0\1"
#define A_RR	 "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\300\0\2\1"
#define CNAME_RR "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\6\3cdn\xc0\x10"
#define CDN_RR	 "\xc0\x2d\0\1\0\1\0\0\0\x3c\0\4\300\0\2\1"
#define OPT_RR	 "\0\0\x29\4\xd0\0\0\0\0\0\0"
#define PUT(to, at, text) put(to, at, text, sizeof(text) - 1)

static void make_messages(struct bench *b)
{
	struct wire_question q = { .qtype = TYPE_A, .qclass = CLASS_IN, .id = 7 };
	size_t at;

	if (dname_from_text("www.example.com", &q.qname) < 0)
		die("name");
	b->query_len = wire_write_query(&q, b->query);
	at = PUT(b->short_reply, 0, HEAD "\1\0\0\0\1");
	at = PUT(b->short_reply, at, QUESTION);
	at = PUT(b->short_reply, at, A_RR);
	b->short_len = PUT(b->short_reply, at, OPT_RR);
	at = PUT(b->reply, 0, HEAD "\3\0\0\0\1");
	at = PUT(b->reply, at, QUESTION);
	at = PUT(b->reply, at, CNAME_RR);
	at = PUT(b->reply, at, CDN_RR);
	at = PUT(b->reply, at, CDN_RR);
	b->reply_len = PUT(b->reply, at, OPT_RR);
	if (wire_parse_question(b->query, b->query_len, &b->question) != WIRE_OK ||
	    wire_parse_answer(b->reply, b->reply_len, &b->question, &b->answer) < 0 ||
	    b->answer.addr_count != 2 ||
	    wire_parse_answer(b->short_reply, b->short_len, &b->question, &b->answer) < 0)
		die("messages");
	b->prepared_len =
		wire_prepare(&b->question, b->short_reply, b->short_len, b->prepared);
}

static struct cache_key key_of(const struct bench *b, uint64_t i)
{
	return (struct cache_key){
		.qname = &b->names[i * 7919 % NAMES], .qtype = TYPE_A, .qclass = CLASS_IN,
	};
}

static void parse_question(struct bench *b, uint64_t i)
{
	(void)i;
	b->sum += wire_parse_question(b->query, b->query_len, &b->question);
}

static void parse_answer(struct bench *b, uint64_t i)
{
	(void)i;
	b->sum += (unsigned)wire_parse_answer(b->short_reply, b->short_len, &b->question,
					      &b->answer);
}

static void parse_chain(struct bench *b, uint64_t i)
{
	(void)i;
	b->sum += (unsigned)wire_parse_answer(b->reply, b->reply_len, &b->question,
					      &b->answer);
}

static void prepare(struct bench *b, uint64_t i)
{
	(void)i;
	b->sum += wire_prepare(&b->question, b->short_reply, b->short_len, b->prepared);
}

static void write_prepared(struct bench *b, uint64_t i)
{
	b->sum += wire_write_prepared(&b->question, b->prepared, b->prepared_len, i & 127,
				      86400, b->out, sizeof(b->out));
}

static void put_one(struct bench *b, uint64_t i)
{
	static const uint8_t note[NOTE_BYTES];
	struct cache_key key = key_of(b, i);

	b->sum += (unsigned)cache_put(b->cache, &key, b->prepared, b->prepared_len, 300,
				      note, sizeof(note), 1000);
}

static void find_one_of(struct bench *b, uint64_t i)
{
	struct cache_key key = key_of(b, i);
	struct cache_hit hit;

	if (!cache_find(b->cache, &key, 0, 2000, &hit))
		die("a name is missing");
	b->sum += hit.len;
}

static void find_same(struct bench *b, uint64_t i)
{
	(void)i;
	find_one_of(b, 0);
}

static void whole_hit(struct bench *b, uint64_t i)
{
	struct wire_question *q = &b->question;
	struct cache_key key;
	struct cache_hit hit;

	(void)i;
	wire_parse_question(b->query, b->query_len, q);
	key = (struct cache_key){ .qname = &q->qname,
				  .qtype = q->qtype,
				  .qclass = q->qclass };
	if (!cache_find(b->cache, &key, 0, 2000, &hit))
		die("the name is missing");
	b->sum += wire_write_prepared(q, hit.wire, hit.len, hit.age_s, 86400, b->out,
				      q->udp_size);
}

static void measure(struct bench *b, const char *what,
		    void (*step)(struct bench *, uint64_t))
{
	uint64_t start;

	for (uint64_t i = 0; i < b->rounds / 10; i++)
		step(b, i);
	start = now_ns();
	for (uint64_t i = 0; i < b->rounds; i++)
		step(b, i);
	printf("%-40s %8.1f ns\n", what, (double)(now_ns() - start) / (double)b->rounds);
}

static void make_names(struct bench *b)
{
	char text[64];

	b->names = calloc(NAMES, sizeof(*b->names));
	if (!b->names)
		die("memory");
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(text, sizeof(text), "host%u.example.com", i);
		if (dname_from_text(text, &b->names[i]) < 0)
			die("name");
	}
}

int main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct cache_stats stats;
	struct cache_key key;

	if (!b || cache_new(CACHE_BYTES, &b->cache) < 0)
		die("memory");
	b->rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
	make_names(b);
	make_messages(b);
	measure(b, "parse_question", parse_question);
	measure(b, "parse_answer, one address", parse_answer);
	measure(b, "parse_answer, CNAME and two addresses", parse_chain);
	measure(b, "prepare, one address", prepare);
	measure(b, "write_prepared, one address", write_prepared);
	measure(b, "cache_put, 100000 names", put_one);
	measure(b, "cache_find, 100000 names", find_one_of);
	measure(b, "cache_find, the same name", find_same);
	key = (struct cache_key){ .qname = &b->question.qname, .qtype = TYPE_A,
				  .qclass = CLASS_IN };
	if (cache_put(b->cache, &key, b->prepared, b->prepared_len, 300, NULL, 0, 1000) <
	    0)
		die("put");
	measure(b, "hit whole: parse, find, write", whole_hit);
	cache_get_stats(b->cache, &stats);
	printf("%-40s %8.1f bytes\n", "cache, one entry of one address",
	       (double)stats.bytes / (double)stats.entries);
	cache_free(b->cache);
	free(b->names);
	free(b);
	return 0;
}
