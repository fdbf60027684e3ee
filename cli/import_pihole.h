/* Rows of Pi-hole's gravity database -> a plan. Pure: opens no file. */
#ifndef CLI_IMPORT_PIHOLE_H
#define CLI_IMPORT_PIHOLE_H

struct import_plan;
struct pihole_row;

/** Take one row. @param from  the file, for the plan's rows */
void import_pihole_row(struct import_plan *p, const char *from, const struct pihole_row *row);

#endif
