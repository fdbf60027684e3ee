/* Token buckets; see rate_limit.h. */
#include "resolver/rate_limit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/util.h"

#define WAYS	 4
#define SETS	 (RATE_CLIENTS / WAYS) /* a power of two */
#define FROM_MAC 1		       /* family of a key that is a MAC address */
#define PREFIX6	 8		       /* bytes */
#define NS_S	 UINT64_C(1000000000)

enum bucket { ANY, PROVEN, BUCKETS };

/* A bucket is the moment at which it is full again: tokens that were taken are time ahead of
 * now. Nothing is to be refilled. */
struct slot {
	struct addr key; /* family 0: free */
	uint32_t over;	 /* questions over the limit */
	uint64_t full_ns[BUCKETS];
	uint64_t told_ns; /* when it was reported; 0: never */
};

struct rate_limit {
	struct hash_key hash;
	uint64_t told_ns; /* of any client */
	struct slot slots[SETS][WAYS];
};

struct addr rate_limit_key(const struct addr *client, const struct mac *mac)
{
	struct addr key = *client;

	if (mac) {
		key = (struct addr){ .family = FROM_MAC };
		memcpy(key.bytes, mac->bytes, sizeof(mac->bytes));
	} else if (key.family == AF_INET6) {
		memset(key.bytes + PREFIX6, 0, sizeof(key.bytes) - PREFIX6);
	}
	return key;
}

int rate_limit_new(struct rate_limit **out)
{
	struct rate_limit *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	hash_key_init(&r->hash);
	*out = r;
	return 0;
}

void rate_limit_free(struct rate_limit *r)
{
	free(r);
}

/* The client's slot, or the one that loses least by being another's: of who floods from
 * invented addresses each is forgotten before one that is over its limit. */
static struct slot *find_slot(struct rate_limit *r, const struct addr *key)
{
	struct slot *set = r->slots[hash_bytes(&r->hash, key, sizeof(*key)) & (SETS - 1)];
	struct slot *least = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (addr_equal(&set[i].key, key))
			return &set[i];
		if (set[i].full_ns[ANY] < least->full_ns[ANY])
			least = &set[i];
	}
	*least = (struct slot){ .key = *key };
	return least;
}

/* One token, if there is one. */
static bool take(uint64_t *full_ns, uint64_t now_ns, uint64_t per_s, uint64_t burst)
{
	uint64_t token_ns = NS_S / per_s;
	uint64_t full = MAX(*full_ns, now_ns);

	if (full - now_ns > (burst - 1) * token_ns)
		return false;
	*full_ns = full + token_ns;
	return true;
}

static bool is_report_due(struct rate_limit *r, struct slot *s, uint64_t now_ns)
{
	if ((s->told_ns && now_ns - s->told_ns < RATE_TELL_S * NS_S) ||
	    (r->told_ns && now_ns - r->told_ns < NS_S))
		return false;
	s->told_ns = r->told_ns = now_ns;
	return true;
}

enum rate_verdict rate_limit_take(struct rate_limit *r, const struct addr *key, uint32_t per_s,
				  uint32_t burst, bool proven, uint64_t now_us, bool *tell)
{
	struct slot *s = find_slot(r, key);
	uint64_t now_ns = now_us * 1000;
	bool any = take(&s->full_ns[ANY], now_ns, per_s, burst);

	if (proven)
		any = take(&s->full_ns[PROVEN], now_ns, UINT64_C(1) * per_s * RATE_PROVEN_MORE,
			   UINT64_C(1) * burst * RATE_PROVEN_MORE);
	if (any)
		return RATE_PASS;
	if (is_report_due(r, s, now_ns))
		*tell = true;
	if (proven)
		return RATE_DROP;
	return s->over++ % RATE_SLIP_EVERY ? RATE_DROP : RATE_SLIP;
}
