/*
 * The configuration as plain values, read-only after conf_parse(); see conf.h. Apart from it
 * because of its size: include conf.h.
 */
#ifndef CONF_CONF_VALUES_H
#define CONF_CONF_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf_hours.h"
#include "conf/conf_local.h"
#include "conf/conf_place.h"
#include "lib/addr.h"
#include "lib/dname.h"

#define CONF_LISTS_MAX 64 /* one bit each in a policy's masks */
#define CONF_URL_MAX   2047
#define CONF_SHARERS_MAX 32 /* interfaces of a zone that shares its leases */
#define CONF_NAME_MAX  63 /* of zones, devices, groups, lists, policies: [A-Za-z0-9._-]+ */

struct conf_listen {
	char *name; /* label; every address of one line has the same */
	struct addr_port at; /* without a scope */
	char *interface; /* of a link-local address, perhaps not there yet; NULL: no such address */
	struct conf_place place;
};

enum conf_order { ORDER_FASTEST, ORDER_FIRST, ORDER_SPREAD };

/** SHA-256 of a public key as certificates carry it (SubjectPublicKeyInfo). */
struct conf_pin {
	uint8_t sha256[32];
};

struct conf_tls {
	char *name; /* that its certificate must be for */
	struct conf_pin *pins;
	size_t pin_count; /* 0: the certificate decides; else its key, and nothing else */
};

struct conf_server {
	struct addr_port at; /* its scope is 0 while its interface is not there */
	char interface[ADDR_INTERFACE_MAX]; /* of a link-local address; "": no such address */
	struct conf_tls *tls; /* NULL: in the clear */
};

struct conf_upstream {
	char *name;
	struct conf_server *servers;
	size_t server_count;
	uint32_t timeout_ms; /* of the whole question, over all servers and tries */
	enum conf_order order;
	struct conf_place place;
};

/** Longest suffix wins. The root suffix names the default upstream. */
struct conf_forward {
	struct dname suffix; /* lower case */
	size_t upstream;     /* index */
	struct conf_place place;
};

enum conf_nxdomain { NXDOMAIN_OFF, NXDOMAIN_SECURE, NXDOMAIN_ALL };

struct conf_cache {
	uint64_t size_bytes; /* 0: off */
	uint32_t ttl_max_s;
	uint32_t negative_max_s;
	uint32_t stale_s; /* 0: off */
	uint32_t stale_after_ms;
	enum conf_switch prefetch;
	enum conf_nxdomain nxdomain_below;
};

enum conf_others { OTHERS_REFUSE, OTHERS_IGNORE };

/** Who is answered, and how much of it. */
struct conf_clients {
	struct addr_net *nets; /* none: private addresses, see access.h */
	size_t net_count;
	enum conf_others others;
	uint32_t rate;	/* questions a second of one client; 0: no limit */
	uint32_t burst; /* at once */
	uint32_t connections; /* by TCP, of one client */
	enum conf_switch mdns_names; /* listen to what they call themselves */
};

enum conf_gate_mode { GATE_OFF, GATE_OBSERVE, GATE_ENFORCE, GATE_QUARANTINE };
enum conf_on_failure { FAILURE_ANSWER, FAILURE_SERVFAIL };
enum conf_when_down { DOWN_OPEN, DOWN_CLOSED };
enum conf_lease_for { LEASE_FOR_DEVICE, LEASE_FOR_ZONE };

/** Hours of the week that have a name. */
struct conf_window {
	char *name;
	struct conf_hours hours;
	struct conf_place place;
};

/** Allowed without a lookup: a service (proto set), a device (has_mac), or a network. */
struct conf_gate_allow {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	bool has_mac;
	uint16_t port_first, port_last;
	bool closed; /* not now: conf_windows_apply() has found it outside its window */
	struct mac mac;
	struct addr_net net;
	size_t window; /* index; SIZE_MAX: always */
	struct conf_place place;
};

