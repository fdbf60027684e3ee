/*
 * What the supervisor makes in the file system: the control socket with its folder and lock,
 * and the history's folder. Only what it made itself (and its own default folder) changes
 * owner; a user's folder is never touched.
 */
#ifndef DAEMON_FOLDERS_H
#define DAEMON_FOLDERS_H

#include <stdbool.h>

#define FOLDERS_WHY_MAX 512

/** Account and group that own the history. */
#define FOLDERS_HISTORY_USER  "nameward-db"
#define FOLDERS_HISTORY_GROUP "adm"

/**
 * Take the lock "CONTROL.lock" that keeps a second instance out, making the folder if it is
 * missing. The kernel lets go of it when the process ends, however it ends.
 *
 * @param why  of FOLDERS_WHY_MAX bytes, on failure
 * @retval fd, for folders_unlock; -EBUSY another instance holds it; negative errno
 */
int folders_lock(const char *control, char *why);

/** Remove and release the lock. */
void folders_unlock(const char *control, int fd);

/** Bind and listen at path, 0660 and of this group where we are root, if there is such a group;
 *  an old socket there is replaced (the lock is ours). @retval fd; negative errno with why */
int folders_control(const char *path, const char *group, char *why);

/** Make the folder of the history's file if it is missing, owned by FOLDERS_HISTORY_USER
 *  where we are root, and try as that account whether it can be written.
 *  @retval 0; negative errno with why (and what would mend it) */
int folders_history(const char *file, char *why);

#endif
