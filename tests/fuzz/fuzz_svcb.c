/*
 * Any bytes as the data of an HTTPS record (RFC 9460). What is read of it must be names and
 * hints that are really there; and an answer that is cut off anywhere must be refused, or say
 * the same.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "resolver/note.h"
#include "resolver/wire.h"

#define CHECK(what)              \
	do {                     \
		if (!(what))     \
			abort(); \
	} while (0)
#define DATA_MAX 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t head[] = "\1\2\x81\x80\0\1\0\1\0\0\0\0\1a\7example\0\0\101\0\1"
				      "\xc0\x0c\0\101\0\1\0\0\1\54";
	static _Alignas(8) uint8_t note[NOTE_MAX];
	struct wire_question q = { .qtype = TYPE_HTTPS, .qclass = CLASS_IN };
	uint8_t packet[sizeof(head) + 2 + DATA_MAX];
	size_t at = sizeof(head) - 1;
	struct wire_answer a;
	size_t next;

	if (size > DATA_MAX)
		return 0;
	memcpy(packet, head, at);
	store_be16(packet + at, (uint16_t)size);
	memcpy(packet + at + 2, data, size);
	at += 2 + size;
	if (dname_from_packet(packet, at, WIRE_HEAD, &q.qname, &next) < 0)
		abort();
	if (wire_parse_answer(packet, at, &q, &a))
		return 0;
	CHECK(a.chain_count <= WIRE_CHAIN_MAX && a.addr_count <= WIRE_ADDRS_MAX);
	for (unsigned i = 0; i < a.addr_count; i++) {
		size_t len = addr_len(&a.addrs[i].addr);

		CHECK(a.addrs[i].hint && a.addrs[i].ttl_s == 300);
		/* an IPv4-mapped hint is held as IPv4, whose octets stand there as well */
		CHECK(len && memmem(data, size, a.addrs[i].addr.bytes, len));
	}
	for (unsigned i = 0; i < a.chain_count; i++)
		CHECK(dname_wire_len(a.chain[i].wire, a.chain[i].len) == a.chain[i].len);
	CHECK(note_write(&a, (struct note *)note) <= sizeof(note));
	if (size)
		CHECK(wire_parse_answer(packet, at - 1, &q, &a) == -EBADMSG);
	return 0;
}
