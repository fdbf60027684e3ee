/* See neighbour_parse.h. Knows nothing of sockets. */
#include "resolver/neighbour_parse.h"

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>

/* States in which the MAC address is, or lately was, the neighbour's. NUD_NOARP entries
 * are multicast, loopback and point-to-point links. */
#define NUD_USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

_Static_assert(INTERFACE_NAME_BYTES == IFNAMSIZ, "the kernel's limit");

/* All types that are read, NDA_DST, NDA_LLADDR and IFLA_IFNAME, lie below. */
#define ATTRS 4

static int on_attr(const struct nlattr *attr, void *arg)
{
	const struct nlattr **attrs = arg;

	if (mnl_attr_get_type(attr) < ATTRS)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static void parse_neighbour(const struct nlmsghdr *msg, struct neighbour_change *out)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(msg);
	size_t addr_bytes = nd->ndm_family == AF_INET ? 4 : 16;
	const struct nlattr *attrs[ATTRS] = { NULL };
	const struct nlattr *dst, *mac;

	mnl_attr_parse(msg, sizeof(*nd), on_attr, attrs);
	dst = attrs[NDA_DST];
	mac = attrs[NDA_LLADDR];
	if ((nd->ndm_family != AF_INET && nd->ndm_family != AF_INET6) ||
	    nd->ndm_ifindex <= 0 || !dst || mnl_attr_get_payload_len(dst) != addr_bytes)
		return; /* AF_BRIDGE is a bridge's own table */
	out->addr = addr_from_bytes(nd->ndm_family, mnl_attr_get_payload(dst));
	out->ifindex = (uint32_t)nd->ndm_ifindex;
	out->kind = CHANGE_NEIGHBOUR_GONE;
	if (msg->nlmsg_type != RTM_NEWNEIGH || !(nd->ndm_state & NUD_USABLE) || !mac ||
	    mnl_attr_get_payload_len(mac) != sizeof(out->mac))
		return;
	memcpy(&out->mac, mnl_attr_get_payload(mac), sizeof(out->mac));
	if (mac_is_unicast(&out->mac))
		out->kind = CHANGE_NEIGHBOUR;
}

static void parse_interface(const struct nlmsghdr *msg, struct neighbour_change *out)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attrs[ATTRS] = { NULL };
	const struct nlattr *name;

	if (info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return; /* that an interface left a bridge is a DELLINK of AF_BRIDGE */
	out->ifindex = (uint32_t)info->ifi_index;
	if (msg->nlmsg_type == RTM_DELLINK) {
		out->kind = CHANGE_INTERFACE_GONE;
		return;
	}
	mnl_attr_parse(msg, sizeof(*info), on_attr, attrs);
	name = attrs[IFLA_IFNAME];
	if (!name || mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_get_payload_len(name) > sizeof(out->name))
		return;
	strcpy(out->name, mnl_attr_get_str(name));
	out->resolves = info->ifi_type == ARPHRD_ETHER && !(info->ifi_flags & IFF_NOARP);
	out->kind = CHANGE_INTERFACE;
}

void neighbour_parse(const struct nlmsghdr *msg, struct neighbour_change *out)
{
	size_t len = mnl_nlmsg_get_payload_len(msg);

	memset(out, 0, sizeof(*out));
	switch (msg->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (len >= sizeof(struct ndmsg))
			parse_neighbour(msg, out);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (len >= sizeof(struct ifinfomsg))
			parse_interface(msg, out);
		break;
	default:
		break;
	}
}

void neighbour_apply(struct neighbour_table *t, const struct neighbour_change *change)
{
	switch (change->kind) {
	case CHANGE_NEIGHBOUR:
		neighbour_table_set(t, &change->addr, change->ifindex, &change->mac);
		break;
	case CHANGE_NEIGHBOUR_GONE:
		neighbour_table_remove(t, &change->addr, change->ifindex);
		break;
	case CHANGE_INTERFACE:
		neighbour_table_set_interface(t, change->ifindex, change->name,
					      change->resolves);
		break;
	case CHANGE_INTERFACE_GONE:
		neighbour_table_remove_interface(t, change->ifindex);
		break;
	default:
		break;
	}
}
