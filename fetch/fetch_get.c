/* One body by libcurl; see fetch_get.h. */
#include "fetch/fetch_get.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fetch/fetch_hosts.h"
#include "lib/addr.h"
#include "lib/clock.h"
#include "lib/home.h"
#include "lib/util.h"

#define HOST_MAX      253
#define ADDRESSES_MAX 1024
#define AGENT	      "nameward/" VERSION

/* One request under way. */
struct turn {
	const struct fetch_get *get;
	struct fetch_got *out;
	CURL *curl;				/* owned */
	struct curl_slist *headers, *addresses; /* owned */
	char error[CURL_ERROR_SIZE];
	int rc; /* of a callback that ended it */
	bool may_go_home;
	bool is_outside;	  /* it went to somebody who is not at home */
	char home[ADDR_TEXT_MAX]; /* where it led that it must not go; else "" */
};

/* --- URLs -----------------------------------------------------------------------------
 */

int fetch_global_init(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) ? -EIO : 0;
}

/** A part of a URL, malloc'd by libcurl; NULL: there is none. */
static char *url_part(const char *url, CURLUPart part)
{
	CURLU *u = curl_url();
	char *text = NULL;

	if (u && strlen(url) <= FETCH_URL_MAX && !curl_url_set(u, CURLUPART_URL, url, 0))
		curl_url_get(u, part, &text, CURLU_DEFAULT_PORT);
	curl_url_cleanup(u);
	return text;
}

static bool has_part(const char *url, CURLUPart part)
{
	char *text = url_part(url, part);
	bool has = text != NULL;

	curl_free(text);
	return has;
}

static bool is_scheme(const char *url, const char *scheme)
{
	char *text = url_part(url, CURLUPART_SCHEME);
	bool is = text && !strcasecmp(text, scheme);

	curl_free(text);
	return is;
}

bool fetch_url_is_good(const char *url)
{
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return (is_scheme(url, "https") || is_scheme(url, "http")) &&
	       has_part(url, CURLUPART_HOST) && !has_part(url, CURLUPART_USER) &&
	       !has_part(url, CURLUPART_PASSWORD);
}

bool fetch_host_is_address(const char *host)
{
	return host[0] == '[' || !host[strspn(host, "0123456789.")];
}

int fetch_url_host(const char *url, char *buf, size_t size)
{
	char *host = url_part(url, CURLUPART_HOST);
	size_t len = host ? strlen(host) : 0;
	int rc = !host ? -EINVAL : len >= size ? -ENAMETOOLONG : 0;

	for (size_t i = 0; !rc && i <= len; i++)
		buf[i] = (char)tolower((unsigned char)host[i]);
	curl_free(host);
	return rc;
}

/* --- callbacks ------------------------------------------------------------------------
 */

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct turn *t = arg;

	(void)one;
	if (t->out->bytes + len > t->get->bytes_max) {
		t->rc = -EFBIG;
		return 0;
	}
	for (size_t at = 0; at < len;) {
		ssize_t n = write(t->get->fd, bytes + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			t->rc = -errno;
			return 0;
		}
		at += (size_t)n;
	}
	t->out->bytes += len;
	return len;
}

/** Take a header's value, if it is this one. */
static void take_header(const char *line, size_t len, const char *name, char *to)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) || line[n] != ':')
		return;
	for (line += n + 1, len -= n + 1; len && isblank((unsigned char)*line); line++)
		len--;
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	if (len > FETCH_VALIDATOR_MAX)
		len = 0; /* it cannot be repeated: it is none */
	for (size_t i = 0; i < len; i++)
		if (!isprint((unsigned char)line[i]))
			len = 0;
	memcpy(to, line, len);
	to[len] = '\0';
}

static size_t on_header(char *line, size_t one, size_t len, void *arg)
{
	struct turn *t = arg;

	(void)one;
	take_header(line, len, "ETag", t->out->validators.etag);
	take_header(line, len, "Last-Modified", t->out->validators.modified);
	return len;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up_now)
{
	struct turn *t = arg;

	(void)up_total;
	(void)up_now;
	if (t->get->progress)
		t->get->progress(t->get->arg, (uint64_t)now, (uint64_t)MAX(total, 0));
	return 0;
}

/** Judge the address that is really connected to, whatever led there: a redirect, or DNS, which
 *  may say something else each time. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct turn *t = arg;
	struct home home = { .count = 0 };
	struct addr_port at;

	if (purpose != CURLSOCKTYPE_IPCXN || addr_port_from_sockaddr(&to->addr, &at))
		return CURL_SOCKET_BAD;
	home_refresh(&home, clock_mono_us() / 1000);
	if (!home_has(&home, &at.addr)) {
		t->is_outside = true;
	} else if (!t->may_go_home) {
		addr_to_text(&at.addr, t->home);
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* --- a request ------------------------------------------------------------------------
 */

static void add_text(struct curl_slist **list, const char *before, const char *text)
{
	char line[FETCH_URL_MAX + ADDRESSES_MAX];
	struct curl_slist *longer;

	snprintf(line, sizeof(line), "%s%s", before, text);
	longer = curl_slist_append(*list, line);
	if (longer)
		*list = longer;
}

/** Tell libcurl where the host is, so that it looks nothing up itself. An address is one.
 */
