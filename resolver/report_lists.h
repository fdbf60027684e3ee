/* What the lists in force hold, as rows of tables for the control socket (report_state.h). */
#ifndef RESOLVER_REPORT_LISTS_H
#define RESOLVER_REPORT_LISTS_H

#include <stdio.h>

#include "blocklists/list_index.h"
#include "conf/conf.h"

struct resolver;

/** Header "list entry says where" and every list that holds a name, or an address. */
void report_list_search(struct resolver *r, FILE *to, const char *name, const char *unused);

/** Rows of `status`: which build of the index serves, and which is kept beside it. */
void report_builds(const struct list_index *x, FILE *to);

/** Header "name lists" and a row for each of some names, parted by commas, that lists block:
 *  which ones, parted by commas too. What is no name is left out.
 *  @param names  NULL: none */
void report_list_holders(struct resolver *r, FILE *to, const char *names, const char *unused);

/** Header and a row a list: its figures. */
void report_list_ls(struct resolver *r, FILE *to, const char *unused1, const char *unused2);

#define REPORT_PLACE_MAX 512

/** "file:line", "default" for none, in buf of REPORT_PLACE_MAX bytes; returns buf. */
const char *report_place(const struct conf_place *p, char *buf);

/** The same for an entry of list l. */
const char *report_match_place(const struct conf_list *l, const struct list_match *m,
			       char *buf);

#endif
