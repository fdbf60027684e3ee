/* Names at home; see local_names.h. */
#include "resolver/local_names.h"

#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/log.h"
#include "local/local_image.h"
#include "resolver/clients.h"
#include "resolver/hold.h"
#include "resolver/setup.h"
#include "resolver/state.h"

static bool is_any_by_name(const struct conf *conf)
{
	for (size_t i = 0; i < conf->device_count; i++)
		if (conf->devices[i].dhcp_name_count)
			return true;
	return false;
}

void local_names_set(struct resolver *r, struct local_image *x)
{
	clients_set_local(r->clients, x);
	local_image_close(r->local);
	r->local = x;
	if (r->current && is_any_by_name(r->current->conf))
		hold_review(r->hold);
}

void local_names_take(struct resolver *r, int fd)
{
	struct local_image *x;
	int rc = local_image_open(fd, &x);

	close(fd);
	if (rc)
		log_err("local data: %s: those before stay", strerror(-rc));
	else
		local_names_set(r, x);
}
