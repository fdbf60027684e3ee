/* Devices in quarantine: the rules that stand before all others in forward; see rule_build.h. */
#include <sys/socket.h>

#include "lib/util.h"
#include "nftsync/rule_build.h"

/* Where rules stay when the daemon is gone, these do. */
void rule_build_quarantine(struct ruleset *rs, const struct rule_scope *scope)
{
	static const enum rule_field fields[] = { FIELD_ETHER, FIELD_IP_SADDR, FIELD_IP6_SADDR };
	size_t first = rule_add_set(rs, "quarantine_mac", KIND_MAC, false);

	rule_add_set(rs, "quarantine4", KIND_IP4, false);
	rule_add_set(rs, "quarantine6", KIND_IP6, false);
	for (size_t i = 0; i < scope->conf->device_count; i++) {
		const struct conf_device *d = &scope->conf->devices[i];

		if (d->gate != DEVICE_QUARANTINE)
			continue;
		for (size_t k = 0; k < d->mac_count; k++)
			rule_add_key(rs, first, d->macs[k].bytes);
		for (size_t k = 0; k < d->addr_count; k++)
			rule_add_range(rs, first + (d->addrs[k].family == AF_INET ? 1 : 2),
				       d->addrs[k].bytes, d->addrs[k].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields) && !rs->rc; i++)
		if (rs->sets[first + i].count)
			rule_add(rs, &(struct rule){ "forward",
						     { { .op = OP_LOOKUP, .field = fields[i],
							 .name = rs->sets[first + i].name },
						       { .op = OP_GOTO, .name = "refuse" } } });
}
