/* dnsmasq's lease file; see lease_file.h. */
#include <string.h>

#include "lib/util.h"
#include "local/lease_file.h"
#include "local/dhcp_leases.h"
#include "local/text_scan.h"

enum { EXPIRY, HARDWARE, ADDRESS, NAME, CLIENT, WORDS };

/* "06-7c:2f:..." names a hardware type that is not Ethernet's: no MAC to know a client by. */
static void read_client(const struct span *hardware, const struct span *client,
			struct dhcp_lease *l)
{
	char text[MAC_TEXT_MAX];

	if (span_copy(hardware, text, sizeof(text)) && !mac_from_text(text, &l->mac)) {
		l->has_mac = mac_is_unicast(&l->mac);
		l->owner = dhcp_owner(l->mac.bytes, sizeof(l->mac.bytes));
		return;
	}
	l->owner = dhcp_owner(client->at, client->len);
}

static bool read_line(struct span line, struct dhcp_lease *l)
{
	struct span words[WORDS];
	char text[ADDR_TEXT_MAX];
	uint64_t until;

	for (unsigned i = 0; i < WORDS; i++)
		if (!text_word(&line, &words[i]))
			return false; /* "duid 00:01:..." among them: the server's own */
	if (!span_number(&words[EXPIRY], INT64_MAX, &until) ||
	    !span_copy(&words[ADDRESS], text, sizeof(text)) ||
	    addr_from_text(text, &l->addr))
		return false;
	l->until_s = (int64_t)until;
	l->is_active = true;
	read_client(&words[HARDWARE], &words[CLIENT], l);
	host_label(words[NAME].at, words[NAME].len, l->name); /* "*": it gave none */
	return true;
}

int lease_file_dnsmasq(const char *text, size_t len, struct dhcp_leases *to)
{
	struct text_scan scan = { .text = { text, len } };
	struct span line;
	int rc = 0;

	while (!rc && text_line(&scan, &line)) {
		struct dhcp_lease l = { .line = scan.line };

		if (read_line(line, &l))
			rc = dhcp_leases_put(to, &l);
	}
	return rc;
}
