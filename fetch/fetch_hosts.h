/*
 * Addresses of the hosts that lists come from, asked at the configuration's own
 * upstreams: past the filter, so that no list can keep another from being updated. Knows
 * nothing of what is fetched there.
 */
#ifndef FETCH_FETCH_HOSTS_H
#define FETCH_FETCH_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct fetch_hosts;

/** @param conf  borrowed for the call; its upstreams that speak plain DNS, or else our
 * own listen addresses
 *  @retval -ENOMEM, -EIO */
int fetch_hosts_open(const struct conf *conf, struct fetch_hosts **out);
void fetch_hosts_close(struct fetch_hosts *h);

/** The addresses of a host, as text: "192.0.2.1,[2001:db8::1]", /etc/hosts first.
 *  @retval -ENOENT there is none; -ETIMEDOUT nobody answers; -ENAMETOOLONG; -ENOMEM */
int fetch_hosts_find(struct fetch_hosts *h, const char *host, char *buf, size_t size);

/** Whether the host stands in /etc/hosts. */
bool fetch_hosts_in_file(const struct fetch_hosts *h, const char *host);

#endif
