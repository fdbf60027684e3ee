/* The copy of the neighbour table: its messages and its bounds. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lib/util.h"
#include "resolver/neighbour_parse.h"
#include "resolver/neighbour_table.h"

static struct addr addr(const char *text)
{
	struct addr a;

	if (addr_from_text(text, &a) < 0)
		abort();
	return a;
}

static struct mac mac(const char *text)
{
	struct mac m;

	if (mac_from_text(text, &m) < 0)
		abort();
	return m;
}

/* --- messages ----------------------------------------------------------------------- */

static _Alignas(8) char buf[4096];

static struct nlmsghdr *neighbour_msg(uint16_t type, const char *dst, int ifindex,
				      unsigned state, const void *lladdr,
				      size_t lladdr_len)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ndmsg *nd = mnl_nlmsg_put_extra_header(msg, sizeof(*nd));

	msg->nlmsg_type = type;
	nd->ndm_family = AF_UNSPEC;
	nd->ndm_ifindex = ifindex;
	nd->ndm_state = (uint16_t)state;
	if (dst) {
		struct addr a = addr(dst);

		nd->ndm_family = a.family;
		mnl_attr_put(msg, NDA_DST, addr_len(&a), a.bytes);
	}
	if (lladdr)
		mnl_attr_put(msg, NDA_LLADDR, lladdr_len, lladdr);
	return msg;
}

#define MAC "\x02\x11\x22\x33\x44\x55"

static void neighbour_messages_are_read(void **state)
{
	static const struct {
		uint16_t type;
		const char *dst;
		int ifindex;
		unsigned state;
		const char *mac;
		size_t mac_len;
		enum neighbour_change_kind kind;
	} cases[] = {
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_REACHABLE, MAC, 6, CHANGE_NEIGHBOUR },
		{ RTM_NEWNEIGH, "2001:db8::1", 3, NUD_STALE, MAC, 6, CHANGE_NEIGHBOUR },
		{ RTM_NEWNEIGH, "fe80::1", 3, NUD_DELAY, MAC, 6, CHANGE_NEIGHBOUR },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_PROBE, MAC, 6, CHANGE_NEIGHBOUR },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_PERMANENT, MAC, 6, CHANGE_NEIGHBOUR },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_INCOMPLETE, NULL, 0,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_FAILED, MAC, 6,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_NOARP, MAC, 6,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_NONE, MAC, 6, CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, NULL, 0,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, MAC, 5,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, "\0\0\0\0\0\0", 6,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, "\xff\xff\xff\xff\xff\xff", 6,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, "\1\0\x5e\0\0\1", 6,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_DELNEIGH, "192.0.2.1", 3, NUD_STALE, MAC, 6,
		  CHANGE_NEIGHBOUR_GONE },
		{ RTM_NEWNEIGH, "192.0.2.1", 0, NUD_STALE, MAC, 6, CHANGE_NONE },
		{ RTM_NEWNEIGH, NULL, 3, NUD_STALE, MAC, 6, CHANGE_NONE },
		{ RTM_NEWROUTE, "192.0.2.1", 3, NUD_STALE, MAC, 6, CHANGE_NONE },
	};
	struct neighbour_change change;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		neighbour_parse(neighbour_msg(cases[i].type, cases[i].dst,
					      cases[i].ifindex, cases[i].state,
					      cases[i].mac, cases[i].mac_len),
				&change);
		assert_int_equal(change.kind, cases[i].kind);
		if (change.kind == CHANGE_NONE)
			continue;
		assert_int_equal(change.ifindex, 3);
		assert_int_not_equal(change.addr.family, 0);
		if (change.kind == CHANGE_NEIGHBOUR)
			assert_memory_equal(&change.mac, MAC, 6);
	}
}

