/*
 * One body from one URL, by libcurl: HTTP and HTTPS, validators, redirects, limits. Knows
 * nothing of lists.
 */
#ifndef FETCH_FETCH_GET_H
#define FETCH_FETCH_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_URL_MAX	    2047
#define FETCH_VALIDATOR_MAX 511
#define FETCH_WHY_MAX	    512
#define FETCH_REDIRECTS_MAX 5
#define FETCH_TIME_MAX_S    600
#define FETCH_CONNECT_S	    20
#define FETCH_STALL_S	    30 /* fewer than FETCH_STALL_BYTES a second for so long end it */
#define FETCH_STALL_BYTES   64

struct fetch_hosts;

/** What a server says of a body, to ask later whether it is still the same (RFC 9110
 * §13.1). Empty texts where it says nothing. */
struct fetch_validators {
	char etag[FETCH_VALIDATOR_MAX + 1];
	char modified[FETCH_VALIDATOR_MAX + 1];
};

struct fetch_get {
	const char *url;
	const struct fetch_validators *known; /* of the body at hand; NULL: none */
	uint64_t bytes_max;		      /* of the body, unpacked */
	int fd;				      /* gets the body; empty at first */
	struct fetch_hosts *hosts;	      /* where names are looked up */
	bool may_go_home;		      /* its host may be at home: fetch_home.h */
	/** Called now and then while it runs. total 0: unknown; NULL: not wanted. */
	void (*progress)(void *arg, uint64_t bytes, uint64_t total);
	void *arg;
};

struct fetch_got {
	bool is_unchanged; /* 304: nothing was written to fd */
	long status;	   /* of HTTP; 0: it did not come to that */
	uint64_t bytes;
	struct fetch_validators validators;
	char why[FETCH_WHY_MAX]; /* on failure: a sentence for the operator */
};

/** Once in a process, before sandbox_enter(): TLS reads its settings. @retval -EIO */
int fetch_global_init(void);

/** Whether such a URL can be fetched: http or https, a host, no user name or password. */
bool fetch_url_is_good(const char *url);

/** Whether a host, as fetch_url_host has it, is an address. */
bool fetch_host_is_address(const char *host);

/** The host of a good URL, in lower case, into buf. @retval -ENAMETOOLONG, -EINVAL */
int fetch_url_host(const char *url, char *buf, size_t size);

/**
 * Fetch a body. Certificates are checked against the system's store; a redirect never
 * leads from https to http. Without may_go_home no connection is made to what lib/home.h
 * finds at home, wherever a redirect or DNS leads. Compressed bodies are unpacked, and
 * counted as such.
 *
 * @retval 0           see out
 * @retval -EFBIG      over bytes_max
 * @retval -EPROTO     the server answered something else than the body, or cut it short
 * @retval -ETIMEDOUT  too slow, as above
 * @retval -EHOSTUNREACH  its name leads nowhere, or nobody answers there
 * @retval -EACCES     its certificate is not accepted, or it leads home
 * @retval -ELOOP      too many redirects
 * @retval -ENOMEM, -errno of writing to fd; out->why is set in all these cases
 */
int fetch_get(const struct fetch_get *get, struct fetch_got *out);

#endif
