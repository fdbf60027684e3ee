/*
 * The sockets over a restart of the whole service: the service manager keeps them
 * (FileDescriptorStoreMax= in systemd.service(5)), so what arrives meanwhile waits in their
 * buffers, and nobody else takes the port.
 */
#ifndef DAEMON_HANDOVER_H
#define DAEMON_HANDOVER_H

struct conf;
struct listeners;
struct sd_notify;

/** Take what the manager kept (LISTEN_FDS, sd_listen_fds(3)) out of the environment. Only what
 *  we stored; another's sockets are closed.
 *  @return a set, owned by the caller; NULL: none */
struct listeners *handover_take(void);

/** Let those go that the configuration has no `listen` for: they would be in the way. */
void handover_trim(const struct sd_notify *n, struct listeners *l, const struct conf *conf);

/** Have the manager keep each socket of now that it does not have of before (or NULL), and let
 *  those go that are in before only. */
void handover_store(const struct sd_notify *n, const struct listeners *before,
		    const struct listeners *now);

#endif