struct conf_zone {
	char *name;
	char **interfaces; /* names; "*" alone: each that no other zone names */
	size_t interface_count;
	int64_t bypass_until_s; /* 0: no; else `gate` is not what was written (conf_bypass.h) */
	enum conf_gate_mode gate;
	enum conf_on_failure on_failure; /* default: servfail in enforce, answer otherwise */
	enum conf_when_down when_down;	 /* what an orderly stop leaves behind */
	enum conf_lease_for lease_for;
	enum conf_switch redirect_dns, refuse_dot;
	bool has_reach;	     /* else anything may be reached, as far as we care */
	bool reach_internet; /* whatever no zone names an interface of */
	size_t *reach;	     /* zones (indices) besides itself */
	size_t reach_count;
	uint64_t refuse_lists; /* bit i: addresses of list i are not to be reached */
	struct conf_gate_allow *allows;
	size_t allow_count;
	struct conf_place place;
};

/** One more than enum conf_gate_mode: as the zone says. */
enum conf_device_gate { DEVICE_AS_ZONE, DEVICE_OFF, DEVICE_OBSERVE, DEVICE_ENFORCE,
			DEVICE_QUARANTINE };

struct conf_device {
	char *name;
	enum conf_device_gate gate;
	int64_t quarantine_until_s; /* 0: `gate` is what was written */
	struct mac *macs;
	size_t mac_count;
	struct addr *addrs;
	size_t addr_count;
	char **dhcp_names; /* lower case; what it calls itself where it has its lease */
	size_t dhcp_name_count;
	enum conf_switch trust_name; /* such a name counts as much as an address */
	struct conf_place place;
};

/** One member of a group: a device (index), or a network where device is SIZE_MAX. */
struct conf_member {
	size_t device;
	struct addr_net net;
};

struct conf_group {
	char *name;
	struct conf_member *members;
	size_t member_count;
	struct conf_place place;
};

enum conf_list_format {
	LIST_AUTO,
	LIST_HOSTS,
	LIST_DOMAINS,
	LIST_ADBLOCK,
	LIST_DNSMASQ, /* and SmartDNS */
	LIST_UNBOUND,
	LIST_RPZ,
	LIST_IP,
	LIST_OWNERS, /* a table of who owns which addresses */
};
enum conf_subdomains { SUBDOMAINS_AUTO, SUBDOMAINS_YES, SUBDOMAINS_NO };

/** A `name` line inside a list block: an entry written in the configuration itself. */
struct conf_list_name {
	char *text; /* as a line of a domain list: "x.example" or "*.x.example" */
	struct conf_place place;
};

struct conf_list {
	char *name;
	char *file; /* path, relative ones resolved; of a url without one: in lists_folder;
		       NULL: none, only names */
	char *url;  /* what file is a copy of, or NULL */
	uint32_t refresh_s;
	struct conf_list_name *names;
	size_t name_count;
	char **owners; /* of LIST_OWNERS: whose ranges are taken (list_owner.h) */
	size_t owner_count;
	enum conf_list_format format;
	enum conf_subdomains subdomains;
	struct conf_place place;
};

enum conf_block_answer { BLOCK_NXDOMAIN, BLOCK_NULL, BLOCK_NODATA, BLOCK_REFUSED };

/** Lists that a policy blocks or allows by in a window's hours. */
struct conf_during {
	size_t window; /* index */
	uint64_t block, allow;
};

/** The first policy, in this order, one of whose groups holds the client; else `default`. */
struct conf_policy {
	char *name;
	size_t *groups; /* indices; none: this is `default` */
	size_t group_count;
	uint64_t block; /* those that hold now, bit i: list i; conf_policies_apply() */
	uint64_t allow;
	uint64_t block_always, allow_always; /* of them, those that do at all times */
	struct conf_during *durings;
	size_t during_count;
	enum conf_block_answer block_answer;
	uint32_t block_ttl_s;
	bool has_upstream; /* else the root forward's */
	size_t upstream;   /* index, for the names that the root forward is for */
	struct conf_hours hours; /* outside of them every name is blocked; empty: none */
	bool closed;		 /* now is outside of them */
	struct conf_place place;
};

