/* The readers of options, one for each type of value (conf_read*.c). */
#ifndef CONF_CONF_READ_H
#define CONF_CONF_READ_H

#include "conf/conf_parse.h"

typedef void read_option(struct parser *p, const struct written *w);

/** Functions that read each type that is not TYPE_BLOCK (conf_read.c). */
extern read_option *const conf_readers[TYPE_TYPES];

/** Those of addresses (conf_read_addr.c), and of servers (conf_read_server.c). */
read_option read_listen, read_server, read_mac, read_address, read_dhcp_name, read_member, read_allow,
	read_deny, read_fill, read_hours, read_network;

/** Those of policies (conf_read_policy.c). */
read_option read_for, read_policy_lists, read_upstream;

/** Those of local names (conf_read_local.c). */
read_option read_hosts, read_leases, read_host, read_cname, read_suffixes, read_never;

/** Read an address, with this port if it has none; false: an error was added.
 *  @param interface  set to that of a link-local address, which may come later, else to "" */
bool parse_addr_port(struct parser *p, const struct scfg_word *word, uint16_t port,
		     struct addr_port *at, char interface[ADDR_INTERFACE_MAX]);

/** What we would be asking ourselves at server; NULL: nothing. */
const struct conf_listen *parse_find_loop(const struct parser *p,
					  const struct conf_server *server);

/** Read `during WINDOW` at the end of the line, behind at least one value; window: SIZE_MAX
 *  if there is none (conf_read_gate.c).
 *  @return how many words stand in front of it; 0: an error was added */
size_t parse_during(struct parser *p, const struct written *w, const char *hint,
		    size_t *window);

/** Read a network, or an address; false: an error was added (conf_read_addr.c). */
bool parse_network(struct parser *p, const struct scfg_word *at, struct addr_net *out);

/** False, and an error, if there is more than one value. */
bool read_one_value(struct parser *p, const struct written *w);

/** Listen where the table says, because no line does (conf_read_addr.c). */
void parse_default_listen(struct parser *p);

#endif
