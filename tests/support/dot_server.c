/* A DNS over TLS server; see dot_server.h. */
#include "tests/support/dot_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/support/scripted_reply.h"
#include "tests/support/test_pki.h"

#define WAITING_MAX 2048
#define GATHER_MS   100 /* how long `reorder` waits for more before it answers */
#define DRIP_MS	    100
#define LIFE_S	    60

/** One connection: what was asked and not answered. */
struct session {
	SSL *ssl;
	int fd;
	struct dot_counts *counts;
	uint8_t in[262144];
	size_t in_len;
	struct {
		uint8_t wire[1024];
		size_t len;
	} waiting[WAITING_MAX];
	unsigned waiting_count;
	unsigned answered;
};

/** False: the connection is over. */
typedef bool answer_way(struct session *s);

struct behaviour {
	const char *name;
	answer_way *answer; /* NULL: no handshake is made */
	int max_version;
};

/* --- answers -------------------------------------------------------------------------
 */

static bool send_answer(struct session *s, unsigned i, bool drip)
{
	static uint8_t reply[2 + SCRIPTED_MAX];
	struct scripted_query q;
	size_t len;

	if (scripted_read(s->waiting[i].wire, s->waiting[i].len, &q))
		return false;
	len = scripted_write(&q, SCRIPT_ADDRESS, 0, reply + 2);
	store_be16(reply, (uint16_t)len);
	s->answered++;
	if (!drip)
		return SSL_write(s->ssl, reply, (int)(2 + len)) > 0;
	for (size_t at = 0; at < 2 + len; at++) {
		if (SSL_write(s->ssl, reply + at, 1) <= 0)
			return false;
		poll(NULL, 0, DRIP_MS);
	}
	return true;
}

static bool answer_all(struct session *s)
{
	for (unsigned i = 0; i < s->waiting_count; i++)
		if (!send_answer(s, i, false))
			return false;
	s->waiting_count = 0;
	return true;
}

/** When no more comes for a while, the last is answered first. */
static bool answer_reordered(struct session *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	if (SSL_pending(s->ssl) || poll(&p, 1, GATHER_MS))
		return true;
	while (s->waiting_count)
		if (!send_answer(s, --s->waiting_count, false))
			return false;
	return true;
}

static bool answer_one(struct session *s)
{
	if (s->waiting_count)
		send_answer(s, 0, false);
	return !s->waiting_count;
}

static bool answer_none(struct session *s)
{
	s->waiting_count = 0;
	return true;
}

/** The first three are answered, then nothing, but the connection stays. */
static bool answer_three(struct session *s)
{
	for (unsigned i = 0; i < s->waiting_count && s->answered < 3; i++)
		if (!send_answer(s, i, false))
			return false;
	s->waiting_count = 0;
	return true;
}

/** It says that nothing more will come from it, and reads on. */
static bool answer_half_closed(struct session *s)
{
	if (s->answered++ == 0)
		SSL_shutdown(s->ssl);
	s->waiting_count = 0;
	return true;
}

static bool answer_dripping(struct session *s)
{
	for (unsigned i = 0; i < s->waiting_count; i++)
		if (!send_answer(s, i, true))
			return false;
	s->waiting_count = 0;
	return true;
}

/** Of another question, with the right id; then garbage of the right length. */
static bool answer_lies(struct session *s)
{
	static const uint8_t garbage[] = {0, 7, 1, 2, 3, 4, 5, 6, 7};

	for (unsigned i = 0; i < s->waiting_count; i++) {
		s->waiting[i].wire[13] ^= 1;
		if (!send_answer(s, i, false) ||
		    SSL_write(s->ssl, garbage, sizeof(garbage)) <= 0)
			return false;
		s->waiting[i].wire[13] ^= 1;
	}
	return answer_all(s);
}

static const struct behaviour behaviours[] = {
	{"ok", answer_all, 0},
	{"tls12", answer_all, TLS1_2_VERSION},
	{"tls11", answer_all, TLS1_1_VERSION},
	{"reorder", answer_reordered, 0},
	{"closeeach", answer_one, 0},
	{"closeeach12", answer_one, TLS1_2_VERSION},
	{"silent", answer_none, 0},
	{"stops", answer_three, 0},
	{"half", answer_half_closed, 0},
	{"drip", answer_dripping, 0},
	{"lies", answer_lies, 0},
	{"mute", NULL, 0},
};

void dot_list_behaviours(FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++)
		fprintf(to, "%s%s", i ? " " : "", behaviours[i].name);
	fputc('\n', to);
}

