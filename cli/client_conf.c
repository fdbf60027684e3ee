/* A client's device, groups and policy by the configuration; see client_conf.h. */
#include "cli/client_conf.h"

#include <strings.h>

#include "cli/gate_conf.h"
#include "conf/conf.h"
#include "lib/addr.h"

size_t client_conf_device(const struct conf *conf, const char *text)
{
	for (size_t i = 0; i < conf->device_count; i++) {
		if (strcasecmp(conf->devices[i].name, text) == 0)
			return i;
	}
	return gate_conf_device(conf, text);
}

bool client_conf_in_group(const struct conf_group *group, size_t device,
			  const struct addr *addr)
{
	for (size_t i = 0; i < group->member_count; i++) {
		const struct conf_member *m = &group->members[i];

		if (m->device != SIZE_MAX ? m->device == device :
					    addr && addr_net_has(&m->net, addr))
			return true;
	}
	return false;
}

const struct conf_policy *client_conf_policy(const struct conf *conf, size_t device,
					     const struct addr *addr)
{
	for (size_t i = 0; i + 1 < conf->policy_count; i++) {
		const struct conf_policy *p = &conf->policies[i];

		for (size_t k = 0; k < p->group_count; k++) {
			if (client_conf_in_group(&conf->groups[p->groups[k]], device, addr))
				return p;
		}
	}
	return &conf->policies[conf->policy_count - 1];
}
