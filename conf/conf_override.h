/*
 * Overrides: what the command line asks for until some time, before all that lists and hours
 * say. `nameward allow`, `block` and `pause` write them into one file, which survives a
 * restart of the daemon and of the machine.
 *
 * Lines "ACTION SCOPE WHO UNTIL NAME", for example
 *
 *	allow group kids 1795791600 video.example
 *	pause all - 1795791600 -
 *
 * UNTIL is in seconds since 1970.
 */
#ifndef CONF_CONF_OVERRIDE_H
#define CONF_CONF_OVERRIDE_H

#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "lib/dname.h"

#define CONF_OVERRIDES_MAX  128
#define CONF_OVERRIDE_S_MAX 2592000 /* 30 days; longer is a line in a list */
#define CONF_OVERRIDE_LINE  (DNAME_TEXT_MAX + CONF_NAME_MAX + 48)
#define CONF_OVERRIDE_TEXT  (CONF_OVERRIDES_MAX * CONF_OVERRIDE_LINE)

enum override_action { OVERRIDE_ALLOW, OVERRIDE_BLOCK, OVERRIDE_PAUSE, OVERRIDE_ACTIONS };
enum override_scope { OVERRIDE_ALL, OVERRIDE_CLIENT, OVERRIDE_GROUP, OVERRIDE_POLICY,
		      OVERRIDE_SCOPES };

struct conf_override {
	enum override_action action;
	enum override_scope scope;
	char who[CONF_NAME_MAX + 1]; /* a name; of a client also an address; of all "-" */
	int64_t until_s;
	struct dname name; /* lower case, with all below it; of a pause the root */
};

struct conf_overrides {
	struct conf_override items[CONF_OVERRIDES_MAX];
	size_t count;
};

/** Words as the file and the command line have them. */
const char *conf_override_action(enum override_action a);
const char *conf_override_scope(enum override_scope s);

/** Parse; what has ended by now_s is left out.
 *  @retval -EINVAL  not such lines, too many, or too far ahead; out is empty then */
int conf_overrides_parse(const char *text, int64_t now_s, struct conf_overrides *out);

/** Parse the text in a memfd.
 *  @param out  freed, and replaced by a new one (free()). @retval negative errno; out is as it
 *              was */
int conf_overrides_from_fd(int fd, int64_t now_s, struct conf_overrides **out);

/** The lines, in buf of CONF_OVERRIDE_TEXT bytes; returns buf. */
const char *conf_overrides_text(const struct conf_overrides *o, char *buf);

/** Add one in place of what was said of the same name, or the same pause, for the same; or,
 *  with until_s 0, take that away.
 *  @retval -ENOSPC full; -ENOENT there is nothing to take away */
int conf_overrides_set(struct conf_overrides *o, const struct conf_override *item);

#endif
