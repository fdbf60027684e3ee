/*
 * What a client calls itself by DHCP, as a way to its device. It may lie, so its name counts
 * last, for policies alone, and makes nothing less strict unless the configuration trusts it.
 * Pure.
 */
#ifndef RESOLVER_POLICY_NAME_H
#define RESOLVER_POLICY_NAME_H

struct addr;
struct conf;
struct policy_client;

/** Let a name count for who is no device by its addresses.
 *  @param name  lower case; "": none
 *  @param c     as policy_find_client() found it */
void policy_name_apply(const struct conf *conf, const struct addr *addr, const char *name,
		       struct policy_client *c);

#endif
