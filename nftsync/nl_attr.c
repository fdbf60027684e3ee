/* Bounded reading of netlink attributes; see nl_attr.h. */
#include "nftsync/nl_attr.h"

#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "lib/util.h"

static void fill(const uint8_t *at, size_t len, const struct nlattr **by_type, size_t count)
{
	for (size_t i = 0; i < count; i++)
		by_type[i] = NULL;
	while (mnl_attr_ok((const struct nlattr *)at, (int)len)) {
		const struct nlattr *attr = (const struct nlattr *)at;
		size_t size = MIN((size_t)MNL_ALIGN(attr->nla_len), len);

		if (mnl_attr_get_type(attr) < count)
			by_type[mnl_attr_get_type(attr)] = attr;
		at += size;
		len -= size;
	}
}

void nl_attrs_of_message(const struct nlmsghdr *nlh, const struct nlattr **by_type,
			 size_t count)
{
	nl_attrs_behind(nlh, sizeof(struct nfgenmsg), by_type, count);
}

void nl_attrs_behind(const struct nlmsghdr *nlh, size_t head_bytes,
		     const struct nlattr **by_type, size_t count)
{
	size_t len = mnl_nlmsg_get_payload_len(nlh);
	size_t head = MNL_ALIGN(head_bytes);

	fill((const uint8_t *)mnl_nlmsg_get_payload(nlh) + head, len > head ? len - head : 0,
	     by_type, count);
}

void nl_attrs_of_nest(const struct nlattr *attr, const struct nlattr **by_type, size_t count)
{
	fill(attr ? mnl_attr_get_payload(attr) : NULL,
	     attr ? mnl_attr_get_payload_len(attr) : 0, by_type, count);
}

const char *nl_attr_text(const struct nlattr *attr)
{
	if (!attr || mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
		return "";
	return mnl_attr_get_str(attr);
}

uint32_t nl_attr_be32(const struct nlattr *attr)
{
	uint32_t v;

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(v))
		return 0;
	memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be32toh(v);
}

uint64_t nl_attr_be64(const struct nlattr *attr)
{
	uint64_t v;

	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(v))
		return 0;
	memcpy(&v, mnl_attr_get_payload(attr), sizeof(v));
	return be64toh(v);
}

int nl_attr_each(const struct nlattr *attr, int (*f)(const struct nlattr *nested, void *arg),
		 void *arg)
{
	const uint8_t *at = attr ? mnl_attr_get_payload(attr) : NULL;
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	while (mnl_attr_ok((const struct nlattr *)at, (int)len)) {
		const struct nlattr *nested = (const struct nlattr *)at;
		size_t size = MIN((size_t)MNL_ALIGN(nested->nla_len), len);
		int rc = f(nested, arg);

		if (rc)
			return rc;
		at += size;
		len -= size;
	}
	return 0;
}