static void cut_messages_are_ignored(void **state)
{
	struct neighbour_change change;
	struct nlmsghdr *msg =
		neighbour_msg(RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, MAC, 6);
	uint32_t whole = msg->nlmsg_len;
	char *copy;

	(void)state;
	for (uint32_t len = sizeof(*msg); len < whole;
	     len += 4) {	    /* the kernel pads to 4 */
		copy = malloc(len); /* of exact size, for the sanitizer */
		assert_non_null(copy);
		memcpy(copy, buf, len);
		((struct nlmsghdr *)(void *)copy)->nlmsg_len = len;
		neighbour_parse((struct nlmsghdr *)(void *)copy, &change);
		free(copy);
		assert_true(change.kind == CHANGE_NONE ||
			    change.kind == CHANGE_NEIGHBOUR_GONE);
	}
	msg = neighbour_msg(RTM_NEWNEIGH, "192.0.2.1", 3, NUD_STALE, MAC, 6);
	((struct ndmsg *)mnl_nlmsg_get_payload(msg))->ndm_family = AF_INET6;
	neighbour_parse(msg, &change); /* 4 bytes are no IPv6 address */
	assert_int_equal(change.kind, CHANGE_NONE);
}

static struct nlmsghdr *interface_msg(uint16_t type, uint8_t family, int ifindex,
				      const char *name, size_t name_len, uint16_t hardware,
				      unsigned flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(msg, sizeof(*info));

	msg->nlmsg_type = type;
	info->ifi_family = family;
	info->ifi_index = ifindex;
	info->ifi_type = hardware;
	info->ifi_flags = flags;
	if (name)
		mnl_attr_put(msg, IFLA_IFNAME, name_len, name);
	return msg;
}

static void interface_messages_are_read(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t family;
		int ifindex;
		const char *name;
		size_t len;
		enum neighbour_change_kind kind;
	} cases[] = {
		{ RTM_NEWLINK, AF_UNSPEC, 4, "eth0", 5, CHANGE_INTERFACE },
		{ RTM_NEWLINK, AF_UNSPEC, 4, "fifteen-letters", 16, CHANGE_INTERFACE },
		{ RTM_NEWLINK, AF_UNSPEC, 4, "sixteen--letters", 17, CHANGE_NONE },
		{ RTM_NEWLINK, AF_UNSPEC, 4, "eth0", 4, CHANGE_NONE }, /* no NUL */
		{ RTM_NEWLINK, AF_UNSPEC, 4, NULL, 0, CHANGE_NONE },
		{ RTM_NEWLINK, AF_UNSPEC, 0, "eth0", 5, CHANGE_NONE },
		{ RTM_DELLINK, AF_UNSPEC, 4, "eth0", 5, CHANGE_INTERFACE_GONE },
		{ RTM_DELLINK, AF_BRIDGE, 4, "eth0", 5, CHANGE_NONE }, /* left a bridge */
		{ RTM_NEWLINK, AF_BRIDGE, 4, "eth0", 5, CHANGE_NONE },
	};
	struct neighbour_change change;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		neighbour_parse(interface_msg(cases[i].type, cases[i].family,
					      cases[i].ifindex, cases[i].name,
					      cases[i].len, ARPHRD_ETHER, 0),
				&change);
		assert_int_equal(change.kind, cases[i].kind);
		if (change.kind == CHANGE_INTERFACE)
			assert_string_equal(change.name, cases[i].name);
	}
}

static void only_ethernet_with_arp_resolves(void **state)
{
	static const struct {
		uint16_t hardware;
		unsigned flags;
		bool resolves;
	} cases[] = {
		{ ARPHRD_ETHER, IFF_UP, true },
		{ ARPHRD_ETHER, IFF_UP | IFF_NOARP, false },
		{ ARPHRD_LOOPBACK, IFF_UP, false },
		{ ARPHRD_NONE, IFF_UP | IFF_POINTOPOINT, false }, /* WireGuard */
	};
	struct neighbour_change change;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		neighbour_parse(interface_msg(RTM_NEWLINK, AF_UNSPEC, 4, "eth0", 5,
					      cases[i].hardware, cases[i].flags),
				&change);
		assert_int_equal(change.kind, CHANGE_INTERFACE);
		assert_int_equal(change.resolves, cases[i].resolves);
	}
}

/* --- the table ---------------------------------------------------------------------- */

static struct neighbour_table *new_table(void)
{
	struct neighbour_table *t;

	assert_int_equal(neighbour_table_new(&t), 0);
	return t;
}

