/* Names of hosts in Multicast DNS; see mdns_read.h. */
#include "local/mdns_read.h"

#include <errno.h>
#include <string.h>

#include "lib/dname.h"
#include "lib/util.h"

#define HEAD 12
#define RR   10 /* type, class, TTL, length of the data */

enum { TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1 };

#define CLASS_MASK 0x7fff /* the bit above it says "flush what you have" (RFC 6762 §10.2) */

/* QR, and no opcode nor code, which are to be ignored (RFC 6762 §18.3, §18.11). */
#define FLAGS_MASK     0xf80f
#define FLAGS_RESPONSE 0x8000

struct reader {
	const uint8_t *packet;
	size_t len, at;
	struct mdns_name *out;
	int count;
};

static bool skip_question(struct reader *r)
{
	struct dname name;

	if (dname_from_packet(r->packet, r->len, r->at, &name, &r->at) || r->len - r->at < 4)
		return false;
	r->at += 4;
	return true;
}

/* HOST of HOST.local; false: it is another name, or none that a host may have. */
static bool host_of(const struct dname *name, char host[HOST_LABEL_MAX + 1])
{
	static const struct dname local = { 7, "\5local" };
	const char *text = (const char *)name->wire + 1;
	size_t len = name->wire[0];

	return dname_labels(name) == 2 && dname_is_under(name, &local) &&
	       !memchr(text, '.', len) && host_label(text, len, host);
}

static void take(struct reader *r, const struct dname *owner, unsigned type, uint32_t ttl_s,
		 const uint8_t *data, size_t len)
{
	struct mdns_name n = { .ttl_s = ttl_s };

	if (r->count == MDNS_NAMES_MAX || !host_of(owner, n.name))
		return;
	if (type == TYPE_A && len == 4)
		n.addr = addr_from_bytes(AF_INET, data);
	else if (type == TYPE_AAAA && len == 16)
		n.addr = addr_from_bytes(AF_INET6, data);
	else
		return;
	r->out[r->count++] = n;
}

static bool read_record(struct reader *r)
{
	const uint8_t *rr;
	struct dname owner;
	size_t len;

	if (dname_from_packet(r->packet, r->len, r->at, &owner, &r->at) || r->len - r->at < RR)
		return false;
	rr = r->packet + r->at;
	len = load_be16(rr + 8);
	r->at += RR;
	if (r->len - r->at < len)
		return false;
	r->at += len;
	if ((load_be16(rr + 2) & CLASS_MASK) == CLASS_IN)
		take(r, &owner, load_be16(rr), load_be32(rr + 4), rr + RR, len);
	return true;
}

int mdns_read(const uint8_t *packet, size_t len, struct mdns_name out[MDNS_NAMES_MAX])
{
	struct reader r = { .packet = packet, .len = len, .at = HEAD, .out = out };
	unsigned questions, records;

	if (len < HEAD || len > MDNS_PACKET_MAX)
		return -EBADMSG;
	if ((load_be16(packet + 2) & FLAGS_MASK) != FLAGS_RESPONSE)
		return 0;
	questions = load_be16(packet + 4);
	records = load_be16(packet + 6) + load_be16(packet + 8) + load_be16(packet + 10);
	for (unsigned i = 0; i < questions; i++)
		if (!skip_question(&r))
			return -EBADMSG;
	for (unsigned i = 0; i < records; i++)
		if (!read_record(&r))
			return -EBADMSG;
	return r.count;
}
