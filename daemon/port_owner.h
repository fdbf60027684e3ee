/* Who holds a local port, from /proc, for an error message. */
#ifndef DAEMON_PORT_OWNER_H
#define DAEMON_PORT_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/addr.h"

#define PORT_OWNER_MAX 96

/** Text such as "dnsmasq (pid 312)" in buf of PORT_OWNER_MAX bytes; "a process of user
 *  dnsmasq" where its descriptors may not be read (CAP_SYS_PTRACE), "another process" where
 *  nothing is known. Returns buf. */
const char *port_owner_describe(const struct addr_port *at, bool stream, char *buf);

#endif
