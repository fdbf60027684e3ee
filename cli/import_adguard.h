/* AdGuardHome.yaml -> a plan. Pure: reads no file. */
#ifndef CLI_IMPORT_ADGUARD_H
#define CLI_IMPORT_ADGUARD_H

#include <stddef.h>

struct import_plan;

/** Take a whole text of so many bytes, which may hold anything.
 *  @param from  the file, for the plan's rows */
void import_adguard(struct import_plan *p, const char *from, const char *text, size_t len);

#endif
