/* Answers as text; see answer.h. */
#include "db/answer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/dname.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "lib/words.h"

#define RECORDS_MAX 64
#define TYPE_A	    1
#define TYPE_CNAME  5
#define TYPE_AAAA   28

struct text {
	char *buf;
	size_t len;
	unsigned left_out;
};

/* Room for " +65535" is always kept. */
static void add_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if (t->len + 1 + len + 8 > ANSWER_TEXT_MAX) {
		t->left_out++;
		return;
	}
	if (t->len)
		t->buf[t->len++] = ' ';
	memcpy(t->buf + t->len, word, len);
	t->len += len;
}

static int by_address(const void *a, const void *b)
{
	return addr_compare(a, b);
}

static char *octet_to_text(char *to, unsigned v)
{
	if (v >= 100)
		*to++ = (char)('0' + v / 100);
	if (v >= 10)
		*to++ = (char)('0' + v / 10 % 10);
	*to++ = (char)('0' + v % 10);
	return to;
}

/* inet_ntop goes through printf; nearly every answer is an IPv4 address. */
static const char *ip4_to_text(const uint8_t *bytes, char *buf)
{
	char *to = buf;

	for (unsigned i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		to = octet_to_text(to, bytes[i]);
	}
	*to = '\0';
	return buf;
}

static const char *address_to_text(const struct addr *a, char *buf)
{
	return a->family == AF_INET ? ip4_to_text(a->bytes, buf) : addr_to_text(a, buf);
}

static void add_addresses(struct text *t, struct addr *addrs, size_t count)
{
	char buf[ADDR_TEXT_MAX] = "";

	if (count > 1)
		qsort(addrs, count, sizeof(addrs[0]), by_address);
	for (size_t i = 0; i < count; i++)
		if (!i || !addr_equal(&addrs[i], &addrs[i - 1]))
			add_word(t, address_to_text(&addrs[i], buf));
}

static int by_number(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

static void add_types(struct text *t, uint16_t *types, size_t count)
{
	char buf[16];

	if (count > 1)
		qsort(types, count, sizeof(types[0]), by_number);
	for (size_t i = 0; i < count; i++) {
		const char *word = words_find("rrtype", types[i]);

		if (i && types[i] == types[i - 1])
			continue;
		if (!word) {
			snprintf(buf, sizeof(buf), "TYPE%u", types[i]);
			word = buf;
		}
		add_word(t, word);
	}
}

size_t answer_to_text(const uint8_t *rrs, size_t len, unsigned more, char *buf)
{
	struct text t = { .buf = buf, .left_out = more };
	struct addr addrs[RECORDS_MAX];
	uint16_t types[RECORDS_MAX];
	size_t addr_count = 0, type_count = 0;
	char name[DNAME_TEXT_MAX];
	struct msg_rr rr;

	for (const uint8_t *p = rrs; p < rrs + len; p += sizeof(rr) + rr.rdata_len) {
		const uint8_t *rdata = p + sizeof(rr);

		memcpy(&rr, p, sizeof(rr));
		if (rr.type == TYPE_CNAME)
			add_word(&t, dname_wire_to_text(rdata, rr.rdata_len, name));
		else if (addr_count == RECORDS_MAX || type_count == RECORDS_MAX)
			t.left_out++;
		else if (rr.type == TYPE_A)
			addrs[addr_count++] = addr_from_bytes(AF_INET, rdata);
		else if (rr.type == TYPE_AAAA)
			addrs[addr_count++] = addr_from_bytes(AF_INET6, rdata);
		else
			types[type_count++] = rr.type;
	}
	add_addresses(&t, addrs, addr_count);
	add_types(&t, types, type_count);
	if (t.left_out)
		t.len += (size_t)snprintf(buf + t.len, 8 + 1, " +%u", MIN(t.left_out, 65535u));
	return t.len;
}
