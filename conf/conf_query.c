/* Where the socket for reading is; see conf_query.h. */
#include "conf/conf_query.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int conf_query_path(const char *control, char *buf)
{
	const char *slash = strrchr(control, '/');
	const char *name = slash ? slash + 1 : control;
	int len;

	if (!strcmp(name, "ctl"))
		len = snprintf(buf, PATH_MAX, "%.*squery", (int)(name - control), control);
	else
		len = snprintf(buf, PATH_MAX, "%s.query", control);
	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}
