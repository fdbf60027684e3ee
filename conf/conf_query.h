/* The socket beside the control socket by which nothing can be changed. */
#ifndef CONF_CONF_QUERY_H
#define CONF_CONF_QUERY_H

/** Its path in buf of PATH_MAX bytes: "query" beside a control socket called ctl, else
 *  "CONTROL.query". @retval -ENAMETOOLONG */
int conf_query_path(const char *control, char *buf);

#endif
