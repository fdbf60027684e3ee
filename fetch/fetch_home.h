/*
 * Where a list may come from: what strangers say, in a redirect or in DNS, must not send us to
 * what is at home. Knows nothing of HTTP.
 */
#ifndef FETCH_FETCH_HOME_H
#define FETCH_FETCH_HOME_H

#include <stdbool.h>

struct conf;
struct fetch_hosts;

/** Whether the host of a URL of the configuration may be at home: it is an address, or a name
 *  that the operator has put there: of a `local`, `host`, `forward` or `rebind` line, or of the
 *  system's hosts file. */
bool fetch_home_is_meant(const struct conf *conf, const struct fetch_hosts *hosts,
			 const char *host);

#endif
