/*
 * What the configuration says of a connection before any lease is looked at: its zone, the
 * gate's mode there, exceptions. Knows nothing of leases and of the daemon.
 */
#ifndef CLI_GATE_CONF_H
#define CLI_GATE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addr;
struct addr_net;
struct conf;
struct conf_gate_allow;
struct mac;

#define GATE_CONF_NONE	   SIZE_MAX
#define GATE_CONF_LINE_MAX 160

/** Whether what came by this interface was sent by the router itself, and that is gated: then
 *  no zone has it. */
bool gate_conf_is_router(const struct conf *conf, const char *interface);

/** Index of the zone of an interface, GATE_CONF_NONE if there is none. */
size_t gate_conf_zone(const struct conf *conf, const char *interface);

/** Index of the zone that names this interface: `*` does not. GATE_CONF_NONE if there is none. */
size_t gate_conf_zone_of(const struct conf *conf, const char *interface);

/** Index of the zone called name, GATE_CONF_NONE if there is none. */
size_t gate_conf_zone_named(const struct conf *conf, const char *name);

/** Index of the device that has this MAC address or address, as text; GATE_CONF_NONE. */
size_t gate_conf_device(const struct conf *conf, const char *text);

/** The `allow` of an address or network, of a zone (index or GATE_CONF_NONE) or of the gate, by
 *  which no list refuses an address; or NULL. */
const struct conf_gate_allow *gate_conf_spare(const struct conf *conf, size_t zone,
					      const struct addr *dest);

/** A connection, as far as it is known. */
struct gate_conf_flow {
	size_t zone, device;   /* indices, or GATE_CONF_NONE */
	const struct mac *mac; /* or NULL */
	const struct addr *dest;
	uint8_t proto; /* IPPROTO_TCP, IPPROTO_UDP, or 0: whatever it is, so that neither
			  exceptions for a service count nor refusals of one */
	uint16_t port;
	const char *out; /* interface it leaves by; NULL: not known, so that reach says
			    nothing */
};

/** The mode of a device in a zone (each an index or GATE_CONF_NONE): an
 *  enum conf_gate_mode, or -1: neither says. */
int gate_conf_mode(const struct conf *conf, size_t zone, size_t device);

/** The `deny` that has an address, or NULL. */
const struct addr_net *gate_conf_deny(const struct conf *conf, const struct addr *dest);

/** The exception of the zone, else of the gate, that lets a connection pass without a lease,
 *  or NULL; none where `deny` has its destination. */
const struct conf_gate_allow *gate_conf_allow(const struct conf *conf,
					      const struct gate_conf_flow *flow);

enum gate_conf_fate {
	FATE_BY_LEASE, /* it needs one, where the gate enforces */
	FATE_PASSES,   /* by an exception, or its device is exempt */
	FATE_REFUSED,  /* by `deny`, or by its zone */
};

/** Whether it is refused whatever a gate's mode: its device is in quarantine, or its zone does,
 *  as it is not in `reach`, or DNS over TLS. */
bool gate_conf_is_shut(const struct conf *conf, const struct gate_conf_flow *flow);

/** What becomes of a connection, whatever was looked up. */
enum gate_conf_fate gate_conf_fate(const struct conf *conf, const struct gate_conf_flow *flow);

/** What a zone's devices may reach, as `reach` has it ("internet lan"), cut to size. */
void gate_conf_reach_text(const struct conf *conf, size_t zone, char *buf, size_t size);

/** An exception as the configuration writes it ("allow udp 123", "allow 192.0.2.0/24"), in
 *  buf of GATE_CONF_LINE_MAX bytes; returns buf. */
const char *gate_conf_allow_text(const struct conf *conf, const struct conf_gate_allow *allow,
				 char *buf);

/** Seconds that a lease lives from the moment of its answer. */
int64_t gate_conf_lease_s(const struct conf *conf, int64_t ttl_s);

#endif
