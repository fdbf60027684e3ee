/* What the configuration says of a client. Knows nothing of the daemon and the history. */
#ifndef CLI_CLIENT_CONF_H
#define CLI_CLIENT_CONF_H

#include <stdbool.h>
#include <stddef.h>

struct addr;
struct conf;
struct conf_group;
struct conf_policy;

#define CLIENT_CONF_NONE ((size_t)-1)

/** Index of a device by its name (in any letter case), MAC address or address, as text;
 *  CLIENT_CONF_NONE. */
size_t client_conf_device(const struct conf *conf, const char *text);

/** The policy of a client: of the device (index or CLIENT_CONF_NONE) or the address (NULL:
 *  not known); never NULL. */
const struct conf_policy *client_conf_policy(const struct conf *conf, size_t device,
					     const struct addr *addr);

/** Whether a group has it as a member. */
bool client_conf_in_group(const struct conf_group *group, size_t device,
			  const struct addr *addr);

#endif
