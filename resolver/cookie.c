/* DNS cookies; see cookie.h. */
#include "resolver/cookie.h"

#include <string.h>

#include "lib/util.h"

#define VERSION_1 1
#define AT_TIME	  4 /* in the server's part: version, three reserved octets, time, hash */
#define AT_HASH	  8

/* The hash covers what stands before it as it stands, reserved octets too. */
static void put_hash(const struct hash_key *secret, const uint8_t client[COOKIE_CLIENT],
		     const struct addr *from, uint8_t server[COOKIE_SERVER])
{
	uint8_t text[COOKIE_CLIENT + AT_HASH + sizeof(from->bytes)];
	uint64_t hash;

	memcpy(text, client, COOKIE_CLIENT);
	memcpy(text + COOKIE_CLIENT, server, AT_HASH);
	memcpy(text + COOKIE_CLIENT + AT_HASH, from->bytes, sizeof(from->bytes));
	hash = hash_bytes_2_4(secret, text, COOKIE_CLIENT + AT_HASH + addr_len(from));
	for (unsigned i = 0; i < 8; i++)
		server[AT_HASH + i] = (uint8_t)(hash >> 8 * i);
}

void cookie_write(const struct hash_key *secret, const uint8_t client[COOKIE_CLIENT],
		  const struct addr *from, uint32_t now_s, uint8_t out[COOKIE_SERVER])
{
	memset(out, 0, AT_TIME);
	out[0] = VERSION_1;
	store_be32(out + AT_TIME, now_s);
	put_hash(secret, client, from, out);
}

struct hash_key cookie_secret(const struct hash_key *root, uint32_t at_s)
{
	uint32_t text[2] = { at_s / COOKIE_SECRET_S, 0 };
	struct hash_key secret = { { 0 } };

	for (; text[1] < ARRAY_SIZE(secret.k); text[1]++)
		secret.k[text[1]] = hash_bytes_2_4(root, text, sizeof(text));
	return secret;
}

/* In constant time: how much of a forged hash is right is nobody's business. */
static bool is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

enum cookie_state cookie_answer(const struct hash_key *root, const uint8_t *cookie, size_t len,
				const struct addr *from, uint32_t now_s,
				uint8_t out[COOKIE_BYTES])
{
	const uint8_t *theirs = cookie + COOKIE_CLIENT;
	uint8_t *ours = out + COOKIE_CLIENT;
	enum cookie_state state = COOKIE_NEW;
	struct hash_key secret = { { 0 } };
	int32_t age_s = INT32_MAX;

	memcpy(out, cookie, COOKIE_CLIENT);
	if (len == COOKIE_BYTES && theirs[0] == VERSION_1) /* serial numbers: RFC 1982 */
		age_s = (int32_t)(now_s - load_be32(theirs + AT_TIME));
	if (age_s <= COOKIE_VALID_S && age_s >= -COOKIE_AHEAD_S) {
		secret = cookie_secret(root, load_be32(theirs + AT_TIME));
		memcpy(ours, theirs, AT_HASH);
		put_hash(&secret, cookie, from, ours);
		if (is_equal(ours, theirs, COOKIE_SERVER))
			state = COOKIE_GOOD;
	}
	if (state == COOKIE_GOOD && age_s < COOKIE_RENEW_S)
		return state;
	secret = cookie_secret(root, now_s);
	cookie_write(&secret, cookie, from, now_s, ours);
	return state;
}
