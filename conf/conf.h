/*
 * The configuration as plain values, read-only after conf_parse(). Every process parses the
 * same bundle of texts with the same code, so start-up, reload and --check are one path.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf/conf_values.h"

struct conf_bundle;
struct conf_errors;

/**
 * Read the main file, what it includes (`include GLOB`, C-locale order, relative to the
 * file), or the built-in default. Files are read whole: at most 4 MiB in all, 256 files,
 * regular files only. Without any `upstream` block the servers of /etc/resolv.conf are
 * added as a generated file of the bundle (conf_parse leaves out our own addresses).
 * The bundle also carries what else values depend on: the current folder, where relative
 * paths begin, and whether we are root, which decides where history and socket are.
 *
 * @param path    NULL: /etc/nameward/nameward.conf if it is there (with
 *                /etc/nameward/conf.d/\*.conf), else the built-in default
 * @param errors  gets what could not be read, and then what is wrong in the rest
 * @retval 0        the bundle is complete; conf_parse may still find errors in it
 * @retval -EINVAL  see errors. @retval -ENOMEM
 */
int conf_bundle_load(const char *path, struct conf_bundle **out, struct conf_errors *errors);

/** From one text, for tests and fuzzing: as root, relative paths stay relative, nothing is
 *  included. file is what places say. */
int conf_bundle_from_text(const char *file, const char *text, size_t len,
			  struct conf_bundle **out);

/** A sealed memfd that holds the bundle, owned by the caller. @retval negative errno */
int conf_bundle_write(const struct conf_bundle *b);

/** Map a bundle from a descriptor (stays the caller's). @retval -EBADMSG not a bundle */
int conf_bundle_read(int fd, struct conf_bundle **out);

/** Main file's path, or "built-in". Borrowed from the bundle. */
const char *conf_bundle_name(const struct conf_bundle *b);

/** Take the default paths of a daemon that root started, or of one that a user started in
 *  the current folder; conf_bundle_load takes those of its own caller. For the command line,
 *  whose caller need not be the daemon's. */
void conf_bundle_set_root(struct conf_bundle *b, bool root);

/** Carry the lines of a bypass file (conf_bypass.h); conf_parse applies those that have not
 *  ended. Copied; replaces what was set before. @retval -ENOMEM */
int conf_bundle_set_bypass(struct conf_bundle *b, const char *text);

/** Read the certificates that c, parsed from b, needs to ask its servers over TLS, and
 *  carry them as c->ca_text of whoever parses b next. Nothing is read where none is needed.
 *  @retval -EINVAL see errors: it cannot be read, or has no certificate. @retval -ENOMEM */
int conf_bundle_add_ca(struct conf_bundle *b, const struct conf *c,
		       struct conf_errors *errors);

void conf_bundle_free(struct conf_bundle *b);

/** Parse and check the whole bundle; all errors in one run.
 *  @retval -EINVAL  see errors; nothing is returned. @retval -ENOMEM */
int conf_parse(const struct conf_bundle *b, struct conf **out, struct conf_errors *errors);

/** conf_bundle_read and conf_parse, for a child: errors were shown by the supervisor. */
int conf_from_fd(int fd, struct conf **out);

void conf_free(struct conf *c);

/** Print in canonical form: parses again to the same values. */
void conf_print(const struct conf *c, FILE *to);

/** Errors found, as text ready to print: file:line:col: error: text, the source line, a
 *  caret, a hint. */
struct conf_errors *conf_errors_new(void);
size_t conf_errors_count(const struct conf_errors *e);
void conf_errors_print(const struct conf_errors *e, FILE *to);
void conf_errors_free(struct conf_errors *e);

/** Close what its window does not hold at wall time now_s (conf_hours.h), and open the rest.
 *  @param changed  whether anything is otherwise than before
 *  @return when something changes next; INT64_MAX: never */
int64_t conf_windows_apply(struct conf *c, int64_t now_s, bool *changed);

/** The lists a policy blocks by, or those it allows by, at whatever time. */
uint64_t conf_policy_lists(const struct conf_policy *p, bool block);

/** The same for lists and hours of policies. */
int64_t conf_policies_apply(struct conf *c, int64_t now_s, bool *changed);

/** Whether some server is believed because of a certificate. */
bool conf_wants_ca(const struct conf *c);

/** Whether anything asks for rules in the firewall: a gate that is not off, or a zone's own. */
bool conf_wants_gate(const struct conf *c);

/** Lists, as bits, whose addresses some zone refuses as traffic. */
uint64_t conf_refused_lists(const struct conf *c);

/** Whether there are any local data, in files or lines. */
bool conf_wants_local(const struct conf *c);

/** Whether the addresses of a name go into the sets of this line. */
bool conf_fill_has(const struct conf_fill *f, const struct dname *name);

/** Whether any line has it. */
bool conf_wants_fill(const struct conf *c, const struct dname *name);

/** As it is written, in buf of ADDR_PORT_TEXT_MAX bytes: "[fe80::1%br-lan]:53".
 *  @param interface  NULL or "": none is written */
const char *conf_place_to_text(const struct addr_port *at, const char *interface, char *buf);

/** The address on port 53 to which DNS of this zone's devices is redirected: of the listen
 *  lines of that family and not of loopback the one labelled like the zone, else the first.
 *  @retval NULL  none */
const struct conf_listen *conf_redirect_target(const struct conf *c, const struct conf_zone *z,
					       int family);

/** Words as the configuration writes them. */
const char *conf_gate_mode_name(enum conf_gate_mode m);

#endif
