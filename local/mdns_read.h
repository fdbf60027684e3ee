/*
 * Names of hosts in Multicast DNS (RFC 6762): what a response says, without asking whether
 * its sender may say it. Any bytes; pure. Names in it were chosen by their hosts.
 */
#ifndef LOCAL_MDNS_READ_H
#define LOCAL_MDNS_READ_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/host_label.h"

#define MDNS_PACKET_MAX 9000 /* RFC 6762 §17, with the headers below it */
#define MDNS_NAMES_MAX	16   /* of one packet; further ones are left out */

struct mdns_name {
	struct addr addr;
	uint32_t ttl_s; /* 0: it is its name no more (RFC 6762 §10.1) */
	char name[HOST_LABEL_MAX + 1]; /* of host_label; without .local */
};

/** Read the A and AAAA records of names HOST.local out of a response.
 *  @return how many, 0 also for a question
 *  @retval -EBADMSG  cut short or malformed: nothing of it counts */
int mdns_read(const uint8_t *packet, size_t len, struct mdns_name out[MDNS_NAMES_MAX]);

#endif
