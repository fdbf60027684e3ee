/* Lines of dnsmasq.conf -> a plan. Pure: reads no file. */
#ifndef CLI_IMPORT_DNSMASQ_H
#define CLI_IMPORT_DNSMASQ_H

#include <stddef.h>

struct import_plan;

/** Take one line, without its end; comments and empty ones are nothing.
 *  @param from  the file, for the plan's rows
 *  @param line  its number */
void import_dnsmasq_line(struct import_plan *p, const char *from, size_t line,
			 const char *text);

/** Take a whole text of so many bytes, which may hold anything. */
void import_dnsmasq(struct import_plan *p, const char *from, const char *text, size_t len);

#endif
