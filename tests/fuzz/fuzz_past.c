/* Any bytes as a line of AdGuard Home's query log, as the DNS message in one, and as texts of
 * Pi-hole's queries: what is taken is a lookup that messages between processes could carry. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/past_adguard.h"
#include "cli/past_answer.h"
#include "cli/past_pihole.h"
#include "db/past.h"
#include "db/pihole_queries.h"
#include "lib/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct past_lookup *l)
{
	const uint8_t *p = l->answer;
	struct msg_rr rr;

	if (!l->verdict || l->verdict >= VERDICT_COUNT || l->ts_us <= 0 || !l->client.family ||
	    dname_wire_len(l->name.wire, l->name.len) != l->name.len)
		abort();
	for (; p < l->answer + l->answer_len; p += sizeof(rr) + rr.rdata_len) {
		memcpy(&rr, p, sizeof(rr));
		if (rr.type == 5 && dname_wire_len(p + sizeof(rr), rr.rdata_len) != rr.rdata_len)
			abort();
	}
	if (p != l->answer + l->answer_len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct past_lookup *l = calloc(1, sizeof(*l));
	struct pihole_query q = { .time_s = 1, .client = "::1" };
	char *text = malloc(size + 1);
	const char *why;

	if (!l || !text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (past_adguard_line(text, size, l, &why) == 0)
		check(l);
	past_reset(l);
	past_answer_take(data, size, l);
	if (size > 3) {
		q.type = data[0];
		q.status = data[1];
		q.reply = data[2];
		q.domain = q.forward = q.info = q.client_name = text + 3;
		if (past_pihole_query(&q, l, &why) == 0)
			check(l);
	}
	free(text);
	free(l);
	return 0;
}
