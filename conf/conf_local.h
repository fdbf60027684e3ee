/* Values of names at home, of special names and of rebinding; a part of conf.h. */
#ifndef CONF_CONF_LOCAL_H
#define CONF_CONF_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf_place.h"
#include "lib/addr.h"
#include "lib/dname.h"

/** How a file of local data is written: hosts(5), or the leases of a DHCP server. */
enum conf_local_format { LOCAL_HOSTS, LOCAL_DNSMASQ, LOCAL_ISC, LOCAL_KEA, LOCAL_NETWORKD };

struct conf_local_file {
	char *path; /* relative ones resolved */
	enum conf_local_format format;
	struct conf_place place;
};

/** A suffix that is ours: names under it are never asked for elsewhere. */
struct conf_local {
	char *name; /* the suffix as written */
	struct dname suffix; /* lower case */
	uint32_t ttl_s;
	struct conf_local_file *files;
	size_t file_count;
	struct conf_place place;
};

/** A `host` line. A name of one label is also meant under each local suffix. */
struct conf_host {
	struct dname name; /* lower case */
	struct addr *addrs;
	size_t addr_count;
	struct conf_place place;
};

struct conf_cname {
	struct dname alias, target; /* lower case; one label: as in conf_host */
	struct conf_place place;
};

enum conf_whither { ASK_NOBODY, ASK_UPSTREAM };

/** Names that mean something of their own. */
struct conf_special {
	enum conf_whither single_labels, private_reverse;
	enum conf_switch doh_canary, relay_canary; /* on: say no */
};

/** Addresses that a public name must not lead to. */
struct conf_rebind {
	enum conf_switch protect;
	struct dname *allows; /* lower case; names below them too */
	size_t allow_count;
};

#endif
