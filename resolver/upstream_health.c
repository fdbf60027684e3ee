/* Speed and health of a server; see upstream_health.h. */
#include "resolver/upstream_health.h"

#include <inttypes.h>

#include "lib/util.h"

#define MISSES_MAX	3
#define ERROR_RUN_MAX	16
#define CLOSED_MIN_MS	100
#define CLOSED_MAX_MS	400
#define PROBE_MIN_MS	1000
#define PROBE_MAX_MS	60000
#define WAIT_MIN_MS	250
#define WAIT_MAX_MS	1500
#define WAIT_UNKNOWN_MS 500
#define SRTT_MAX_US	5000000

void health_sent(struct upstream_health *h, uint64_t now_ms)
{
	h->sent++;
	if (!h->is_refusing)
		return;
	h->is_probed = true;
	h->closed_until_ms = now_ms + h->closed_for_ms;
}

/** Move a mean an eighth of the way to a new value; it stays above 0. */
static uint32_t smooth(uint32_t mean, uint32_t value)
{
	return mean ? MAX(mean - mean / 8 + value / 8, 1u) : value;
}

void health_replied(struct upstream_health *h, uint32_t rtt_us, bool is_error)
{
	rtt_us = MAX(1u, MIN(rtt_us, (uint32_t)SRTT_MAX_US));
	h->answered++;
	h->srtt_us = smooth(h->srtt_us, rtt_us);
	h->cost_us = smooth(h->cost_us, rtt_us);
	h->misses = 0;
	h->is_refusing = false;
	h->closed_for_ms = 0;
	if (is_error) {
		h->errors++;
		h->error_run++;
		return;
	}
	h->error_run = 0;
	h->probe_after_ms = PROBE_MAX_MS;
}

/** Just down: the first probe comes soon, the next ones ever later. */
static void probe_soon(struct upstream_health *h, uint64_t now_ms)
{
	h->probe_after_ms = PROBE_MIN_MS;
	h->probe_at_ms = now_ms + PROBE_MIN_MS;
}

void health_missed(struct upstream_health *h, uint64_t now_ms)
{
	h->timed_out++;
	if (++h->misses == MISSES_MAX)
		probe_soon(h, now_ms);
	if (h->cost_us) /* an unsteady server is as good as a slow one */
		h->cost_us = MIN(h->cost_us + h->cost_us / 2 + 1000,
				 (uint32_t)SRTT_MAX_US);
}

bool health_refused(struct upstream_health *h, uint64_t now_ms)
{
	h->refused++;
	if (h->is_refusing && !h->is_probed && now_ms < h->closed_until_ms)
		return false;
	if (!h->is_refusing)
		probe_soon(h, now_ms);
	h->is_refusing = true;
	h->is_probed = false;
	h->closed_for_ms = MAX(CLOSED_MIN_MS, MIN(h->closed_for_ms * 2, CLOSED_MAX_MS));
	h->closed_until_ms = now_ms + h->closed_for_ms;
	return true;
}

void health_forgive(struct upstream_health *h)
{
	h->is_refusing = h->is_probed = false;
	h->closed_for_ms = 0;
	h->misses = h->error_run = 0;
	h->cost_us = h->srtt_us;
	h->probe_at_ms = 0;
	h->probe_after_ms = 0;
}

bool health_is_up(const struct upstream_health *h)
{
	return !h->is_refusing && h->misses < MISSES_MAX && h->error_run < ERROR_RUN_MAX;
}

bool health_is_open(const struct upstream_health *h, uint64_t now_ms)
{
	return !h->is_refusing || now_ms >= h->closed_until_ms;
}

uint32_t health_wait_ms(const struct upstream_health *h, unsigned n, uint32_t timeout_ms)
{
	uint32_t max = MIN((uint32_t)WAIT_MAX_MS, timeout_ms / 3);
	uint32_t wait = h->srtt_us ? h->srtt_us / 250 : WAIT_UNKNOWN_MS;

	wait = MAX(wait, (uint32_t)WAIT_MIN_MS);
	while (n-- && wait < max)
		wait += wait / 2;
	return MIN(wait, max);
}

bool health_take_probe(struct upstream_health *h, uint64_t now_ms)
{
	if (now_ms < h->probe_at_ms)
		return false;
	h->probe_at_ms = now_ms + MAX(h->probe_after_ms, (uint32_t)PROBE_MIN_MS);
	h->probe_after_ms = MIN(h->probe_after_ms * 2, (uint32_t)PROBE_MAX_MS);
	return true;
}

static size_t choose_random(size_t count, uint64_t mask, uint32_t random)
{
	unsigned skip = random % (unsigned)__builtin_popcountll(mask);

	for (size_t i = 0; i < count; i++)
		if ((mask >> i & 1) && skip-- == 0)
			return i;
	return count;
}

/** What is not known is not tried on a question that somebody waits for. */
static uint32_t cost_of(const struct upstream_health *h)
{
	return h->srtt_us ? h->cost_us : UINT32_MAX;
}

size_t health_choose(struct upstream_health *const *h, size_t count,
		     enum conf_order order, uint64_t mask, uint32_t random)
{
	size_t best = count;

	if (!mask)
		return count;
	if (order == ORDER_SPREAD)
		return choose_random(count, mask, random);
	for (size_t i = 0; i < count; i++) {
		if (!(mask >> i & 1))
			continue;
		if (best == count ||
		    (order == ORDER_FASTEST && cost_of(h[i]) < cost_of(h[best])))
			best = i;
	}
	return best;
}

static const char *state_name(const struct upstream_health *h)
{
	if (h->is_refusing)
		return "refused";
	return health_is_up(h) ? "up" : "down";
}

void health_status(const struct upstream_health *h, const char *who, FILE *to)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "rtt_us", h->srtt_us },
		{ "sent", h->sent },
		{ "answered", h->answered },
		{ "timed_out", h->timed_out },
		{ "refused", h->refused },
		{ "errors", h->errors },
		{ "loops", h->loops },
	};

	fprintf(to, "upstream\t%s state\t%s\n", who, state_name(h));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		fprintf(to, "upstream\t%s %s\t%" PRIu64 "\n", who, rows[i].key,
			rows[i].value);
}
