/* See dns_message.h. */
#include "tests/support/dns_message.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

void dns_u8(struct dns_message *p, unsigned v)
{
	uint8_t byte = (uint8_t)v;

	dns_bytes(p, &byte, 1);
}

void dns_u16(struct dns_message *p, unsigned v)
{
	uint8_t bytes[2];

	store_be16(bytes, (uint16_t)v);
	dns_bytes(p, bytes, sizeof(bytes));
}

void dns_u32(struct dns_message *p, uint32_t v)
{
	uint8_t bytes[4];

	store_be32(bytes, v);
	dns_bytes(p, bytes, sizeof(bytes));
}

void dns_bytes(struct dns_message *p, const void *bytes, size_t len)
{
	if (len > sizeof(p->bytes) - p->len)
		abort(); /* a test that builds too much is wrong */
	if (len)
		memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

void dns_start(struct dns_message *p, uint16_t id, uint16_t flags, uint16_t qd,
	       uint16_t an, uint16_t ns, uint16_t ar)
{
	p->len = 0;
	dns_u16(p, id);
	dns_u16(p, flags);
	dns_u16(p, qd);
	dns_u16(p, an);
	dns_u16(p, ns);
	dns_u16(p, ar);
}

void dns_name(struct dns_message *p, const char *text)
{
	if (!strcmp(text, "."))
		text++;
	while (*text && *text != '@') {
		size_t n = strcspn(text, ".@");

		dns_u8(p, (unsigned)n);
		dns_bytes(p, text, n);
		text += n;
		if (*text == '.')
			text++;
	}
	if (*text == '@')
		dns_u16(p, 0xc000u | (unsigned)atoi(text + 1));
	else
		dns_u8(p, 0);
}

void dns_question(struct dns_message *p, const char *name, unsigned type)
{
	dns_name(p, name);
	dns_u16(p, type);
	dns_u16(p, 1);
}

void dns_rr(struct dns_message *p, const char *name, unsigned type, uint32_t ttl_s,
	       size_t rdata_len)
{
	dns_question(p, name, type);
	dns_u32(p, ttl_s);
	dns_u16(p, (unsigned)rdata_len);
}

void dns_a(struct dns_message *p, const char *name, uint32_t ttl_s, const char *addr)
{
	uint8_t bytes[4];

	if (inet_pton(AF_INET, addr, bytes) != 1)
		abort();
	dns_rr(p, name, 1, ttl_s, sizeof(bytes));
	dns_bytes(p, bytes, sizeof(bytes));
}

void dns_aaaa(struct dns_message *p, const char *name, uint32_t ttl_s, const char *addr)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET6, addr, bytes) != 1)
		abort();
	dns_rr(p, name, 28, ttl_s, sizeof(bytes));
	dns_bytes(p, bytes, sizeof(bytes));
}

void dns_cname(struct dns_message *p, const char *name, unsigned type, uint32_t ttl_s,
		  const char *target)
{
	size_t rdata_at;

	dns_rr(p, name, type, ttl_s, 0);
	rdata_at = p->len;
	dns_name(p, target);
	store_be16(p->bytes + rdata_at - 2, (uint16_t)(p->len - rdata_at));
}

void dns_soa(struct dns_message *p, const char *name, uint32_t ttl_s, uint32_t minimum)
{
	dns_rr(p, name, 6, ttl_s, 22);
	dns_name(p, ".");
	dns_name(p, ".");
	for (unsigned i = 0; i < 4; i++)
		dns_u32(p, 1000 + i);
	dns_u32(p, minimum);
}

void dns_opt(struct dns_message *p, unsigned size, unsigned ext_rcode, unsigned version,
		unsigned flags, const void *rdata, size_t rdata_len)
{
	dns_name(p, ".");
	dns_u16(p, 41);
	dns_u16(p, size);
	dns_u8(p, ext_rcode);
	dns_u8(p, version);
	dns_u16(p, flags);
	dns_u16(p, (unsigned)rdata_len);
	dns_bytes(p, rdata, rdata_len);
}
