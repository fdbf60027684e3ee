/* Reading attributes of received messages: bounded, by type. Knows nothing of their meaning. */
#ifndef NFTSYNC_NL_ATTR_H
#define NFTSYNC_NL_ATTR_H

#include <stddef.h>
#include <stdint.h>

struct nlattr;
struct nlmsghdr;

/** Fill by_type[0..count) with the attributes of an nf_tables message; absent ones are NULL,
 *  types beyond count are skipped. Borrowed from the message. */
void nl_attrs_of_message(const struct nlmsghdr *nlh, const struct nlattr **by_type,
			 size_t count);

/** The same for messages of other families, whose attributes stand behind a head of that many
 *  bytes. */
void nl_attrs_behind(const struct nlmsghdr *nlh, size_t head_bytes,
		     const struct nlattr **by_type, size_t count);

/** The same for those nested in attr (NULL: none). */
void nl_attrs_of_nest(const struct nlattr *attr, const struct nlattr **by_type, size_t count);

/** A NUL-terminated string, or "" if attr is NULL or not one. */
const char *nl_attr_text(const struct nlattr *attr);

/** Big-endian values in host order; 0 if attr is NULL or of another size. */
uint32_t nl_attr_be32(const struct nlattr *attr);
uint64_t nl_attr_be64(const struct nlattr *attr);

/** Call for each attribute nested in attr (NULL: none); non-zero stops and is returned. */
int nl_attr_each(const struct nlattr *attr, int (*f)(const struct nlattr *nested, void *arg),
		 void *arg);

#endif