/** Addresses of these names go into sets of a table that is not ours. */
struct conf_fill {
	struct dname suffix; /* lower case */
	bool subtree;	     /* names below it too */
	uint8_t family;	     /* NFPROTO_INET, _IPV4 or _IPV6, of the table */
	char *table;
	char **sets;
	size_t set_count;
	struct conf_place place;
};

#define CONF_ACCOUNTS_MAX 2

struct conf_gate {
	char *table; /* its name in family inet: "nameward" */
	enum conf_switch table_owner; /* keep others from changing it */
	uint32_t lease_min_s, lease_max_s, grace_s;
	uint32_t answer_deadline_ms;
	uint32_t max_leases;	     /* in all */
	uint32_t max_device_leases;  /* of one device */
	enum conf_gate_mode router;  /* for what this machine sends itself */
	int64_t router_bypass_until_s; /* as in a zone */
	uint32_t accounts[CONF_ACCOUNTS_MAX]; /* numbers of ours that talk to the Internet */
	size_t account_count;
	struct conf_gate_allow *allows; /* for every gated device */
	size_t allow_count;
	struct addr_net *denies; /* refused although looked up or allowed */
	size_t deny_count;
	struct conf_fill *fills;
	size_t fill_count;
};

/** The numbers are stored in the database: only ever add. */
enum conf_privacy { PRIVACY_CLEAR, PRIVACY_NO_ANSWERS, PRIVACY_NO_NAMES };

/** What is not recorded: lookups of a name, or what one client does. */
struct conf_never {
	char *text;	     /* as written */
	bool is_net;
	struct addr_net net; /* is_net */
	struct dname name;   /* not is_net; a name, or the label of a device */
	bool below;	     /* and all names below it */
};

struct conf_history {
	bool on;
	char *file;
	uint32_t commit_every_ms;
	uint32_t commit_rows;
	uint64_t keep_lookups_s; /* 0: for ever */
	uint64_t keep_refusals_s;
	uint64_t keep_hourly_s;
	uint64_t keep_daily_s;
	uint64_t max_size_bytes; /* 0: no limit */
	enum conf_privacy privacy;
	uint32_t hash_clients; /* 0 or 1 */
	struct conf_never *nevers;
	size_t never_count;
};

struct conf {
	struct conf_listen *listens;
	size_t listen_count;
	struct conf_upstream *upstreams;
	size_t upstream_count;
	struct conf_forward *forwards; /* the root suffix is always there */
	size_t forward_count;
	struct conf_clients clients;
	struct conf_cache cache;
	struct conf_window *windows;
	size_t window_count;
	struct conf_zone *zones;
	size_t zone_count;
	struct conf_device *devices;
	size_t device_count;
	struct conf_group *groups;
	size_t group_count;
	struct conf_list *lists; /* at most CONF_LISTS_MAX */
	size_t list_count;
	struct conf_policy *policies; /* `default` is always there, and is the last */
	size_t policy_count;
	struct conf_local *locals;
	size_t local_count;
	struct conf_host *hosts;
	size_t host_count;
	struct conf_cname *cnames;
	size_t cname_count;
	struct conf_special special;
	struct conf_rebind rebind;
	enum conf_block_answer block_answer;
	uint32_t block_ttl_s;
	struct conf_gate gate;
	struct conf_history history;
	char *overrides; /* path of the file of conf_override.h */
	char *lists_folder; /* of copies of what URLs give */
	char *ca_certificates; /* path; read where a server is asked over TLS */
	char *ca_text; /* its text, where the bundle carries it; NULL: it does not */
	char *control; /* path of the control socket; its folder is made at start */
	char *query_group; /* may ask by conf_query_path */
	void *owned;   /* texts that places borrow */
};

#endif
