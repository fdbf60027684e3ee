/*
 * What the configuration says of a connection before any lease is looked at: its zone, the
 * gate's mode there, exceptions. Knows nothing of leases and of the daemon.
 */
#ifndef CLI_GATE_CONF_H
#define CLI_GATE_CONF_H

#include <stddef.h>
#include <stdint.h>

struct addr;
struct conf;
struct conf_gate_allow;

#define GATE_CONF_NONE	   SIZE_MAX
#define GATE_CONF_LINE_MAX 80

/** Index of the zone of an interface, GATE_CONF_NONE if there is none. */
size_t gate_conf_zone(const struct conf *conf, const char *interface);

/** Index of the zone called name, GATE_CONF_NONE if there is none. */
size_t gate_conf_zone_named(const struct conf *conf, const char *name);

/** Index of the device that has this MAC address or address, as text; GATE_CONF_NONE. */
size_t gate_conf_device(const struct conf *conf, const char *text);

/** The first exception that lets a connection pass without a lease, or NULL.
 *  @param proto  IPPROTO_TCP, IPPROTO_UDP, or 0: whatever it is, so exceptions for a
 *                service do not count */
const struct conf_gate_allow *gate_conf_allow(const struct conf *conf, const struct addr *dest,
					      uint8_t proto, uint16_t port);

/** An exception as the configuration writes it ("allow udp 123", "allow 192.0.2.0/24"), in
 *  buf of GATE_CONF_LINE_MAX bytes; returns buf. */
const char *gate_conf_allow_text(const struct conf_gate_allow *allow, char *buf);

/** Seconds that a lease lives from the moment of its answer. */
int64_t gate_conf_lease_s(const struct conf *conf, int64_t ttl_s);

#endif
