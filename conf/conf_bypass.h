/*
 * The bypass file: zones whose gate is to let everything pass until some time. The command
 * line writes it beside the control socket, the supervisor looks at it every few seconds,
 * so it works while nothing else does. It is in /run: a restart of the machine ends it.
 *
 * Lines "ZONE SECONDS-SINCE-1970"; ZONE is `*` for all. "!DEVICE SECONDS-SINCE-1970" has a
 * device in quarantine until then.
 */
#ifndef CONF_CONF_BYPASS_H
#define CONF_CONF_BYPASS_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define CONF_BYPASS_MAX	  32	 /* zones */
#define CONF_BYPASS_S_MAX 604800 /* a week; longer is a line in the configuration */
#define CONF_BYPASS_TEXT  (CONF_BYPASS_MAX * (CONF_NAME_MAX + 24))

#define CONF_QUARANTINE_MARK '!' /* no name begins with it */

struct conf_bypass_zone {
	char zone[CONF_NAME_MAX + 2]; /* or CONF_QUARANTINE_MARK and a device */
	int64_t until_s;
};

struct conf_bypass {
	struct conf_bypass_zone zones[CONF_BYPASS_MAX];
	size_t count;
};

/** "CONTROL.bypass" in buf of PATH_MAX bytes. @retval -ENAMETOOLONG */
int conf_bypass_path(const char *control, char *buf);

/** Parse; what has ended by now_s is left out.
 *  @retval -EINVAL  not such lines, too many, or too far ahead; out is empty then */
int conf_bypass_parse(const char *text, int64_t now_s, struct conf_bypass *out);

/** The lines, in buf of CONF_BYPASS_TEXT bytes; returns buf. */
const char *conf_bypass_text(const struct conf_bypass *b, char *buf);

/** Read the file of this control socket; none is an empty one.
 *  @retval -EPERM   another account than root or ours could have written it
 *  @retval -EINVAL, negative errno; out is empty then */
int conf_bypass_read(const char *control, int64_t now_s, struct conf_bypass *out);

/** Replace the file whole; an empty b removes it. @retval negative errno */
int conf_bypass_write(const char *control, const struct conf_bypass *b);

/** Set a zone's time, or end it (until_s 0). `*` with 0 ends all of
 *  them; quarantines go on. @retval -ENOSPC full */
int conf_bypass_set(struct conf_bypass *b, const char *zone, int64_t until_s);

/** Where b has a zone or `*`, it refuses nothing now: to enforce becomes to observe, a
 *  failure answers, `reach`, `refuse-dot` and `refuse-list` do not hold. Leases go on being
 *  made, so that
 *  the end of it cuts nothing off. Who is observed is not refused what `deny` has either, so
 *  that stays, and is still seen. A device with a mode of its own is of no zone: only `*`
 *  makes it observe, and the router itself. */
void conf_bypass_apply(struct conf *c, const struct conf_bypass *b);

#endif
