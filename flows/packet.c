/* The head of an IP packet from hostile bytes. Pure; knows nothing of where they come from. */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "flows/packet.h"
#include "lib/util.h"

#define IPV4_HEAD	   20
#define IPV6_HEAD	   40
#define IPV4_OFFSET_MASK   0x1fff
#define IPV6_OFFSET_MASK   0xfff8
#define PROTO_AH	   51
#define PROTO_MOBILITY	   135
#define PROTO_HIP	   139
#define PROTO_SHIM6	   140

/** Destination port behind the headers, where the protocol has one in octets 2 and 3. */
static uint16_t read_port(uint8_t proto, const uint8_t *data, size_t len)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		return len >= 4 ? load_be16(data + 2) : 0;
	default:
		return 0;
	}
}

static int parse_ipv4(const uint8_t *data, size_t len, struct packet *out)
{
	size_t head = (size_t)(data[0] & 0x0f) * 4;

	if (len < IPV4_HEAD || head < IPV4_HEAD)
		return -EBADMSG;
	out->src = addr_from_bytes(AF_INET, data + 12);
	out->dst = addr_from_bytes(AF_INET, data + 16);
	out->proto = data[9];
	out->port = 0;
	if (len > head && !(load_be16(data + 6) & IPV4_OFFSET_MASK))
		out->port = read_port(out->proto, data + head, len - head);
	return 0;
}

static bool is_extension(uint8_t header)
{
	switch (header) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
	case PROTO_AH:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return true;
	default:
		return false;
	}
}

/** Bytes of an extension header (RFC 8200 §4; AH counts in words, RFC 4302 §2.2). */
static size_t extension_len(uint8_t header, const uint8_t *data)
{
	if (header == IPPROTO_FRAGMENT)
		return 8;
	if (header == PROTO_AH)
		return ((size_t)data[1] + 2) * 4;
	return ((size_t)data[1] + 1) * 8;
}

static int parse_ipv6(const uint8_t *data, size_t len, struct packet *out)
{
	size_t at = IPV6_HEAD;
	uint8_t header;

	if (len < IPV6_HEAD)
		return -EBADMSG;
	header = data[6];
	out->src = addr_from_bytes(AF_INET6, data + 8);
	out->dst = addr_from_bytes(AF_INET6, data + 24);
	out->port = 0;
	for (int i = 0; i < PACKET_EXTENSIONS_MAX && is_extension(header); i++) {
		bool later_fragment = false;
		uint8_t next;

		if (len < at + 8)
			break;
		if (header == IPPROTO_FRAGMENT)
			later_fragment = load_be16(data + at + 2) & IPV6_OFFSET_MASK;
		next = data[at];
		at += extension_len(header, data + at);
		header = next;
		if (later_fragment)
			at = len;
	}
	out->proto = header;
	if (at < len)
		out->port = read_port(header, data + at, len - at);
	return 0;
}

int packet_parse(const uint8_t *data, size_t len, struct packet *out)
{
	if (len < 1)
		return -EBADMSG;
	switch (data[0] >> 4) {
	case 4:
		return parse_ipv4(data, len, out);
	case 6:
		return parse_ipv6(data, len, out);
	default:
		return -EBADMSG;
	}
}
