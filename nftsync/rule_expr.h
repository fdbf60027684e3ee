/* One rule of the description as a netlink message. Not for others than ruleset's files. */
#ifndef NFTSYNC_RULE_EXPR_H
#define NFTSYNC_RULE_EXPR_H

struct nl_buf;
struct rule;

/** Add NEWRULE to an open transaction; failures stay in buf->rc. */
void rule_expr_render(const struct rule *rule, const char *table, struct nl_buf *buf);

#endif
