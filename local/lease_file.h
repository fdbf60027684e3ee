/*
 * Lease files of DHCP servers, as whole texts of any bytes: what is not understood is left
 * out. Pure; knows nothing of files nor of what leases are used for.
 */
#ifndef LOCAL_LEASE_FILE_H
#define LOCAL_LEASE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct dhcp_leases;

/** dnsmasq's lease file: "EXPIRY MAC ADDRESS NAME CLIENT-ID", for IPv6 an IAID in the MAC's
 *  place and a DUID in the client-id's. @retval -ENOMEM */
int lease_file_dnsmasq(const char *text, size_t len, struct dhcp_leases *to);

/** dhcpd.leases(5) and dhcpd6.leases: lease and ia-na blocks, of which a later one replaces
 *  an earlier one. @retval -ENOMEM */
int lease_file_isc(const char *text, size_t len, struct dhcp_leases *to);

/** Kea's memfile, by the names of the columns in its first line. A later line replaces an
 *  earlier one. @retval -EPROTONOSUPPORT no such first line; -ENOMEM */
int lease_file_kea(const char *text, size_t len, struct dhcp_leases *to);

/** The JSON that systemd-networkd keeps of its DHCP server since version 256.
 *  @retval -EPROTONOSUPPORT not JSON; -ENOMEM */
int lease_file_networkd(const char *text, size_t len, struct dhcp_leases *to);

#endif
