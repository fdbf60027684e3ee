/* Which URLs lead home by the operator's wish; see fetch_home.h. */
#include "fetch/fetch_home.h"

#include <stddef.h>

#include "conf/conf.h"
#include "fetch/fetch_get.h"
#include "fetch/fetch_hosts.h"
#include "lib/dname.h"

static bool is_name_meant(const struct conf *conf, const struct dname *name)
{
	for (size_t i = 0; i < conf->rebind.allow_count; i++)
		if (dname_is_under(name, &conf->rebind.allows[i]))
			return true;
	for (size_t i = 0; i < conf->local_count; i++)
		if (dname_is_under(name, &conf->locals[i].suffix))
			return true;
	for (size_t i = 0; i < conf->host_count; i++)
		if (dname_equal(name, &conf->hosts[i].name))
			return true;
	for (size_t i = 0; i < conf->forward_count; i++)
		if (conf->forwards[i].suffix.len > 1 &&
		    dname_is_under(name, &conf->forwards[i].suffix))
			return true;
	return false;
}

bool fetch_home_is_meant(const struct conf *conf, const struct fetch_hosts *hosts,
			 const char *host)
{
	struct dname name;

	if (conf->rebind.protect == SWITCH_OFF || fetch_host_is_address(host))
		return true;
	if (!dname_from_text(host, &name) && is_name_meant(conf, &name))
		return true;
	return fetch_hosts_in_file(hosts, host);
}
