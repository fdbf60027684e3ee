/* SipHash-1-3 and SipHash-2-4 (Aumasson, Bernstein 2012) and random bytes; see hash.h. */
#include "lib/hash.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define POOL_BYTES 4096

static inline uint64_t rotl(uint64_t x, unsigned b)
{
	return (x << b) | (x >> (64 - b));
}

static inline uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

/* Inlined with constant rounds. */
static inline uint64_t sip(const struct hash_key *key, const void *data, size_t len,
			   unsigned rounds, unsigned last_rounds)
{
	const uint8_t *p = data;
	const uint8_t *end = p + (len & ~(size_t)7);
	uint64_t v[4] = {
		0x736f6d6570736575ull ^ key->k[0],
		0x646f72616e646f6dull ^ key->k[1],
		0x6c7967656e657261ull ^ key->k[0],
		0x7465646279746573ull ^ key->k[1],
	};
	uint64_t last = (uint64_t)len << 56;

	for (; p < end; p += 8) {
		uint64_t m = load_le64(p);

		v[3] ^= m;
		for (unsigned i = 0; i < rounds; i++)
			sip_round(v);
		v[0] ^= m;
	}
	for (unsigned i = 0; i < (len & 7); i++)
		last |= (uint64_t)p[i] << (8 * i);
	v[3] ^= last;
	for (unsigned i = 0; i < rounds; i++)
		sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (unsigned i = 0; i < last_rounds; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 1, 3);
}

uint64_t hash_bytes_2_4(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 2, 4);
}

static void fill(uint8_t *buf, size_t len)
{
	while (len) {
		ssize_t n = getrandom(buf, len, 0);

		if (n <= 0)
			abort(); /* without randomness every id could be guessed */
		buf += n;
		len -= (size_t)n;
	}
}

void random_bytes(void *buf, size_t len)
{
	static uint8_t pool[POOL_BYTES];
	static size_t used = POOL_BYTES;

	if (len > POOL_BYTES) {
		fill(buf, len);
		return;
	}
	if (used + len > POOL_BYTES) {
		fill(pool, POOL_BYTES);
		used = 0;
	}
	memcpy(buf, pool + used, len);
	memset(pool + used, 0, len); /* a given byte is not kept */
	used += len;
}

uint32_t random_u32(void)
{
	uint32_t v;

	random_bytes(&v, sizeof(v));
	return v;
}

void hash_key_init(struct hash_key *key)
{
	fill((uint8_t *)key, sizeof(*key));
}
