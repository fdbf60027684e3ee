/* Leases by what holds now; see held.h. */
#include "resolver/held.h"

#include <string.h>

#include "resolver/clients.h"
#include "resolver/policy.h"
#include "resolver/state.h"

/* What the lists say of a name that opened something; what is to be asked by TCP passes there. */
static enum policy_action judge_held(const struct resolver *r, const struct policy_asker *asker,
				     const struct dname *name)
{
	struct list_match match;
	enum policy_action action =
		policy_decide(r->current->conf, r->current->index, asker, name, &match);

	return action == POLICY_BLOCK && match.action == ACTION_TCP_ONLY ? POLICY_PASS : action;
}

bool held_is_blocked(void *arg, const struct msg_client *client, const struct dname *name,
		     const uint8_t *chain, size_t chain_len)
{
	const struct resolver *r = arg;
	struct policy_client place;
	struct policy_asker asker = { .place = &place, .addr = &client->addr,
				      .overrides = r->current->overrides };
	enum policy_action action;

	if (!client->addr.family)
		return false; /* its policy cannot be told */
	place = clients_place(r->clients, r->current->conf, &client->addr,
			      client->has_mac ? &client->mac : NULL, NULL);
	action = judge_held(r, &asker, name);
	if (action == POLICY_ALLOW)
		return false; /* nor is its chain looked at */
	while (action != POLICY_BLOCK && chain_len) {
		struct dname link = { .len = (uint8_t)dname_wire_len(chain, chain_len) };

		memcpy(link.wire, chain, link.len);
		action = judge_held(r, &asker, &link);
		chain += link.len;
		chain_len -= link.len;
	}
	return action == POLICY_BLOCK;
}

bool held_is_quarantined(void *arg, const struct msg_client *client)
{
	const struct resolver *r = arg;
	const struct conf *conf = r->current->conf;
	struct policy_client place;

	if (!client->addr.family)
		return false;
	place = clients_place(r->clients, conf, &client->addr,
			      client->has_mac ? &client->mac : NULL, NULL);
	return policy_device_gate(conf, &place) == DEVICE_QUARANTINE;
}
