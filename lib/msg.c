/* The catalogue's checks and the building of messages; see msg.h. */
#include "lib/msg.h"

#include <errno.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/dname.h"
#include "lib/host_label.h"
#include "lib/util.h"

const char *msg_role_name(enum msg_role role)
{
	static const char *const names[ROLE_COUNT] = {
		"supervisor", "resolver", "nftsync", "dbwriter", "flows", "compiler",
		"local", "mdns",
	};

	return role < ROLE_COUNT ? names[role] : "?";
}

/* --- checks: one a type; the record's size is at least `least` and inside the message --- */

static bool check_peer(const void *record, size_t size)
{
	const struct msg_peer *r = record;

	(void)size;
	return r->role < ROLE_COUNT;
}

static bool check_listen(const void *record, size_t size)
{
	const struct msg_listen *r = record;

	(void)size;
	return r->stream <= 1 && addr_len(&r->at.addr);
}

static bool check_child(const void *record, size_t size)
{
	const struct msg_child *r = record;

	(void)size;
	return r->role < ROLE_COUNT;
}

static bool check_text(const void *record, size_t size)
{
	const struct msg_text *r = record;

	return r->len <= MSG_TEXT_MAX && sizeof(*r) + r->len <= size;
}

static bool is_family(uint8_t family, bool or_none)
{
	return family == AF_INET || family == AF_INET6 || (or_none && !family);
}

static bool check_device(const struct msg_device *d, unsigned kinds)
{
	return d->kind < kinds &&
	       (d->kind != DEVICE_IFNAME || (d->id[0] && !d->id[sizeof(d->id) - 1]));
}

static bool check_client(const struct msg_client *c)
{
	return is_family(c->addr.family, true) && c->has_mac <= 1;
}

