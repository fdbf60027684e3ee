/* The option table as documents. */
#ifndef CONF_CONF_DOC_H
#define CONF_CONF_DOC_H

#include <stdio.h>

/** The shipped nameward.conf: every option explained, with its default or an example. All
 *  settings are commented out by a '#' with no space behind. */
void conf_doc_example(FILE *to);

/** The section OPTIONS of nameward.conf(5), in mdoc(7). */
void conf_doc_mdoc(FILE *to);

/** Names of all options, one a line: "listen", "zone", "zone.interface". */
void conf_doc_names(FILE *to);

#endif
