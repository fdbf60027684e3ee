/* Where a connection goes, as people write it; see gate_story.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cli/gate_story.h"

int gate_target_read(const char *text, struct gate_target *out)
{
	struct gate_target t = { .proto = IPPROTO_TCP };
	const char *slash = strchr(text, '/');
	char head[ADDR_PORT_TEXT_MAX];
	struct addr_port at;

	if (addr_from_text(text, &t.addr) == 0) {
		t.proto = 0;
		*out = t;
		return 0;
	}
	if (slash && strcmp(slash, "/udp") == 0)
		t.proto = IPPROTO_UDP;
	else if (slash && strcmp(slash, "/tcp") != 0)
		return -EINVAL;
	if (snprintf(head, sizeof(head), "%.*s", slash ? (int)(slash - text) : (int)sizeof(head),
		     text) >= (int)sizeof(head) || addr_port_from_text(head, 0, &at) || !at.port)
		return -EINVAL;
	t.addr = at.addr;
	t.port = at.port;
	*out = t;
	return 0;
}
