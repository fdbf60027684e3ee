/* See packet.h. */
#include "tests/support/packet.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

void packet_u8(struct packet *p, unsigned v)
{
	uint8_t byte = (uint8_t)v;

	packet_bytes(p, &byte, 1);
}

void packet_u16(struct packet *p, unsigned v)
{
	uint8_t bytes[2];

	store_be16(bytes, (uint16_t)v);
	packet_bytes(p, bytes, sizeof(bytes));
}

void packet_u32(struct packet *p, uint32_t v)
{
	uint8_t bytes[4];

	store_be32(bytes, v);
	packet_bytes(p, bytes, sizeof(bytes));
}

void packet_bytes(struct packet *p, const void *bytes, size_t len)
{
	if (len > sizeof(p->bytes) - p->len)
		abort(); /* a test that builds too much is wrong */
	if (len)
		memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

void packet_start(struct packet *p, uint16_t id, uint16_t flags, uint16_t qd, uint16_t an,
		  uint16_t ns, uint16_t ar)
{
	p->len = 0;
	packet_u16(p, id);
	packet_u16(p, flags);
	packet_u16(p, qd);
	packet_u16(p, an);
	packet_u16(p, ns);
	packet_u16(p, ar);
}

void packet_name(struct packet *p, const char *text)
{
	if (!strcmp(text, "."))
		text++;
	while (*text && *text != '@') {
		size_t n = strcspn(text, ".@");

		packet_u8(p, (unsigned)n);
		packet_bytes(p, text, n);
		text += n;
		if (*text == '.')
			text++;
	}
	if (*text == '@')
		packet_u16(p, 0xc000u | (unsigned)atoi(text + 1));
	else
		packet_u8(p, 0);
}

void packet_question(struct packet *p, const char *name, unsigned type)
{
	packet_name(p, name);
	packet_u16(p, type);
	packet_u16(p, 1);
}

void packet_rr(struct packet *p, const char *name, unsigned type, uint32_t ttl_s,
	       size_t rdata_len)
{
	packet_question(p, name, type);
	packet_u32(p, ttl_s);
	packet_u16(p, (unsigned)rdata_len);
}

void packet_a(struct packet *p, const char *name, uint32_t ttl_s, const char *addr)
{
	uint8_t bytes[4];

	if (inet_pton(AF_INET, addr, bytes) != 1)
		abort();
	packet_rr(p, name, 1, ttl_s, sizeof(bytes));
	packet_bytes(p, bytes, sizeof(bytes));
}

void packet_aaaa(struct packet *p, const char *name, uint32_t ttl_s, const char *addr)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET6, addr, bytes) != 1)
		abort();
	packet_rr(p, name, 28, ttl_s, sizeof(bytes));
	packet_bytes(p, bytes, sizeof(bytes));
}

void packet_cname(struct packet *p, const char *name, unsigned type, uint32_t ttl_s,
		  const char *target)
{
	size_t rdata_at;

	packet_rr(p, name, type, ttl_s, 0);
	rdata_at = p->len;
	packet_name(p, target);
	store_be16(p->bytes + rdata_at - 2, (uint16_t)(p->len - rdata_at));
}

void packet_soa(struct packet *p, const char *name, uint32_t ttl_s, uint32_t minimum)
{
	packet_rr(p, name, 6, ttl_s, 22);
	packet_name(p, ".");
	packet_name(p, ".");
	for (unsigned i = 0; i < 4; i++)
		packet_u32(p, 1000 + i);
	packet_u32(p, minimum);
}

void packet_opt(struct packet *p, unsigned size, unsigned ext_rcode, unsigned version,
		unsigned flags, const void *rdata, size_t rdata_len)
{
	packet_name(p, ".");
	packet_u16(p, 41);
	packet_u16(p, size);
	packet_u8(p, ext_rcode);
	packet_u8(p, version);
	packet_u16(p, flags);
	packet_u16(p, (unsigned)rdata_len);
	packet_bytes(p, rdata, rdata_len);
}