/* Whole names. */
static bool check_chain(const uint8_t *p, size_t len)
{
	if (len > MSG_CHAIN_MAX)
		return false;
	while (len) {
		size_t n = dname_wire_len(p, len);

		if (!n || n > len)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static bool check_lease(const void *record, size_t size)
{
	const struct msg_lease *r = record;
	size_t addrs = r->addr_count * sizeof(r->addr[0]);
	const uint8_t *name = (const uint8_t *)r->addr + addrs;

	if (!r->addr_count || r->addr_count > MSG_LEASE_ADDRS || !r->name_len ||
	    !check_device(&r->device, DEVICE_NONE + 1) || !check_client(&r->client) ||
	    sizeof(*r) + addrs + r->name_len + r->chain_len > size)
		return false;
	for (unsigned i = 0; i < r->addr_count; i++)
		if (r->addr[i].family != AF_INET && r->addr[i].family != AF_INET6)
			return false;
	return dname_wire_len(name, r->name_len) == r->name_len &&
	       check_chain(name + r->name_len, r->chain_len);
}

static bool check_withdraw(const void *record, size_t size)
{
	const struct msg_holder *r = record;

	return r->all <= 1 && r->kill <= 1 && r->deep <= 1 &&
	       check_device(&r->device, DEVICE_KIND_COUNT) && check_client(&r->client) &&
	       is_family(r->dest.family, true) &&
	       offsetof(struct msg_holder, name) + r->name_len + r->chain_len <= size &&
	       (!r->name_len || dname_wire_len(r->name, r->name_len) == r->name_len) &&
	       check_chain(r->name + r->name_len, r->chain_len);
}

static bool check_holder(const void *record, size_t size)
{
	const struct msg_holder *r = record;

	return r->name_len && check_withdraw(record, size);
}

/* The answer part: whole records, with an address or a name of the right length. */
static bool check_answer(const uint8_t *p, size_t len)
{
	while (len) {
		struct msg_rr rr;

		if (len < sizeof(rr))
			return false;
		memcpy(&rr, p, sizeof(rr));
		p += sizeof(rr);
		len -= sizeof(rr);
		if (rr.rdata_len > len)
			return false;
		if (rr.type == 1 ? rr.rdata_len != 4 :
		    rr.type == 28 ? rr.rdata_len != 16 :
		    rr.type == 5 ? dname_wire_len(p, rr.rdata_len) != rr.rdata_len :
				   rr.rdata_len != 0)
			return false;
		p += rr.rdata_len;
		len -= rr.rdata_len;
	}
	return true;
}

static bool check_lookup(const void *record, size_t size)
{
	const struct msg_lookup *r = record;
	size_t texts = (size_t)r->qname_len + r->device_len + r->list_len + r->pattern_len;

	if (!r->verdict || r->verdict >= VERDICT_COUNT || r->has_mac > 1 || !r->qname_len ||
	    !is_family(r->client.family, false) || !is_family(r->upstream.family, true) ||
	    sizeof(*r) + texts + r->answer_len > size)
		return false;
	return dname_wire_len(r->data, r->qname_len) == r->qname_len &&
	       check_answer(r->data + texts, r->answer_len);
}

static bool check_refused(const void *record, size_t size)
{
	const struct msg_refused *r = record;

	(void)size;
	return r->would <= 1 && r->has_mac <= 1 && is_family(r->client.family, false) &&
	       is_family(r->dest.family, false) && r->n &&
	       memchr(r->interface, '\0', sizeof(r->interface));
}

static bool check_event(const void *record, size_t size)
{
	const struct msg_event *r = record;

	return r->kind_len && r->detail_len <= MSG_TEXT_MAX &&
	       sizeof(*r) + r->kind_len + r->subject_len + r->detail_len <= size;
}

static bool check_ask(const void *record, size_t size)
{
	const struct msg_ask *r = record;

	return r->question < ASK_COUNT && sizeof(*r) + r->arg_len <= size;
}

static bool check_tell(const void *record, size_t size)
{
	const struct msg_tell *r = record;

	return r->last <= 1 && r->len <= CHAN_MAX_BYTES && sizeof(*r) + r->len <= size;
}

static bool check_heard(const void *record, size_t size)
{
	const struct msg_heard *r = record;
	char name[HOST_LABEL_MAX + 1];

	(void)size;
	return r->ifindex && is_family(r->from.family, false) &&
	       is_family(r->addr.family, false) && memchr(r->name, '\0', sizeof(r->name)) &&
	       host_label(r->name, strlen(r->name), name) && !strcmp(name, r->name);
}

enum fd_rule { NO_FD, WITH_FD };

/* One row a type: bytes of its smallest record (0: it has none), records allowed, descriptor. */
static const struct {
	size_t least;
	uint16_t most_records;
	enum fd_rule fd;
	bool (*check)(const void *record, size_t size);
} types[MSG_TYPE_COUNT] = {
	[MSG_CONF] = { 0, 0, WITH_FD, NULL },
	[MSG_PEER] = { sizeof(struct msg_peer), 1, WITH_FD, check_peer },
	[MSG_LISTEN] = { sizeof(struct msg_listen), 1, WITH_FD, check_listen },
	[MSG_CONTROL] = { 0, 0, WITH_FD, NULL },
	[MSG_INDEX] = { 0, 0, WITH_FD, NULL },
	[MSG_START] = { sizeof(struct msg_start), 1, NO_FD, NULL },
	[MSG_STOP] = { 0, 0, NO_FD, NULL },
	[MSG_LEAVE] = { 0, 0, NO_FD, NULL },
	[MSG_NETFILTER] = { 0, 0, WITH_FD, NULL },
	[MSG_LEDGER] = { 0, 0, WITH_FD, NULL },
	[MSG_PING] = { sizeof(struct msg_ping), 1, NO_FD, NULL },
	[MSG_CHILD] = { sizeof(struct msg_child), 1, NO_FD, check_child },
	[MSG_READY] = { sizeof(struct msg_start), 1, NO_FD, NULL },
	[MSG_PONG] = { sizeof(struct msg_ping), 1, NO_FD, NULL },
	[MSG_FAILED] = { sizeof(struct msg_text), 1, NO_FD, check_text },
	[MSG_LEASE] = { sizeof(struct msg_lease), UINT16_MAX, NO_FD, check_lease },
	[MSG_LEASE_DONE] = { sizeof(struct msg_lease_done), UINT16_MAX, NO_FD, NULL },
	[MSG_LEASE_LOST] = { 0, 0, NO_FD, NULL },
	[MSG_REVIEW] = { 0, 0, NO_FD, NULL },
	[MSG_HOLDER] = { sizeof(struct msg_holder), UINT16_MAX, NO_FD, check_holder },
	[MSG_WITHDRAW] = { sizeof(struct msg_holder), UINT16_MAX, NO_FD, check_withdraw },
	[MSG_LOOKUP] = { sizeof(struct msg_lookup), UINT16_MAX, NO_FD, check_lookup },
	[MSG_REFUSED] = { sizeof(struct msg_refused), UINT16_MAX, NO_FD, check_refused },
	[MSG_EVENT] = { sizeof(struct msg_event), UINT16_MAX, NO_FD, check_event },
	[MSG_ASK] = { sizeof(struct msg_ask), 1, NO_FD, check_ask },
	[MSG_SECRET] = { sizeof(struct msg_secret), 1, NO_FD, NULL },
	[MSG_TELL] = { sizeof(struct msg_tell), 1, NO_FD, check_tell },
	[MSG_LOCAL] = { 0, 0, WITH_FD, NULL },
	[MSG_RANGES] = { 0, 0, WITH_FD, NULL },
	[MSG_OVERRIDES] = { 0, 0, WITH_FD, NULL },
	[MSG_OLDER] = { 0, 0, NO_FD, NULL },
	[MSG_QUERY] = { 0, 0, WITH_FD, NULL },
	[MSG_HEARD] = { sizeof(struct msg_heard), UINT16_MAX, NO_FD, check_heard },
};

static size_t record_size(const void *record)
{
	return ((const struct msg_record *)record)->size;
}

static int check_records(const struct msg_head *head, size_t len)
{
	const uint8_t *at = (const uint8_t *)(head + 1);
	size_t left = len - sizeof(*head);

	for (unsigned i = 0; i < head->count; i++) {
		size_t size;

		if (left < types[head->type].least)
			return -EBADMSG;
		size = record_size(at);
		if (size < types[head->type].least || size > left || size % 8)
			return -EBADMSG;
		if (types[head->type].check && !types[head->type].check(at, size))
			return -EBADMSG;
		at += size;
		left -= size;
	}
	return left ? -EBADMSG : 0;
}

int msg_check(const void *data, size_t len, bool has_fd)
{
	const struct msg_head *head = data;

	if (len < sizeof(*head) || len > CHAN_MAX_BYTES || head->bytes != len)
		return -EBADMSG;
	if (!head->type || head->type >= MSG_TYPE_COUNT)
		return -EBADMSG;
	if (has_fd != (types[head->type].fd == WITH_FD))
		return -EBADMSG;
	if (head->count > types[head->type].most_records ||
	    (types[head->type].least && !head->count))
		return -EBADMSG;
	return check_records(head, len);
}

enum msg_type msg_type(const void *data)
{
	return ((const struct msg_head *)data)->type;
}

const void *msg_next(const void *data, const void *record)
{
	const struct msg_head *head = data;
	const uint8_t *next;

	if (!record)
		return head->count ? head + 1 : NULL;
	next = (const uint8_t *)record + record_size(record);
	return next < (const uint8_t *)data + head->bytes ? next : NULL;
}

void msg_buf_reset(struct msg_buf *buf)
{
	buf->len = 0;
}

void *msg_buf_add(struct msg_buf *buf, enum msg_type type, size_t record_bytes)
{
	struct msg_head *head = (struct msg_head *)buf->bytes;
	size_t size = (record_bytes + 7) & ~(size_t)7;
	struct msg_record *record;

	if (!buf->len) {
		*head = (struct msg_head){ .type = (uint16_t)type };
		buf->len = sizeof(*head);
	}
	if (head->type != type || size > UINT16_MAX || buf->len + size > sizeof(buf->bytes) ||
	    head->count >= types[type].most_records)
		return NULL;
	record = (struct msg_record *)((uint8_t *)buf->bytes + buf->len);
	memset(record, 0, size);
	record->size = (uint16_t)size;
	buf->len += size;
	head->count++;
	head->bytes = (uint32_t)buf->len;
	return record;
}

int msg_buf_send(struct chan *ch, struct msg_buf *buf)
{
	int rc = 0;

	if (buf->len)
		rc = ch ? chan_send(ch, buf->bytes, buf->len, -1) : -EPIPE;
	buf->len = 0;
	return rc;
}

int msg_send(struct chan *ch, enum msg_type type, const void *record, size_t record_bytes,
	     int fd)
{
	_Alignas(8) uint8_t bytes[1536];
	size_t size = (record_bytes + 7) & ~(size_t)7;
	struct msg_head head = {
		.type = (uint16_t)type,
		.count = record ? 1 : 0,
		.bytes = (uint32_t)(sizeof(head) + (record ? size : 0)),
	};

	if (!ch)
		return -EPIPE;
	if (sizeof(head) + size > sizeof(bytes))
		return -EMSGSIZE;
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, &head, sizeof(head));
	if (record) {
		uint16_t size16 = (uint16_t)size;

		memcpy(bytes + sizeof(head), record, record_bytes);
		memcpy(bytes + sizeof(head), &size16, sizeof(size16));
	}
	return chan_send(ch, bytes, head.bytes, fd);
}

int msg_send_failed(struct chan *ch, const char *text)
{
	_Alignas(8) uint8_t bytes[sizeof(struct msg_text) + MSG_TEXT_MAX] = { 0 };
	struct msg_text *t = (struct msg_text *)bytes;

	t->len = (uint16_t)strnlen(text, MSG_TEXT_MAX);
	memcpy(t->text, text, t->len);
	return msg_send(ch, MSG_FAILED, t, sizeof(*t) + t->len, -1);
}

int msg_send_event(struct chan *ch, const char *kind, const char *subject,
		   const char *detail)
{
	_Alignas(8) uint8_t bytes[sizeof(struct msg_event) + 64 + 255 + MSG_TEXT_MAX] = { 0 };
	struct msg_event *e = (struct msg_event *)bytes;

	e->kind_len = (uint8_t)strnlen(kind, 64);
	e->subject_len = (uint8_t)strnlen(subject, 255);
	e->detail_len = (uint16_t)strnlen(detail, MSG_TEXT_MAX);
	e->ts_us = clock_wall_us();
	memcpy(e->data, kind, e->kind_len);
	memcpy(e->data + e->kind_len, subject, e->subject_len);
	memcpy(e->data + e->kind_len + e->subject_len, detail, e->detail_len);
	return msg_send(ch, MSG_EVENT, e,
			sizeof(*e) + e->kind_len + e->subject_len + e->detail_len, -1);
}
