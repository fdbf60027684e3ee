/* The table of all options. The blocks they stand in are in conf_block.c. */
#include "conf/conf_option.h"

#include <limits.h>

#include "conf/conf.h"
#include "conf/conf_words.h"
#include "lib/util.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400
#define YEAR   31536000

#define KIB 1024ull
#define MIB 1048576ull
#define TIB 1099511627776ull

/* Room in sun_path for a socket's name and its NUL. */
#define SOCKET_PATH_MAX 107

static const struct conf_option options[] = {
	{ CONF_TOP, "listen", .type = TYPE_LISTEN, .args = "NAME ADDRESS[:PORT] ...",
	  .initial = "localhost 127.0.0.1:53 [::1]:53",
	  .help = "Addresses to answer on, over UDP and TCP, port 53 if none is "
		"written. The name is a label for messages. An address need not exist "
		"yet. A link-local one has its interface behind it, fe80::1%br-lan, "
		"which may come later and come back as another." },
	{ CONF_TOP, "clients", .type = TYPE_BLOCK, .opens = CONF_CLIENTS },
	{ CONF_TOP, "upstream", .type = TYPE_BLOCK, .opens = CONF_UPSTREAM },
	{ CONF_TOP, "forward", .type = TYPE_FORWARD, .args = "SUFFIX UPSTREAM",
	  .initial_note = "the root goes to the first upstream that no other forward "
			  "line and no policy names",
	  .example = "office.example office",
	  .help = "Ask this upstream for names at and below the suffix; the longest "
		"suffix wins. The suffix '.' is the root: all other names." },
	{ CONF_TOP, "cache", .type = TYPE_BLOCK, .opens = CONF_CACHE },
	{ CONF_TOP, "window", .type = TYPE_BLOCK, .opens = CONF_WINDOW },
	{ CONF_TOP, "local", .type = TYPE_BLOCK, .opens = CONF_LOCAL },
	{ CONF_TOP, "host", .type = TYPE_HOST, .args = "NAME ADDRESS ...",
	  .example = "nas 192.168.1.5 fd00::5",
	  .help = "A name of our own, and the way back from its addresses. A name "
		"without a dot is also meant under the suffix of each local block. It "
		"wins over what files say of the name." },
	{ CONF_TOP, "cname", .type = TYPE_CNAME, .args = "ALIAS TARGET",
	  .example = "files nas",
	  .help = "Another name for one that is known here: by a host line, a hosts "
		"file or a lease. Names without a dot as in host." },
	{ CONF_TOP, "special", .type = TYPE_BLOCK, .opens = CONF_SPECIAL },
	{ CONF_TOP, "rebind", .type = TYPE_BLOCK, .opens = CONF_REBIND },
	{ CONF_TOP, "zone", .type = TYPE_BLOCK, .opens = CONF_ZONE },
	{ CONF_TOP, "device", .type = TYPE_BLOCK, .opens = CONF_DEVICE },
	{ CONF_TOP, "group", .type = TYPE_BLOCK, .opens = CONF_GROUP },
	{ CONF_TOP, "list", .type = TYPE_BLOCK, .opens = CONF_LIST },
	{ CONF_TOP, "policy", .type = TYPE_BLOCK, .opens = CONF_POLICY },
	{ CONF_TOP, "block-answer", .type = TYPE_CHOICE, .choices = conf_words_answer,
	  .at = offsetof(struct conf, block_answer), .initial = "nxdomain",
	  .help = "What a blocked name is answered with: that it does not exist, the "
		"address 0.0.0.0 or ::, that it has no such record, or the code "
		"REFUSED." },
	{ CONF_TOP, "block-ttl", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf, block_ttl_s), .max = DAY, .initial = "10s",
	  .help = "How long clients may remember that a name is blocked." },
	{ CONF_TOP, "gate", .type = TYPE_BLOCK, .opens = CONF_GATE },
	{ CONF_TOP, "history", .type = TYPE_BLOCK, .opens = CONF_HISTORY },
	{ CONF_TOP, "ca-certificates", .type = TYPE_PATH,
	  .at = offsetof(struct conf, ca_certificates), .max = PATH_MAX - 1,
	  .initial = "/etc/ssl/certs/ca-certificates.crt",
	  .help = "Whom to believe when they sign the certificate of a server that is "
		"asked over TLS: a file of PEM certificates. It is read at start and at "
		"each reload." },
	{ CONF_TOP, "control", .type = TYPE_PATH, .at = offsetof(struct conf, control),
	  .max = SOCKET_PATH_MAX, .initial = "/run/nameward/ctl",
	  .initial_user = "nameward.ctl",
	  .help = "Socket of the command line. Its folder is made at start." },
	{ CONF_TOP, "query-group", .type = TYPE_GROUP, .at = offsetof(struct conf, query_group),
	  .args = "NAME", .initial = "adm", .help = "Group that may ask, and change nothing, by "
	  "the socket query beside the control socket (PATH.query if that is not called ctl)." },
	{ CONF_TOP, "lists-folder", .type = TYPE_PATH,
	  .at = offsetof(struct conf, lists_folder),
	  .max = 4000, .initial = "/var/lib/nameward/lists",
	  .initial_user = "nameward-lists",
	  .help = "Where the copies of lists with a url are kept, and the index that is "
		"built of all lists. Account nameward-list owns it." },
	{ CONF_TOP, "overrides", .type = TYPE_PATH, .at = offsetof(struct conf, overrides),
	  .max = 4000, .initial = "/var/lib/nameward/overrides",
	  .initial_user = "nameward-overrides",
	  .help = "Where `nameward allow', `block' and `pause' write what they are asked "
		"for; only root may. It survives a restart, and is seen within a second." },
	{ CONF_TOP, "include", .type = TYPE_INCLUDE, .args = "PATTERN ...",
	  .example = "local/*.conf",
	  .help = "Read these files here, as if they were written in this place, in "
		"the order of their names. A pattern may have *, ? and [ ]; a name "
		"without them must exist. No file is read twice." },

	{ CONF_CLIENTS, "network", .type = TYPE_NETWORK, .args = "ADDRESS | NETWORK ...",
	  .help = "Who is answered, besides loopback. Without such a line: private addresses, "
		"and whatever lies on an interface that has a private address." },
	{ CONF_CLIENTS, "others", .type = TYPE_CHOICE, .choices = conf_words_others,
	  .at = offsetof(struct conf_clients, others), .initial = "refuse",
	  .help = "What all others hear by UDP: the code REFUSED, as often as rate says, or "
		"nothing. By TCP they are turned away when they connect." },
	{ CONF_CLIENTS, "rate", .type = TYPE_COUNT, .at = offsetof(struct conf_clients, rate),
	  .min = 1, .max = 1000000, .zero = "off", .initial = "500",
	  .help = "Questions a second of one device, or of one address where no hardware "
		"address is seen (of IPv6: the /64). Of those beyond it every second is "
		"answered so that the client asks again by TCP, where it may ask four times "
		"as much, as with a DNS cookie. Loopback has no limit." },
	{ CONF_CLIENTS, "burst", .type = TYPE_COUNT, .at = offsetof(struct conf_clients, burst),
	  .min = 1, .max = 1000000, .initial = "2000",
	  .help = "Questions at once, after a quiet time." },
	{ CONF_CLIENTS, "connections", .type = TYPE_COUNT,
	  .at = offsetof(struct conf_clients, connections), .min = 1, .max = 512,
	  .initial = "32",
	  .help = "TCP connections of one client, told apart as for rate. In all there are 512; then "
		"the one that has been idle for the longest time gives way." },

	{ CONF_CLIENTS, "mdns-names", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_clients, mdns_names), .initial = "off",
	  .help = "Whether to listen to Multicast DNS (port 5353), for what clients without a "
		"device block and without a name by DHCP call themselves there. Nothing is asked "
		"or sent, but for the kernel's notes that it listens. It is heard on the "
		"interfaces that have an address of a listen line, or, if such a line stands "
		"for all addresses, a private one. Such a name is a label in logs and reports; "
		"no question is answered by it and no policy knows it. Off, for the names are "
		"chosen by the devices and often those of people." },

	{ CONF_UPSTREAM, "server", .type = TYPE_SERVER,
	  .args = "ADDRESS[:PORT] ... [tls NAME [pin sha256/KEY ...]]",
	  .help = "A resolver to ask, port 53 if none is written. At least one, at "
		"most 32. A link-local address has its interface behind it, as in "
		"listen. Behind tls stands the name that its certificate must be for: "
		"it is asked over TLS, port 853 if none is written, and never in the "
		"clear. Behind pin stand hashes of public keys, in base64: then its key "
		"must be one of them, and who signed its certificate, for which name and "
		"until when does not matter." },
	{ CONF_UPSTREAM, "timeout", .type = TYPE_MS,
	  .at = offsetof(struct conf_upstream, timeout_ms), .min = 100, .max = 30000,
	  .initial = "4s",
	  .help = "Time for a whole question, over all servers and tries; then the "
		"client hears SERVFAIL." },
	{ CONF_UPSTREAM, "order", .type = TYPE_CHOICE, .choices = conf_words_order,
	  .at = offsetof(struct conf_upstream, order), .initial = "fastest",
	  .help = "Which server is asked: the one that answers fastest, the first one "
		"that works, or all by turns." },

	{ CONF_CACHE, "size", .type = TYPE_SIZE,
	  .at = offsetof(struct conf_cache, size_bytes),
	  .min = 64 * KIB, .max = TIB / 16, .zero = "off", .initial = "32MiB",
	  .help = "Memory for answers." },
	{ CONF_CACHE, "ttl-max", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_cache, ttl_max_s), .min = 1, .max = 7 * DAY,
	  .initial = "1d",
	  .help = "No answer is kept longer, whatever its TTL says." },
	{ CONF_CACHE, "negative-max", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_cache, negative_max_s), .min = 0, .max = DAY,
	  .initial = "1h",
	  .help = "No answer that a name or record does not exist is kept longer." },
	{ CONF_CACHE, "stale", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_cache, stale_s), .min = 1, .max = 7 * DAY, .zero = "off",
	  .initial = "1h",
	  .help = "How long past its end an answer is given when the upstreams give none "
		"(RFC 8767). Clients may keep it for 30 seconds." },
	{ CONF_CACHE, "stale-after", .type = TYPE_MS,
	  .at = offsetof(struct conf_cache, stale_after_ms), .min = 10, .max = 30000,
	  .initial = "1800ms",
	  .help = "A client that waits this long for the upstreams gets the stale answer. "
		"The question goes on, for those who ask later." },
	{ CONF_CACHE, "prefetch", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_cache, prefetch), .initial = "on",
	  .help = "Whether an answer in use is asked for anew in the last tenth of its "
		"time, so that nobody waits when it ends. In use is what was asked for "
		"three times in its time." },
	{ CONF_CACHE, "nxdomain-below", .type = TYPE_CHOICE, .choices = conf_words_nxdomain,
	  .at = offsetof(struct conf_cache, nxdomain_below), .initial = "secure",
	  .help = "Which answers that a name does not exist hold for all its types and all "
		"names below it (RFC 8020): none, those the upstream found signed, or "
		"all. There are servers that are wrong about names which only have "
		"others below them, and they sign nothing." },

	{ CONF_WINDOW, "hours", .type = TYPE_HOURS, .at = offsetof(struct conf_window, hours),
	  .args = "[DAY[-DAY],...] [HH:MM-HH:MM,...]",
	  .help = "Days, times or both; several lines add up. A span that ends before it "
		"begins ends the next day. Local time, as clocks on the wall show it." },
	{ CONF_LOCAL, "hosts", .type = TYPE_HOSTS, .args = "PATH ...",
	  .help = "Files as /etc/hosts. Loopback, link-local and multicast addresses in "
		"them are left out, names without a dot are also known under the "
		"suffix. Read again when they change." },
	{ CONF_LOCAL, "leases", .type = TYPE_LEASES,
	  .args = "dnsmasq | isc | kea | networkd PATH",
	  .help = "Leases of a DHCP server, whose clients are then known by the names "
		"they gave: dnsmasq.leases, dhcpd.leases, the CSV file of Kea's memfile, "
		"or the file that systemd-networkd keeps from Debian 13 on in "
		"/var/lib/systemd/network/dhcp-server-lease. Account nameward-local must "
		"be able to read it. Read again when it changes." },
	{ CONF_LOCAL, "ttl", .type = TYPE_SECONDS, .at = offsetof(struct conf_local, ttl_s),
	  .max = DAY, .initial = "60s",
	  .help = "How long clients may remember these names; those of leases not "
		"beyond the lease's end." },

	{ CONF_SPECIAL, "single-labels", .type = TYPE_CHOICE, .choices = conf_words_whither,
	  .at = offsetof(struct conf_special, single_labels), .initial = "local",
	  .help = "Whether the address of a name without a dot is only looked for here, "
		"or also asked for upstream." },
	{ CONF_SPECIAL, "private-reverse", .type = TYPE_CHOICE, .choices = conf_words_whither,
	  .at = offsetof(struct conf_special, private_reverse), .initial = "local",
	  .help = "The same for the names of private and other local addresses (RFC "
		"6303). A forward line for such a suffix goes before." },
	{ CONF_SPECIAL, "doh-canary", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_special, doh_canary), .initial = "on",
	  .help = "Whether use-application-dns.net does not exist: browsers then do not "
		"turn to a resolver of their own by themselves." },
	{ CONF_SPECIAL, "relay-canary", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_special, relay_canary), .initial = "on",
	  .help = "Whether mask.icloud.com and mask-h2.icloud.com do not exist: Apple's "
		"devices then say that private relay is off here." },

	{ CONF_REBIND, "protect", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_rebind, protect), .initial = "on",
	  .help = "Whether private, loopback and link-local addresses, and the addresses "
		"of this machine, are taken out of what upstreams answer: a page from the "
		"Internet could reach devices at home by them." },
	{ CONF_REBIND, "allow", .type = TYPE_SUFFIXES, .args = "NAME ...",
	  .help = "Names, with all below them, that may have such addresses. So may those "
		"that a forward line sends to an upstream of their own." },

	{ CONF_ZONE, "interface", .type = TYPE_INTERFACE, .args = "NAME ... | *",
	  .help = "Network interfaces of the zone. The sign * alone means each that "
		"no other zone names. At least one; none in two zones." },
	{ CONF_ZONE, "gate", .type = TYPE_CHOICE, .choices = conf_words_gate,
	  .at = offsetof(struct conf_zone, gate), .initial = "off",
	  .help = "Whether a device of the zone may open connections to public "
		"addresses that it did not look up: off, nobody cares; observe, it "
		"may, and it is recorded; enforce, it may not." },
	{ CONF_ZONE, "on-failure", .type = TYPE_CHOICE, .choices = conf_words_failure,
	  .at = offsetof(struct conf_zone, on_failure),
	  .initial_note = "servfail where gate is enforce, else answer",
	  .help = "What a client hears when its lease could not be put into the "
		"firewall in time." },
	{ CONF_ZONE, "when-down", .type = TYPE_CHOICE, .choices = conf_words_down,
	  .at = offsetof(struct conf_zone, when_down), .initial = "open",
	  .help = "What an orderly stop of the service leaves: open, no rules for this "
		"zone; closed, its rules and leases stay, the leases until their time is "
		"over, and nothing new can be reached. A crash leaves all as it was, "
		"and Ctrl-C in a terminal removes all." },
	{ CONF_ZONE, "lease-for", .type = TYPE_CHOICE, .choices = conf_words_lease_for,
	  .at = offsetof(struct conf_zone, lease_for), .initial = "device",
	  .help = "For whom a lookup opens an address: device, for the one that asked; "
		"zone, for all that come in by the zone's interfaces, which then count as "
		"one device in max-device-leases. With many interfaces each lease is there "
		"as many times. After a change back, shared leases run out." },
	{ CONF_ZONE, "allow", .type = TYPE_ALLOW,
	  .args = "tcp|udp PORT[-PORT] | ADDRESS | NETWORK | mac ADDRESS [during WINDOW]",
	  .help = "What the zone's devices may reach without a lookup, or, behind mac, a "
		"device of it that may reach everything; behind during, only then. Connections "
		"that are there go on." },
	{ CONF_ZONE, "refuse-dot", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_zone, refuse_dot), .initial = "off",
	  .help = "Whether DNS over TLS and QUIC, which is port 853, is refused at once, "
		"so that devices fall back to asking us." },
	{ CONF_ZONE, "refuse-list", .type = TYPE_LISTS,
	  .at = offsetof(struct conf_zone, refuse_lists),
	  .args = "LIST ...",
	  .help = "Lists whose addresses and networks the zone may open no connection to, in "
		"every mode of the gate, looked up or not; names in them do not count here. An "
		"address that allow lines name is spared. Private addresses, and networks "
		"wider than an IPv4 /7 or IPv6 /12, are never refused by a list. What comes in "
		"from such addresses is not judged: that is for your firewall to decide." },
	{ CONF_ZONE, "redirect-dns", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_zone, redirect_dns), .initial = "off",
	  .help = "Whether questions on port 53 to resolvers elsewhere are answered by "
		"us, unnoticed by the device. They go to the listen address on port 53 whose "
		"label is the zone's name, else to the first that is not of loopback." },
	{ CONF_ZONE, "reach", .type = TYPE_REACH, .args = "internet | ZONE ...",
	  .help = "Where the zone may open connections to, besides itself: other zones, "
		"and the internet, which is each interface that no zone names. All else "
		"is refused, in every mode of the gate. Without such a line it is left "
		"to the rest of the firewall; with only its own name nothing else can be "
		"reached." },

	{ CONF_DEVICE, "mac", .type = TYPE_MAC, .args = "ADDRESS ...",
	  .help = "Hardware addresses by which the device is known. None in two "
		"devices." },
	{ CONF_DEVICE, "address", .type = TYPE_ADDRESS, .args = "ADDRESS ...",
	  .help = "IP addresses by which it is known where no hardware address is "
		"seen. None in two devices." },
	{ CONF_DEVICE, "dhcp-name", .type = TYPE_DHCP_NAME, .args = "NAME ...",
	  .help = "What it calls itself towards the DHCP server, as the leases files of local "
		"blocks say, for devices whose addresses change. None in two devices. Mind: the "
		"device chooses that name, and any other may take it. So it counts for "
		"who has no other device's address, never for the gate, and only as long as "
		"the policy that it leads to is as strict as the one without it: blocks all that "
		"this one blocks, allows no more, and has the same upstream and hours." },
	{ CONF_DEVICE, "trust-name", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_device, trust_name), .initial = "off",
	  .help = "Whether dhcp-name leads to a policy that is less strict, too, and to what is "
		"allowed or paused for the device: then whoever takes the name has that." },
	{ CONF_DEVICE, "gate", .type = TYPE_CHOICE, .choices = conf_words_device_gate,
	  .at = offsetof(struct conf_device, gate), .initial = "zone",
	  .help = "The gate for this device, whatever its zone says; zone: as its zone "
		"says. A zone's refuse-dot, refuse-list, redirect-dns and reach hold "
		"nevertheless. A device that has only addresses is seen where it uses one "
		"of them. quarantine: whatever it sends through this machine is refused, to "
		"private addresses too, exceptions, leases and what is established "
		"notwithstanding; its questions are answered, and open nothing. What it "
		"sends within its own network, and to this machine, goes on." },

	{ CONF_GROUP, "member", .type = TYPE_MEMBER,
	  .args = "DEVICE | ADDRESS | NETWORK ...",
	  .help = "Devices, by the name of their block, addresses and networks." },

	{ CONF_LIST, "file", .type = TYPE_PATH, .at = offsetof(struct conf_list, file),
	  .max = 4095,
	  .help = "File with the names, one entry a line." },
	{ CONF_LIST, "name", .type = TYPE_NAME, .args = "NAME ...",
	  .help = "Entries written here, as in a list of domains: x.example is this "
		"name, *.x.example is this name and all below." },
	{ CONF_LIST, "format", .type = TYPE_CHOICE, .choices = conf_words_format,
	  .at = offsetof(struct conf_list, format), .initial = "auto",
	  .help = "How the file is written; auto goes by the first lines, but for owners: a "
		"table of addresses and who owns them (start, end, AS number and, in any "
		"order, country and organisation, parted by tabs or commas; or a file in "
		"MaxMind's format, .mmdb), of which only what 'owner' asks for is taken. "
		"Without 'owner' such a table only tells who owns an address." },
	{ CONF_LIST, "owner", .type = TYPE_OWNER, .args = "ASn | COUNTRY | TEXT ...",
	  .example = "AS64496",
	  .help = "Whose addresses are taken from a file of format owners: an autonomous "
		"system, a country (two capital letters), or an organisation, by a part of its "
		"name, small and capital letters alike." },
	{ CONF_LIST, "subdomains", .type = TYPE_CHOICE, .choices = conf_words_subdomain,
	  .at = offsetof(struct conf_list, subdomains), .initial = "auto",
	  .help = "Whether an entry holds for the names below it too; auto does as "
		"the format says: in hosts files and domains, only for entries with *." },
	{ CONF_LIST, "url", .type = TYPE_URL, .at = offsetof(struct conf_list, url),
	  .args = "URL", .example = "https://lists.example/ads.txt",
	  .help = "Where `nameward list update` fetches the file from, by http or https; "
		"the last good copy stays in force while that fails. Without 'file' the "
		"copy is NAME.txt in lists-folder. No redirect and no DNS answer leads it to "
		"what is at home, unless its host here is an address, or a name of a local, "
		"host, forward or rebind line or of /etc/hosts. What it says of a public suffix "
		"(com, co.uk) or of names that are needed (of lists, updates, the time, upstreams "
		"and names at home) does not count: block those in a list without a URL." },
	{ CONF_LIST, "refresh", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_list, refresh_s), .min = HOUR, .max = 90 * DAY,
	  .initial = "1d",
	  .help = "How old the copy may be before an update asks for it again." },

	{ CONF_POLICY, "for", .type = TYPE_FOR, .args = "GROUP ...",
	  .help = "Groups the policy is for. The first policy, in the order of the "
		"files, that is for a client's group holds; policy default, which has "
		"no such line, holds for all others." },
	{ CONF_POLICY, "block", .type = TYPE_POLICY_LISTS,
	  .at = offsetof(struct conf_policy, block_always),
	  .args = "LIST ... [during WINDOW]",
	  .help = "Lists of names that are blocked; behind during, only then." },
	{ CONF_POLICY, "allow", .type = TYPE_POLICY_LISTS,
	  .at = offsetof(struct conf_policy, allow_always),
	  .args = "LIST ... [during WINDOW]",
	  .help = "Lists of names that are not blocked, whatever other lists say; behind "
		"during, only then." },
	{ CONF_POLICY, "hours", .type = TYPE_HOURS, .at = offsetof(struct conf_policy, hours),
	  .args = "[DAY[-DAY],...] [HH:MM-HH:MM,...]",
	  .help = "When anything may be looked up, written as in a window. Outside of "
		"these hours every name is blocked, and what was opened at the gate is "
		"closed; of lists that allow, none holds then. Names at home are "
		"answered nevertheless. Without such a line there is no such time." },
	{ CONF_POLICY, "block-answer", .type = TYPE_CHOICE, .choices = conf_words_answer,
	  .at = offsetof(struct conf_policy, block_answer),
	  .initial_note = "as block-answer says outside of policies",
	  .help = "What its blocked names are answered with." },
	{ CONF_POLICY, "block-ttl", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_policy, block_ttl_s), .max = DAY,
	  .initial_note = "as block-ttl says outside of policies",
	  .help = "How long its clients may remember that a name is blocked." },
	{ CONF_POLICY, "upstream", .type = TYPE_UPSTREAM, .args = "UPSTREAM",
	  .help = "Ask this upstream for its clients, but for names with a forward line of "
		"their own. Its answers are kept apart in the cache." },

	{ CONF_GATE, "table", "inet", .type = TYPE_TABLE,
	  .at = offsetof(struct conf_gate, table), .args = "NAME", .initial = "nameward",
	  .help = "The nftables table, ours alone: it is made at start and replaced "
		"whole." },
	{ CONF_GATE, "table-owner", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_gate, table_owner), .initial = "on",
	  .help = "Own the table where the kernel can (Linux 6.9): others may read it, "
		"but not change or flush it, so a reload of the firewall costs nothing. "
		"Off, and on older kernels, it is restored after a flush. A saved "
		"ruleset must not contain an owned table: loading it would be "
		"refused." },
	{ CONF_GATE, "lease-min", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_gate, lease_min_s), .min = 1, .max = DAY,
	  .initial = "60s",
	  .help = "An address stays open at least this long." },
	{ CONF_GATE, "lease-max", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_gate, lease_max_s), .min = 1, .max = 7 * DAY,
	  .initial = "1d",
	  .help = "It stays open no longer than this, whatever the TTL says." },
	{ CONF_GATE, "grace", .type = TYPE_SECONDS,
	  .at = offsetof(struct conf_gate, grace_s),
	  .min = 0, .max = DAY, .initial = "10m",
	  .help = "It stays open this long past its TTL, for programs that remember "
		"longer." },
	{ CONF_GATE, "answer-deadline", .type = TYPE_MS,
	  .at = offsetof(struct conf_gate, answer_deadline_ms), .min = 1, .max = 5000,
	  .initial = "250ms",
	  .help = "How long an answer waits for the firewall; then on-failure "
		"decides." },
	{ CONF_GATE, "max-leases", .type = TYPE_COUNT,
	  .at = offsetof(struct conf_gate, max_leases), .min = 64, .max = 1048576,
	  .initial = "65536",
	  .help = "Leases in all." },
	{ CONF_GATE, "max-device-leases", .type = TYPE_COUNT,
	  .at = offsetof(struct conf_gate, max_device_leases), .min = 16, .max = 1048576,
	  .initial = "4096",
	  .help = "Leases of one device." },
	{ CONF_GATE, "router", .type = TYPE_CHOICE, .choices = conf_words_gate,
	  .at = offsetof(struct conf_gate, router), .initial = "off",
	  .help = "The gate for what this machine itself sends, as in a zone. Mind: enforced, "
		"it may connect only where it has asked nameward before. Have it ask "
		"nameward and no other resolver, and write allow lines for what works "
		"without names: NTP and NTS, a VPN's endpoint, the provider's DHCP "
		"server. Observe first, for days: updates are rare. Answers, what goes to "
		"private addresses and what nameward's own accounts ask pass." },
	{ CONF_GATE, "allow", .type = TYPE_ALLOW,
	  .args = "tcp|udp PORT[-PORT] | ADDRESS | NETWORK | mac ADDRESS [during WINDOW]",
	  .help = "What every gated device may reach without a lookup, or, behind mac, a "
		"device that may reach everything; behind during, only then." },
	{ CONF_GATE, "deny", .type = TYPE_DENY, .args = "ADDRESS | NETWORK ...",
	  .help = "What no gated device may reach, looked up, allowed or not: known public "
		"resolvers, for example." },
	{ CONF_GATE, "fill", .type = TYPE_FILL, .args = "NAME inet|ip|ip6 TABLE SET ...",
	  .help = "Put the public addresses that anyone looks up for this name into sets of "
		"your own table, before the answer is sent. *.x.example is this name and "
		"all below; the closest line wins. A set of IPv4 addresses takes those, "
		"one of IPv6 addresses these. Elements get the lifetime of a lease where "
		"the set has the flag timeout, else they stay; sets with the flag "
		"interval cannot be filled. The table and the sets must be there: they "
		"are never made, emptied or removed." },

	{ CONF_HISTORY, "file", .type = TYPE_PATH,
	  .at = offsetof(struct conf_history, file),
	  .max = 4095, .initial = "/var/lib/nameward/history.db",
	  .initial_user = "nameward-history.db",
	  .help = "The SQLite database. Its folder is made at start." },
	{ CONF_HISTORY, "commit-every", .type = TYPE_MS,
	  .at = offsetof(struct conf_history, commit_every_ms),
	  .min = 100, .max = 3600000,
	  .initial = "2s",
	  .help = "Write to disk after this time; a crash loses no more." },
	{ CONF_HISTORY, "commit-rows", .type = TYPE_COUNT,
	  .at = offsetof(struct conf_history, commit_rows), .min = 1, .max = 100000,
	  .initial = "500",
	  .help = "Write to disk after this many rows, if that is earlier." },
	{ CONF_HISTORY, "keep", "lookups", .type = TYPE_SECONDS64,
	  .at = offsetof(struct conf_history, keep_lookups_s),
	  .min = HOUR, .max = 100ull * YEAR,
	  .zero = "forever", .initial = "90d",
	  .help = "How long lookups are kept." },
	{ CONF_HISTORY, "keep", "refusals", .type = TYPE_SECONDS64,
	  .at = offsetof(struct conf_history, keep_refusals_s), .min = HOUR,
	  .max = 100ull * YEAR, .zero = "forever", .initial = "90d",
	  .help = "How long connections that the gate refused are kept." },
	{ CONF_HISTORY, "keep", "hourly", .type = TYPE_SECONDS64,
	  .at = offsetof(struct conf_history, keep_hourly_s), .min = HOUR,
	  .max = 100ull * YEAR, .zero = "forever", .initial = "5y",
	  .help = "How long it is kept how many lookups each client had in each hour." },
	{ CONF_HISTORY, "keep", "daily", .type = TYPE_SECONDS64,
	  .at = offsetof(struct conf_history, keep_daily_s), .min = HOUR,
	  .max = 100ull * YEAR, .zero = "forever", .initial = "2y",
	  .help = "How long it is kept how often each client asked for each name in each day, "
		"and which names were ever asked for." },
	{ CONF_HISTORY, "max-size", .type = TYPE_SIZE,
	  .at = offsetof(struct conf_history, max_size_bytes),
	  .min = MIB, .max = 64 * TIB,
	  .zero = "unlimited", .initial = "2GiB",
	  .help = "Size of the database on disk; beyond it the oldest lookups go first, "
		"down to a week, then the oldest days of `keep daily', down to a month, "
		"then the rest, lookups first." },
	{ CONF_HISTORY, "privacy", .type = TYPE_CHOICE, .choices = conf_words_privacy,
	  .at = offsetof(struct conf_history, privacy), .initial = "clear",
	  .help = "What is left out of a lookup before it is recorded: nothing; what was "
		"answered; or what was asked for and what was answered." },
	{ CONF_HISTORY, "hash-clients", .type = TYPE_CHOICE, .choices = conf_words_switch,
	  .at = offsetof(struct conf_history, hash_clients), .initial = "off",
	  .help = "Record a client as a hash of its MAC address, or of its address without "
		"one, by a random key in a file beside the database, FILE.key, which "
		"only account nameward-db may read. Without the key no hash leads back." },
	{ CONF_HISTORY, "never-record", .type = TYPE_NEVER,
	  .args = "NAME | ADDRESS | NETWORK | DEVICE ...",
	  .example = "*.in-addr.arpa *.clinic.example 192.168.1.77",
	  .help = "Lookups of these names, or whose answer leads over them by a CNAME, and "
		"anything that these clients do, are not recorded at all. *.x.example is "
		"this name and all below." },
};

const struct conf_option *conf_options(size_t *count)
{
	*count = ARRAY_SIZE(options);
	return options;
}
