/* The table of all blocks of options, and an option's place in its block; see conf_option.h. */
#include <assert.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_option.h"

#define NAMED(kind, array, number, limit)                                            \
	.name = #kind, .named = true, .at = offsetof(struct conf, array),            \
	.count_at = offsetof(struct conf, number), .size = sizeof(struct conf_##kind), \
	.place_at = offsetof(struct conf_##kind, place), .max = (limit)

#define SINGLE(kind)                                         \
	.name = #kind, .at = offsetof(struct conf, kind),    \
	.size = sizeof(struct conf_##kind), .max = 1

static const struct conf_block blocks[CONF_BLOCK_COUNT] = {
	[CONF_TOP] = { .name = "", .size = sizeof(struct conf), .max = 1 },
	[CONF_UPSTREAM] = { NAMED(upstream, upstreams, upstream_count, 63),
		.help = "Servers that are asked what the cache does not know. Where "
			"no upstream is written those of /etc/resolv.conf are asked, "
			"as upstream system.",
		.example = "upstream quad9 {\n"
			   "\tserver 9.9.9.9 149.112.112.112\n"
			   "\tserver 2620:fe::fe\n"
			   "}\n"
			   "upstream private {\n"
			   "\tserver 9.9.9.9 149.112.112.112 tls dns.quad9.net\n"
			   "}\n"
			   "upstream office {\n"
			   "\tserver 10.0.0.53\n"
			   "\ttimeout 2s\n"
			   "\torder first\n"
			   "}\n" },
	[CONF_CLIENTS] = { SINGLE(clients),
		.help = "Who is answered, and how often.",
		.example = "\tnetwork 192.168.0.0/16 fd00::/8 2001:db8:77::/48\n" },
	[CONF_CACHE] = { SINGLE(cache),
	.help = "Answers kept in memory." },
	[CONF_LOCAL] = { NAMED(local, locals, local_count, 16),
		.help = "Names at home: NAME is a suffix that is ours. What is under it is "
			"answered from these files and from host and cname lines, and never "
			"asked for elsewhere, unless a forward line names a suffix under it. "
			"The suffix home.arpa is meant for this (RFC 8375). Account "
			"nameward-local reads the files.",
		.example = "local home.arpa {\n"
			   "\thosts /etc/hosts\n"
			   "\tleases dnsmasq /var/lib/misc/dnsmasq.leases\n"
			   "}\n" },
	[CONF_SPECIAL] = { SINGLE(special),
		.help = "Names that mean something of their own. Besides these, localhost, "
			"invalid, test, onion, alt, local, home.arpa, resolver.arpa and their "
			"like are always answered here, test and home.arpa unless a forward "
			"line names them." },
	[CONF_REBIND] = { SINGLE(rebind),
		.help = "Addresses that a name of the Internet must not lead to.",
		.example = "\tallow plex.direct\n" },
	[CONF_WINDOW] = { NAMED(window, windows, window_count, 64),
		.help = "Hours of the week by a name, for what holds `during' them.",
		.example = "window school {\n"
			   "\thours mon-fri 08:00-13:00\n"
			   "}\n"
			   "window nights {\n"
			   "\thours 22:00-06:00\n"
			   "\thours sat,sun\n"
			   "}\n" },
	[CONF_ZONE] = { NAMED(zone, zones, zone_count, 256),
		.help = "A network of clients, and what the gate does for it. Devices "
			"on an interface of no zone are not gated.",
		.example = "zone lan {\n"
			   "\tinterface br-lan\n"
			   "\tgate off\n"
			   "}\n"
			   "zone iot {\n"
			   "\tinterface br-iot wlan1\n"
			   "\tgate observe\n"
			   "\treach internet\n"
			   "\tallow udp 123\n"
			   "}\n" },
	[CONF_DEVICE] = { NAMED(device, devices, device_count, 4096),
		.help = "A machine that has a name: in groups, in the history, in "
			"answers.",
		.example = "device tv {\n"
			   "\tmac 7c:2f:80:00:11:22\n"
			   "}\n"
			   "device laptop-anna {\n"
			   "\tmac 7c:2f:80:00:11:33\n"
			   "\taddress 192.168.1.40\n"
			   "}\n"
			   "device phone-anna {\n"
			   "\tdhcp-name annas-phone\n"
			   "}\n" },
	[CONF_GROUP] = { NAMED(group, groups, group_count, 1024),
		.help = "Devices and networks that share a policy.",
		.example = "group kids {\n"
			   "\tmember laptop-anna 192.168.1.32/27\n"
			   "}\n"
			   "group things {\n"
			   "\tmember tv 192.168.20.0/24\n"
			   "}\n" },
	[CONF_LIST] = { NAMED(list, lists, list_count, CONF_LISTS_MAX),
		.help = "Names to block or to allow: a file, a copy of what a URL "
			"gives, entries written here.",
		.example = "list ads {\n"
			   "\tfile /etc/nameward/local/ads.txt\n"
			   "\tformat hosts\n"
			   "}\n"
			   "list tracking {\n"
			   "\turl https://lists.example/tracking.txt\n"
			   "\trefresh 2d\n"
			   "}\n"
			   "list telemetry {\n"
			   "\tname *.telemetry.example metrics.tv.example\n"
			   "}\n"
			   "list games {\n"
			   "\tname *.games.example\n"
			   "}\n"
			   "list school {\n"
			   "\tname *.school.example\n"
			   "}\n" },
	[CONF_POLICY] = { NAMED(policy, policies, policy_count, 1024),
		.help = "Which lists hold for whom.",
		.example = "policy kids {\n"
			   "\tfor kids\n"
			   "\tblock ads telemetry\n"
			   "\tblock games during school\n"
			   "\tallow school\n"
			   "\thours mon-fri 07:00-21:00\n"
			   "\thours sat-sun 08:00-22:00\n"
			   "}\n"
			   "policy default {\n"
			   "\tblock ads\n"
			   "}\n" },
	[CONF_GATE] = { SINGLE(gate),
		.help = "Leases: the addresses that a gated device looked up are open "
			"to it, for a time.",
		.example = "\tallow udp 123\n"
			   "\tallow tcp 5222-5223 during school\n"
			   "\tallow 192.0.2.0/24\n"
			   "\tdeny 198.51.100.53 2001:db8::53\n"
			   "\tfill *.video.example inet fw4 vpn4 vpn6\n" },
	[CONF_HISTORY] = { SINGLE(history),
		.help = "What is recorded of each lookup, and for how long. A line "
			"`history off' in place of the block records nothing." },
};

const struct conf_block *conf_block(enum conf_block_id id)
{
	return &blocks[id];
}

const struct conf_option *conf_option_find(enum conf_block_id block, const char *name,
					   const struct conf_option *after)
{
	size_t count;
	const struct conf_option *all = conf_options(&count);

	for (const struct conf_option *o = after ? after + 1 : all; o < all + count; o++)
		if (o->block == block && !strcmp(o->name, name))
			return o;
	return NULL;
}

unsigned conf_option_slot(const struct conf_option *o)
{
	size_t count;
	const struct conf_option *all = conf_options(&count);
	unsigned slot = 0;

	while (o > all && o[-1].block == o->block) {
		slot++;
		o--;
	}
	assert(slot < CONF_BLOCK_OPTIONS_MAX);
	return slot;
}