/* --- connections ---------------------------------------------------------------------
 */

static bool take_queries(struct session *s)
{
	size_t at = 0;

	while (s->in_len - at >= 2 && s->waiting_count < WAITING_MAX) {
		size_t len = load_be16(s->in + at);

		if (len > sizeof(s->waiting[0].wire))
			return false;
		if (s->in_len - at < 2 + len)
			break;
		memcpy(s->waiting[s->waiting_count].wire, s->in + at + 2, len);
		s->waiting[s->waiting_count++].len = len;
		__atomic_fetch_add(&s->counts->queries, 1, __ATOMIC_RELAXED);
		if (len % 128)
			__atomic_fetch_add(&s->counts->unpadded, 1, __ATOMIC_RELAXED);
		at += 2 + len;
	}
	s->in_len -= at;
	memmove(s->in, s->in + at, s->in_len);
	if (s->waiting_count > s->counts->most_waiting)
		s->counts->most_waiting = s->waiting_count;
	return true;
}

static void talk(struct session *s, const struct behaviour *b)
{
	__atomic_fetch_add(&s->counts->handshakes, 1, __ATOMIC_RELAXED);
	if (SSL_session_reused(s->ssl))
		__atomic_fetch_add(&s->counts->resumed, 1, __ATOMIC_RELAXED);
	if (SSL_version(s->ssl) == TLS1_3_VERSION)
		__atomic_fetch_add(&s->counts->tls13, 1, __ATOMIC_RELAXED);
	for (;;) {
		int n = SSL_read(s->ssl, s->in + s->in_len,
				 (int)(sizeof(s->in) - s->in_len));

		if (n <= 0)
			return;
		s->in_len += (size_t)n;
		if (!take_queries(s) || !b->answer(s))
			return;
	}
}

static void serve_connection(SSL_CTX *ctx, int fd, const struct behaviour *b,
			     struct dot_counts *counts)
{
	struct session *s = calloc(1, sizeof(*s));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!b->answer)
		for (;;)
			pause();
	s->fd = fd;
	s->counts = counts;
	s->ssl = SSL_new(ctx);
	SSL_set_fd(s->ssl, fd);
	if (SSL_accept(s->ssl) == 1) {
		talk(s, b);
		SSL_shutdown(s->ssl);
	}
	_exit(0);
}

static void serve(int listener, const struct behaviour *b, const struct pki_cert *cert,
		  struct dot_counts *counts)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	alarm(LIFE_S);
	SSL_CTX_use_certificate(ctx, cert->cert);
	SSL_CTX_use_PrivateKey(ctx, cert->key);
	SSL_CTX_set_session_id_context(ctx, (const uint8_t *)"dot", 3);
	if (b->max_version == TLS1_1_VERSION) { /* Debian's default would not even try */
		SSL_CTX_set_security_level(ctx, 0);
		SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
	}
	SSL_CTX_set_max_proto_version(ctx, b->max_version);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		__atomic_fetch_add(&counts->connections, 1, __ATOMIC_RELAXED);
		if (fork() == 0)
			serve_connection(ctx, fd, b, counts);
		close(fd);
	}
}

/* --- public --------------------------------------------------------------------------
 */

static int listen_on(const char *address, uint16_t *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t len = sizeof(sa);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (inet_pton(AF_INET, address, &sa.sin_addr) != 1 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 64) ||
	    getsockname(fd, (struct sockaddr *)&sa, &len)) {
		int rc = errno ? -errno : -EINVAL;

		close(fd);
		return rc;
	}
	*port = ntohs(sa.sin_port);
	return fd;
}

int dot_open(const char *address, uint16_t port, const char *behaviour,
	     const struct pki_cert *cert, struct dot_server *out)
{
	const struct behaviour *b = NULL;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(behaviours); i++)
		if (!strcmp(behaviours[i].name, behaviour))
			b = &behaviours[i];
	if (!b)
		return -ENOENT;
	out->port = port;
	fd = listen_on(address, &out->port);
	if (fd < 0)
		return fd;
	out->counts = mmap(NULL, sizeof(*out->counts), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (out->counts == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	out->pid = fork();
	if (out->pid == 0)
		serve(fd, b, cert, out->counts);
	close(fd);
	return out->pid < 0 ? -errno : 0;
}

void dot_close(struct dot_server *s)
{
	kill(s->pid, SIGKILL); /* its children end with it */
	waitpid(s->pid, NULL, 0);
	munmap(s->counts, sizeof(*s->counts));
}