static void neighbours_are_kept_by_address_and_interface(void **state)
{
	struct addr a = addr("fe80::1"), b = addr("192.0.2.1");
	struct mac one = mac("02:00:00:00:00:01"), two = mac("02:00:00:00:00:02"), found;
	struct neighbour_table *t = new_table();

	(void)state;
	assert_false(neighbour_table_find(t, &a, 1, &found));
	neighbour_table_set(t, &a, 1, &one);
	neighbour_table_set(t, &a, 2, &two);
	assert_false(neighbour_table_find(t, &a, 3, &found));
	assert_false(neighbour_table_find(t, &b, 1, &found));
	assert_true(neighbour_table_find(t, &a, 1, &found));
	assert_memory_equal(&found, &one, sizeof(found));
	neighbour_table_set(t, &a, 1, &two); /* the address has a new owner */
	assert_true(neighbour_table_find(t, &a, 1, &found));
	assert_memory_equal(&found, &two, sizeof(found));
	assert_int_equal(neighbour_table_count(t), 2);
	neighbour_table_remove(t, &a, 1);
	neighbour_table_remove(t, &a, 1);
	assert_false(neighbour_table_find(t, &a, 1, &found));
	assert_true(neighbour_table_find(t, &a, 2, &found));
	neighbour_table_free(t);
	neighbour_table_free(NULL);
}

static void absence_ends_with_time_or_news(void **state)
{
	struct addr a = addr("192.0.2.1"), b = addr("192.0.2.2");
	struct mac m = mac("02:00:00:00:00:01");
	struct neighbour_table *t = new_table();

	(void)state;
	neighbour_table_note_absent(t, &a, 1, false, 5000);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 5000), NEIGHBOUR_IS_ABSENT);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 5999), NEIGHBOUR_IS_ABSENT);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 6000), NEIGHBOUR_NOT_SOUGHT);
	assert_int_equal(neighbour_table_absence(t, &a, 2, 5000), NEIGHBOUR_NOT_SOUGHT);
	assert_int_equal(neighbour_table_absence(t, &b, 1, 5000), NEIGHBOUR_NOT_SOUGHT);
	neighbour_table_note_absent(t, &a, 1, true, 7000);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 7099), NEIGHBOUR_IS_AWAITED);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 7100), NEIGHBOUR_IS_ABSENT);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 8000), NEIGHBOUR_NOT_SOUGHT);
	assert_int_equal(neighbour_table_added(t), 0);
	neighbour_table_set(t, &a, 1, &m);
	assert_int_equal(neighbour_table_absence(t, &a, 1, 7000), NEIGHBOUR_NOT_SOUGHT);
	assert_int_equal(neighbour_table_added(t), 1);
	neighbour_table_set(t, &a, 1, &m); /* as known as before */
	assert_int_equal(neighbour_table_added(t), 1);
	neighbour_table_free(t);
}

/* The hundred that are looked up stay while 200,000 others pass through. */
static void flood_evicts_the_unused(void **state)
{
	struct mac m = mac("02:00:00:00:00:01"), found;
	struct neighbour_table *t = new_table();
	struct addr a = addr("2001:db8::");

	(void)state;
	for (uint32_t i = 0; i < 200100; i++) {
		store_be32(a.bytes + 12, i);
		neighbour_table_set(t, &a, 1, &m);
		if (i % 1000)
			continue;
		for (uint32_t used = 0; used < 100 && used < i; used++) {
			store_be32(a.bytes + 12, used);
			assert_true(neighbour_table_find(t, &a, 1, &found));
		}
	}
	assert_int_equal(neighbour_table_count(t), NEIGHBOURS_MAX);
	assert_int_equal(neighbour_table_evicted(t), 200100 - NEIGHBOURS_MAX);
	for (uint32_t i = 0; i < 200100; i++) { /* all leave again */
		store_be32(a.bytes + 12, i);
		neighbour_table_remove(t, &a, 1);
	}
	assert_int_equal(neighbour_table_count(t), 0);
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++) { /* and their places serve again */
		store_be32(a.bytes + 12, i);
		neighbour_table_set(t, &a, 2, &m);
	}
	assert_int_equal(neighbour_table_count(t), NEIGHBOURS_MAX);
	neighbour_table_free(t);
}

