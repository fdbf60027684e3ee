/* The file of overrides (conf_override.h) at the supervisor: watched, and told to the resolver. */
#ifndef DAEMON_OVERRIDE_FILE_H
#define DAEMON_OVERRIDE_FILE_H

struct supervisor;

/** A generation is in force: read and watch the file that it names. */
void override_file_follow(struct supervisor *s);

#endif
