/* Any bytes as an mDNS packet: what is read of it is a name that a host may have, with an
 * address, and goes into a message that the resolver takes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/msg.h"
#include "local/mdns_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct msg_buf buf;
	struct mdns_name names[MDNS_NAMES_MAX];
	int count = mdns_read(data, size, names);

	msg_buf_reset(&buf);
	for (int i = 0; i < count; i++) {
		struct msg_heard *h = msg_buf_add(&buf, MSG_HEARD, sizeof(*h));

		h->ifindex = 1;
		h->from = h->addr = names[i].addr;
		memcpy(h->name, names[i].name, sizeof(h->name));
	}
	if (count > MDNS_NAMES_MAX || (count > 0 && msg_check(buf.bytes, buf.len, false)))
		abort();
	return 0;
}
