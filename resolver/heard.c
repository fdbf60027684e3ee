/* Names heard by mDNS; see heard.h. */
#include "resolver/heard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

struct entry {
	struct addr addr; /* family 0: free */
	struct mac mac;
	bool has_mac;
	char name[HOST_LABEL_MAX + 1];
	uint64_t since_ms, until_ms;
};

struct heard {
	struct heard_stats stats;
	struct entry entries[HEARD_MAX];
};

int heard_new(struct heard **out)
{
	struct heard *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	*out = h;
	return 0;
}

void heard_free(struct heard *h)
{
	free(h);
}

static bool is_mac(const struct mac *a, const struct mac *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool holds(const struct entry *e, uint64_t now_ms)
{
	return e->addr.family && e->until_ms > now_ms;
}

/* Who says so may lie of others: not of itself, as far as one can see. */
static bool is_believed(const struct heard_say *s)
{
	return addr_equal(s->from, s->addr) ||
	       (s->from_mac && s->mac && is_mac(s->from_mac, s->mac));
}

/* Whether an entry is of this client. An address is no client's while another has it. */
static bool is_of(const struct entry *e, const struct mac *mac, const struct addr *addr)
{
	if (e->has_mac && mac)
		return is_mac(&e->mac, mac);
	return addr && addr_equal(&e->addr, addr);
}

static struct entry *find(struct heard *h, const struct mac *mac, const struct addr *addr,
			  uint64_t now_ms)
{
	struct entry *by_addr = NULL;

	for (size_t i = 0; i < HEARD_MAX; i++) {
		struct entry *e = &h->entries[i];

		if (!holds(e, now_ms) || !is_of(e, mac, addr))
			continue;
		if (e->has_mac)
			return e;
		by_addr = e;
	}
	return by_addr;
}

/* A host that the kernel has met goes before addresses that anybody can invent. */
static struct entry *find_room(struct heard *h, bool has_mac, uint64_t now_ms)
{
	struct entry *unmet = NULL;

	for (size_t i = 0; i < HEARD_MAX; i++) {
		struct entry *e = &h->entries[i];

		if (!holds(e, now_ms))
			return e;
		if (!e->has_mac)
			unmet = e;
	}
	return has_mac ? unmet : NULL;
}

static void set_end(struct entry *e, uint32_t ttl_s, uint64_t now_ms)
{
	uint32_t left_s = MIN(e->has_mac ? MAX(ttl_s, HEARD_MIN_S) : ttl_s, HEARD_MAX_S);

	e->until_ms = MAX(e->until_ms, now_ms + left_s * 1000ull);
}

static void begin(struct heard *h, const struct heard_say *s, uint64_t now_ms)
{
	struct entry *e = find_room(h, s->mac, now_ms);

	if (!e) {
		h->stats.full++;
		return;
	}
	*e = (struct entry){ .addr = *s->addr, .since_ms = now_ms };
	memcpy(e->name, s->name, strlen(s->name) + 1);
	if (s->mac) {
		e->mac = *s->mac;
		e->has_mac = true;
	}
	set_end(e, s->ttl_s, now_ms);
}

void heard_put(struct heard *h, const struct heard_say *s, uint64_t now_ms)
{
	struct entry *e;

	h->stats.said++;
	if (!is_believed(s)) {
		h->stats.foreign++;
		return;
	}
	h->stats.believed++;
	e = find(h, s->mac, s->addr, now_ms);
	if (e && strcmp(e->name, s->name) != 0)
		return; /* one that is said by and by, or a second name */
	if (e && !s->ttl_s)
		e->until_ms = now_ms;
	else if (e)
		set_end(e, s->ttl_s, now_ms);
	else if (s->ttl_s)
		begin(h, s, now_ms);
}

/* Whether somebody else has had the name before. */
static bool is_anothers(const struct heard *h, const struct entry *of, uint64_t now_ms)
{
	for (size_t i = 0; i < HEARD_MAX; i++) {
		const struct entry *e = &h->entries[i];

		if (!holds(e, now_ms) || !e->has_mac || strcmp(e->name, of->name) != 0 ||
		    (of->has_mac && is_mac(&e->mac, &of->mac)))
			continue;
		if (e->since_ms < of->since_ms || (e->since_ms == of->since_ms && e < of))
			return true;
	}
	return false;
}

const char *heard_find(struct heard *h, const struct mac *mac, const struct addr *addr,
		       uint64_t now_ms, const struct addr **of)
{
	struct entry *e = find(h, mac, addr, now_ms);

	if (!e)
		return "";
	if (mac && !e->has_mac) {
		e->mac = *mac;
		e->has_mac = true;
		set_end(e, 0, now_ms);
	}
	if (is_anothers(h, e, now_ms))
		return "";
	if (of)
		*of = &e->addr;
	return e->name;
}

void heard_clear(struct heard *h)
{
	memset(h->entries, 0, sizeof(h->entries));
}

bool heard_at(const struct heard *h, size_t i, uint64_t now_ms, struct heard_row *out)
{
	const struct entry *e = &h->entries[i];

	if (!holds(e, now_ms))
		return false;
	*out = (struct heard_row){ e->addr, e->mac, e->has_mac, e->name, e->until_ms - now_ms };
	return true;
}

void heard_get_stats(const struct heard *h, struct heard_stats *out)
{
	*out = h->stats;
}