static int add_addresses(struct turn *t, const char *url)
{
	char host[HOST_MAX + 3], found[ADDRESSES_MAX], head[HOST_MAX + 16];
	char *port = url_part(url, CURLUPART_PORT);
	int rc = fetch_url_host(url, host, sizeof(host));

	if (!rc && !fetch_host_is_address(host)) {
		rc = fetch_hosts_find(t->get->hosts, host, found, sizeof(found));
		snprintf(head, sizeof(head), "%s:%s:", host, port ? port : "443");
		if (!rc)
			add_text(&t->addresses, head, found);
	}
	curl_free(port);
	if (rc)
		snprintf(t->out->why, sizeof(t->out->why), "host %s: %s", host,
			 rc == -ENOENT ? "no such name" : strerror(-rc));
	return rc == -ENOENT ? -EHOSTUNREACH : rc;
}

static void add_validators(struct turn *t)
{
	const struct fetch_validators *known = t->get->known;

	if (known && *known->etag)
		add_text(&t->headers, "If-None-Match: ", known->etag);
	if (known && *known->modified)
		add_text(&t->headers, "If-Modified-Since: ", known->modified);
}

static CURLcode set_options(struct turn *t, const char *url)
{
	CURL *c = t->curl;
	CURLcode code = curl_easy_setopt(c, CURLOPT_URL, url);

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(c, CURLOPT_USERAGENT, AGENT);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(c, CURLOPT_RESOLVE, t->addresses);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)FETCH_TIME_MAX_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_STALL_BYTES);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)FETCH_STALL_S);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	return code;
}

static int rc_of(CURLcode code)
{
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return -EHOSTUNREACH;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return -EACCES;
	default:
		return -EPROTO;
	}
}

static int failed(struct turn *t, CURLcode code)
{
	if (t->rc == -EFBIG)
		snprintf(t->out->why, sizeof(t->out->why), "over %llu MiB",
			 (unsigned long long)(t->get->bytes_max >> 20));
	else if (t->rc)
		snprintf(t->out->why, sizeof(t->out->why), "writing: %s",
			 strerror(-t->rc));
	else if (*t->home)
		snprintf(t->out->why, sizeof(t->out->why),
			 "it leads to %s, which is at home, and the configuration does not "
			 "send us there", t->home);
	else
		snprintf(t->out->why, sizeof(t->out->why), "%s",
			 *t->error ? t->error : curl_easy_strerror(code));
	if (t->rc)
		return t->rc;
	return *t->home ? -EACCES : rc_of(code);
}

/** Where a redirect leads, or the end of the way.
 *  @param next  of FETCH_URL_MAX + 1 bytes @retval 1 to next */
static int judge(struct turn *t, const char *url, char *next)
{
	char *to = NULL;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	t->out->status = status;
	if (status == 200)
		return 0;
	if (status == 304 && t->get->known) {
		t->out->is_unchanged = true;
		return 0;
	}
	curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &to);
	if (status < 300 || status >= 400 || !to) {
		snprintf(t->out->why, sizeof(t->out->why),
			 "the server answered with status %ld", status);
		return -EPROTO;
	}
	if (!fetch_url_is_good(to) ||
	    (is_scheme(url, "https") && !is_scheme(to, "https"))) {
		snprintf(t->out->why, sizeof(t->out->why), "it was redirected to %.300s",
			 to);
		return -EPROTO;
	}
	snprintf(next, FETCH_URL_MAX + 1, "%s", to);
	return 1;
}

/** Of a redirect or an error, whose body is not the list. */
static int forget_body(struct turn *t)
{
	t->out->bytes = 0;
	t->out->validators = (struct fetch_validators){"", ""};
	if (ftruncate(t->get->fd, 0) || lseek(t->get->fd, 0, SEEK_SET))
		return -errno;
	return 0;
}

static int run(struct turn *t, const char *url, char *next)
{
	CURLcode code;
	int rc = add_addresses(t, url);

	if (rc)
		return rc;
	add_validators(t);
	t->curl = curl_easy_init();
	if (!t->curl)
		return -ENOMEM;
	code = set_options(t, url);
	if (!code)
		code = curl_easy_perform(t->curl);
	rc = code ? failed(t, code) : judge(t, url, next);
	if (rc)
		return forget_body(t) ? -EIO : rc;
	return 0;
}

int fetch_get(const struct fetch_get *get, struct fetch_got *out)
{
	char url[FETCH_URL_MAX + 1], next[FETCH_URL_MAX + 1];
	bool may_go_home = get->may_go_home;
	int rc = 1;

	*out = (struct fetch_got){.status = 0};
	snprintf(url, sizeof(url), "%s", get->url);
	for (unsigned i = 0; rc == 1 && i <= FETCH_REDIRECTS_MAX; i++) {
		struct turn t = {.get = get, .out = out, .may_go_home = may_go_home};

		rc = run(&t, url, next);
		curl_easy_cleanup(t.curl);
		curl_slist_free_all(t.headers);
		curl_slist_free_all(t.addresses);
		may_go_home &= !t.is_outside; /* who is outside sends nobody back */
		if (rc == 1)
			memcpy(url, next, sizeof(url));
	}
	if (rc != 1)
		return rc;
	snprintf(out->why, sizeof(out->why), "more than %d redirects",
		 FETCH_REDIRECTS_MAX);
	return -ELOOP;
}