static void interfaces_are_found_by_index(void **state)
{
	struct neighbour_table *t = new_table();
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < INTERFACES_MAX + 10; i++) {
		uint32_t index = (i * 7919) % 10007 + 1; /* in no order, all different */

		snprintf(name, sizeof(name), "if%u", index);
		neighbour_table_set_interface(t, index, name, i % 2);
		if (i < INTERFACES_MAX)
			assert_string_equal(neighbour_table_interface(t, index), name);
		else
			assert_null(neighbour_table_interface(t, index));
	}
	assert_int_equal(neighbour_table_interface_count(t), INTERFACES_MAX);
	neighbour_table_set_interface(t, 1, "renamed", true);
	assert_string_equal(neighbour_table_interface(t, 1), "renamed");
	assert_true(neighbour_table_resolves(t, 1));
	neighbour_table_set_interface(t, 1, "renamed", false);
	assert_false(neighbour_table_resolves(t, 1));
	neighbour_table_remove_interface(t, 1);
	assert_false(neighbour_table_resolves(t, 1));
	assert_null(neighbour_table_interface(t, 1));
	assert_null(neighbour_table_interface(t, 0));
	assert_non_null(neighbour_table_interface(t, 7920));
	neighbour_table_set_interface(t, 1, "a-name-that-is-too-long", true);
	assert_string_equal(neighbour_table_interface(t, 1), "a-name-that-is-");
	neighbour_table_free(t);
}

static void refresh_removes_what_did_not_come_up(void **state)
{
	struct addr a = addr("192.0.2.1"), b = addr("192.0.2.2");
	struct mac m = mac("02:00:00:00:00:01"), found;
	struct neighbour_table *t = new_table();

	(void)state;
	neighbour_table_set(t, &a, 1, &m);
	neighbour_table_set(t, &b, 1, &m);
	neighbour_table_set_interface(t, 1, "eth0", true);
	neighbour_table_set_interface(t, 2, "eth1", true);
	neighbour_table_refresh_begin(t);
	neighbour_table_set(t, &b, 1, &m);
	neighbour_table_set_interface(t, 2, "eth1", true);
	neighbour_table_refresh_end(t);
	assert_false(neighbour_table_find(t, &a, 1, &found));
	assert_true(neighbour_table_find(t, &b, 1, &found));
	assert_null(neighbour_table_interface(t, 1));
	assert_string_equal(neighbour_table_interface(t, 2), "eth1");
	neighbour_table_free(t);
}

static void a_client_is_found_by_address_or_mac_on_any_interface(void **state)
{
	struct addr a = addr("192.0.2.1"), b = addr("2001:db8::1"), c = addr("192.0.2.3");
	struct mac m = mac("02:00:00:00:00:01"), other = mac("02:00:00:00:00:02");
	struct neighbour_table *t = new_table();
	struct neighbour_entry e;

	(void)state;
	neighbour_table_set(t, &a, 7, &m);
	neighbour_table_set(t, &b, 8, &m);
	assert_true(neighbour_table_search(t, &a, NULL, &e));
	assert_int_equal(e.ifindex, 7);
	assert_memory_equal(&e.mac, &m, sizeof(m));
	assert_true(neighbour_table_search(t, NULL, &m, &e)); /* the one used last */
	assert_true(addr_equal(&e.addr, &b));
	assert_int_equal(e.ifindex, 8);
	assert_false(neighbour_table_search(t, &c, NULL, &e));
	assert_false(neighbour_table_search(t, NULL, &other, &e));
	neighbour_table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbour_messages_are_read),
		cmocka_unit_test(cut_messages_are_ignored),
		cmocka_unit_test(interface_messages_are_read),
		cmocka_unit_test(only_ethernet_with_arp_resolves),
		cmocka_unit_test(neighbours_are_kept_by_address_and_interface),
		cmocka_unit_test(absence_ends_with_time_or_news),
		cmocka_unit_test(flood_evicts_the_unused),
		cmocka_unit_test(interfaces_are_found_by_index),
		cmocka_unit_test(refresh_removes_what_did_not_come_up),
		cmocka_unit_test(a_client_is_found_by_address_or_mac_on_any_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
