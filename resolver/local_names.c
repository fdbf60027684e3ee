/* Names at home; see local_names.h. */
#include "resolver/local_names.h"

#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "local/local_image.h"
#include "resolver/clients.h"
#include "resolver/heard.h"
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

static void on_heard(void *arg, const void *data, size_t len, int fd)
{
	struct resolver *r = arg;
	const void *m = NULL;

	if (msg_check(data, len, fd >= 0) || msg_type(data) != MSG_HEARD) {
		if (fd >= 0)
			close(fd);
		log_err("mdns: unexpected message of %zu bytes: leaving", len);
		child_exit(r->child, 1);
		return;
	}
	while ((m = msg_next(data, m)))
		clients_hear(r->clients, m, clock_mono_ms());
}

static void on_gone(void *arg, int rc)
{
	(void)rc;
	local_names_set_channel(arg, -1);
}

void local_names_set_channel(struct resolver *r, int fd)
{
	static const struct chan_ops ops = { on_heard, on_gone };

	chan_close(r->mdns);
	r->mdns = NULL;
	if (fd >= 0 && chan_open(r->base, fd, 0, &ops, r, &r->mdns))
		log_err("no channel to mdns: out of memory");
}

void local_names_follow(struct resolver *r)
{
	if (!conf_wants_local(r->current->conf))
		local_names_set(r, NULL);
	if (r->current->conf->clients.mdns_names == SWITCH_OFF)
		heard_clear(clients_heard(r->clients));
}
