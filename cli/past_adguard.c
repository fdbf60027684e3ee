/* AdGuard Home's query log; see past_adguard.h. */
#include "cli/past_adguard.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/json_scan.h"
#include "cli/past_answer.h"
#include "db/past.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "lib/words.h"

#define KEY_MAX	      32
#define PACKET_MAX    65535
#define BASE64_MAX    (PACKET_MAX / 3 * 4 + 8)
#define SECOND_US     1000000ll
#define RCODE_SERVFAIL 2

/* Its reasons, by their numbers in the log. */
enum reason {
	REASON_NONE = 0, REASON_ALLOWED = 1, REASON_ERROR = 2, REASON_LIST = 3,
	REASON_SAFE_BROWSING = 4, REASON_PARENTAL = 5, REASON_INVALID = 6,
	REASON_SAFE_SEARCH = 7, REASON_SERVICE = 8, REASON_REWRITE = 9,
	REASON_HOSTS = 10, REASON_REWRITE_RULE = 11,
};

struct entry {
	struct json_scan json;
	struct past_lookup *to;
	const char *why;
	bool has_time, has_client, is_cached;
	int64_t elapsed_ns, reason, list_id;
	char upstream[PAST_TEXT_MAX + 1];
	char service[PAST_TEXT_MAX + 1];
	char base64[BASE64_MAX];
	uint8_t packet[PACKET_MAX];
	size_t packet_len;
};

static bool refuse(struct entry *e, const char *why)
{
	if (!e->why)
		e->why = why;
	return false;
}

/* --- values --------------------------------------------------------------------------- */

/* "2026-11-23T08:00:31.123456789+01:00" (RFC 3339) in microseconds. */
static bool parse_time(const char *text, int64_t *out_us)
{
	struct tm tm = { 0 };
	const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t us = 0, unit = SECOND_US / 10, offset_s = 0;
	int hours, minutes, len = 0;
	char sign;

	if (!p)
		return false;
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			us += (*p - '0') * unit;
	}
	if (sscanf(p, "%c%2d:%2d%n", &sign, &hours, &minutes, &len) == 3 && len == 6 &&
	    !p[len] && (sign == '+' || sign == '-') && hours >= 0 && minutes >= 0)
		offset_s = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	else if (strcmp(p, "Z") != 0)
		return false;
	*out_us = ((int64_t)timegm(&tm) - offset_s) * SECOND_US + us;
	return true;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	return -1;
}

/* RFC 4648 §4. @return bytes, or 0 */
static size_t decode_base64(const char *from, uint8_t *to, size_t size)
{
	uint32_t bits = 0;
	unsigned count = 0;
	size_t len = 0;

	for (; *from && *from != '='; from++) {
		int value = base64_value(*from);

		if (value < 0)
			return 0;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (len == size)
			return 0;
		to[len++] = (uint8_t)(bits >> count);
	}
	return len;
}

/* A number of words.h, or "TYPE65" and the like. */
static bool parse_word(const char *table, const char *prefix, const char *text, uint16_t *out)
{
	size_t len = strlen(prefix);
	char *end;
	unsigned long number;

	for (const struct word_list *l = words_all(); l->table; l++) {
		for (size_t i = 0; strcmp(l->table, table) == 0 && i < l->count; i++) {
			if (strcmp(l->words[i].word, text) == 0) {
				*out = (uint16_t)l->words[i].id;
				return true;
			}
		}
	}
	if (strncmp(text, prefix, len) != 0)
		return false;
	number = strtoul(text + len, &end, 10);
	if (end == text + len || *end || number > UINT16_MAX)
		return false;
	*out = (uint16_t)number;
	return true;
}

/* --- members of the object ------------------------------------------------------------ */

static bool read_text(struct entry *e, char *to, size_t size)
{
	return json_read_string(&e->json, to, size, NULL);
}

static bool read_time(struct entry *e)
{
	char text[64];

	if (!read_text(e, text, sizeof(text)))
		return false;
	e->has_time = parse_time(text, &e->to->ts_us);
	return e->has_time ? true : refuse(e, "its time is not understood");
}

