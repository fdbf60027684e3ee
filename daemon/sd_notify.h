/* Words to the service manager (sd_notify(3)): one datagram each, no library. */
#ifndef DAEMON_SD_NOTIFY_H
#define DAEMON_SD_NOTIFY_H

#include "lib/util.h"

struct sd_notify;

/** Take NOTIFY_SOCKET (a path, or @ and an abstract name) out of the environment, so that no
 *  child speaks for us. Returns NULL where there is none; all calls below take NULL. */
struct sd_notify *sd_notify_open(void);
void sd_notify_close(struct sd_notify *n);

/** Send lines as they stand: "READY=1\nSTATUS=serving". Never blocks, never fails. */
void sd_notify_send(const struct sd_notify *n, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Give the manager a duplicate of a socket to keep for our next life, under this name; or let
 *  it go (fd -1). */
void sd_notify_store(const struct sd_notify *n, const char *name, int fd);

/** RELOADING=1 with its time stamp (systemd.service(5), Type=notify-reload). */
void sd_notify_reloading(const struct sd_notify *n);

#endif
