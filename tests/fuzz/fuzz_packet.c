/* Any bytes as a logged packet. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "flows/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p;

	if (!packet_parse(data, size, &p) && !addr_len(&p.dst))
		abort();
	return 0;
}