static bool read_name(struct entry *e)
{
	char text[DNAME_TEXT_MAX];
	size_t len;

	if (!json_read_string(&e->json, text, sizeof(text), &len))
		return false;
	if (len >= sizeof(text) || dname_from_text(*text ? text : ".", &e->to->name))
		return refuse(e, "its name is not a domain name");
	return true;
}

static bool read_type(struct entry *e)
{
	char text[32];

	if (!read_text(e, text, sizeof(text)))
		return false;
	if (!parse_word("rrtype", "TYPE", text, &e->to->qtype))
		return refuse(e, "its type is not known");
	return true;
}

static bool read_class(struct entry *e)
{
	static const struct { const char *word; uint16_t number; } classes[] = {
		{ "IN", 1 }, { "CS", 2 }, { "CH", 3 }, { "HS", 4 }, { "NONE", 254 }, { "ANY", 255 },
	};
	char text[32];

	if (!read_text(e, text, sizeof(text)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		if (strcmp(classes[i].word, text) == 0) {
			e->to->qclass = classes[i].number;
			return true;
		}
	}
	if (!parse_word("", "CLASS", text, &e->to->qclass))
		return refuse(e, "its class is not known");
	return true;
}

static bool read_client(struct entry *e)
{
	char text[64];

	if (!read_text(e, text, sizeof(text)))
		return false;
	text[strcspn(text, "%")] = '\0'; /* a scope says nothing here */
	e->has_client = addr_from_text(text, &e->to->client) == 0;
	return e->has_client ? true : refuse(e, "its client is not an address");
}

static bool read_answer(struct entry *e)
{
	size_t len;

	if (!json_read_string(&e->json, e->base64, sizeof(e->base64), &len))
		return false;
	e->packet_len = 0;
	if (len < sizeof(e->base64))
		e->packet_len = decode_base64(e->base64, e->packet, sizeof(e->packet));
	return e->packet_len || !len ? true : refuse(e, "its answer is not base64");
}

static bool read_rule(struct entry *e)
{
	char key[KEY_MAX];
	bool fine = json_enter_object(&e->json);

	while (fine && json_next_key(&e->json, key, sizeof(key))) {
		if (strcmp(key, "Text") == 0)
			fine = read_text(e, e->to->pattern, sizeof(e->to->pattern));
		else if (strcmp(key, "FilterListID") == 0)
			fine = json_read_integer(&e->json, &e->list_id);
		else
			fine = json_skip(&e->json);
	}
	return fine && !e->json.is_bad;
}

/* The first rule counts. */
static bool read_rules(struct entry *e)
{
	bool fine = json_enter_array(&e->json);

	if (!fine)
		return json_skip(&e->json); /* null */
	for (size_t i = 0; fine && json_next_value(&e->json); i++)
		fine = i ? json_skip(&e->json) : read_rule(e);
	return fine && !e->json.is_bad;
}

static bool read_result(struct entry *e)
{
	char key[KEY_MAX];
	bool fine = json_enter_object(&e->json);

	if (!fine)
		return json_skip(&e->json);
	while (fine && json_next_key(&e->json, key, sizeof(key))) {
		if (strcmp(key, "Reason") == 0)
			fine = json_read_integer(&e->json, &e->reason);
		else if (strcmp(key, "Rules") == 0)
			fine = read_rules(e);
		else if (strcmp(key, "Rule") == 0) /* before 0.105 */
			fine = read_text(e, e->to->pattern, sizeof(e->to->pattern));
		else if (strcmp(key, "FilterID") == 0)
			fine = json_read_integer(&e->json, &e->list_id);
		else if (strcmp(key, "ServiceName") == 0)
			fine = read_text(e, e->service, sizeof(e->service));
		else
			fine = json_skip(&e->json);
	}
	return fine && !e->json.is_bad;
}

static bool read_device(struct entry *e)
{
	return read_text(e, e->to->device, sizeof(e->to->device));
}

static bool read_upstream(struct entry *e)
{
	return read_text(e, e->upstream, sizeof(e->upstream));
}

static bool read_elapsed(struct entry *e)
{
	return json_read_integer(&e->json, &e->elapsed_ns);
}

static bool read_cached(struct entry *e)
{
	return json_read_bool(&e->json, &e->is_cached);
}

static bool read_member(struct entry *e, const char *key)
{
	static const struct {
		const char *key;
		bool (*read)(struct entry *e);
	} members[] = {
		{ "T", read_time },	      { "QH", read_name },	{ "QT", read_type },
		{ "QC", read_class },	      { "IP", read_client },	{ "CID", read_device },
		{ "Answer", read_answer },    { "Result", read_result },
		{ "Upstream", read_upstream }, { "Elapsed", read_elapsed },
		{ "Cached", read_cached },
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(members[i].key, key) == 0)
			return members[i].read(e);
	return json_skip(&e->json);
}

/* --- what it means -------------------------------------------------------------------- */

static void set_upstream(struct entry *e)
{
	struct addr_port server;
	const char *text = strstr(e->upstream, "://");

	/* one that is a URL with a name has no address here */
	if (addr_port_from_text(text ? text + 3 : e->upstream, 53, &server) == 0)
		e->to->upstream = server.addr;
}

static bool block(struct entry *e, const char *list)
{
	e->to->verdict = VERDICT_BLOCKED;
	snprintf(e->to->list, sizeof(e->to->list), "%s", list);
	e->to->upstream = (struct addr){ 0 };
	e->to->rtt_us = 0;
	e->to->answer_len = e->to->answer_more = 0; /* 0.0.0.0 is nobody's address */
	return true;
}

static bool set_verdict(struct entry *e)
{
	char list[32];

	switch (e->reason) {
	case REASON_NONE:
	case REASON_ALLOWED:
	case REASON_ERROR:
		e->to->pattern[0] = '\0'; /* of what allowed it */
		e->to->verdict = e->is_cached ? VERDICT_CACHED : VERDICT_FORWARDED;
		if (!*e->upstream && !e->is_cached && e->to->rcode == RCODE_SERVFAIL)
			e->to->verdict = VERDICT_FAILED;
		return true;
	case REASON_LIST:
		snprintf(list, sizeof(list), "adguard-%lld", (long long)e->list_id);
		return block(e, list);
	case REASON_SAFE_BROWSING:
		return block(e, "safe-browsing");
	case REASON_PARENTAL:
		return block(e, "parental");
	case REASON_INVALID:
		return block(e, "invalid");
	case REASON_SERVICE:
		return block(e, *e->service ? e->service : "services");
	case REASON_SAFE_SEARCH:
	case REASON_REWRITE:
	case REASON_HOSTS:
	case REASON_REWRITE_RULE:
		e->to->verdict = VERDICT_LOCAL;
		e->to->pattern[0] = '\0';
		return true;
	default:
		return refuse(e, "its reason is not known");
	}
}

static bool finish(struct entry *e)
{
	struct past_lookup *to = e->to;

	if (!e->has_time || to->ts_us <= 0)
		return refuse(e, "it has no time");
	if (!to->name.len || !to->qtype)
		return refuse(e, "it has no name or no type");
	if (!e->has_client)
		return refuse(e, "it has no client");
	if (e->packet_len && past_answer_take(e->packet, e->packet_len, to))
		return refuse(e, "its answer is not a DNS message");
	if (!e->is_cached)
		set_upstream(e);
	if (e->elapsed_ns > 0 && !e->is_cached && *e->upstream)
		to->rtt_us = (uint32_t)MIN(e->elapsed_ns / 1000, (int64_t)UINT32_MAX);
	return set_verdict(e);
}

int past_adguard_line(const char *line, size_t len, struct past_lookup *to,
		      const char **why)
{
	struct entry *e = malloc(sizeof(*e));
	char key[KEY_MAX];
	bool fine;

	if (!e)
		return -ENOMEM;
	memset(e, 0, offsetof(struct entry, base64));
	e->packet_len = 0;
	e->json = (struct json_scan){ .at = line, .end = line + len };
	e->to = to;
	past_reset(to);
	fine = json_enter_object(&e->json);
	while (fine && json_next_key(&e->json, key, sizeof(key)))
		fine = read_member(e, key);
	fine = fine && !e->json.is_bad && json_at_end(&e->json);
	if (!fine)
		refuse(e, "it is not a whole JSON object, or a value is not of its kind");
	else
		fine = finish(e);
	*why = e->why;
	free(e);
	return fine ? 0 : -EINVAL;
}
