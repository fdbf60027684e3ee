/*
 * Load and its judge: several devices look names up and connect, while others do harm.
 *   storm serve PORT                echo, both families, until killed
 *   storm run OPTION... NETNS=SERVER... NETNS~SERVER...
 *     -t SECONDS -r LOOKUPS/S -p PROBES/S -s SEED -P PORT
 *     -l S    how long an answer opens its address at most (its TTL may say less)
 *     -e S    after that and this much more nothing may be open
 *     -x MIN-MAX:WINDOW:COMMAND    run `sh -c COMMAND sh RANDOM` again and again, after pauses
 *             of so many ms; while it runs and WINDOW ms more, what ought to be refused may
 *             pass (WINDOW -1: not even while it runs)
 * A device is a network namespace; SERVER is asked from there. With = it is known by its MAC;
 * with ~ by its address, so that a lookup opens addresses of SERVER's family alone. The names' addresses are
 * derived from them as bench/responder does, so it is known before an answer what a question
 * may open. Each address is, for each device:
 *   never asked, or over        a connection must be refused, at once
 *   answered, and within TTL    it must be opened
 *   neither                     (asked and not answered, ending, or talked with, which keeps
 *                               a lease) nothing is said of it
 * An answer's address is connected to the instant it arrives, others at random; and each
 * device keeps some connections open and talks on them, which must not break, whatever
 * becomes of the lease. Prints what was wrong, then one line of counts; exits 0 if nothing
 * was. Stands alone: includes nothing of the project.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES   131072 /* 198.18.0.0/15, and as many below 2001:db8:: */
#define OWN_NET	    256	   /* 198.18.0.0/24 is the test's */
#define DEVICES	    8
#define COMMANDS    8
#define OPS	    8192
#define RECENT	    16384 /* answers a device remembers to try */
#define TALKS	    4	  /* connections a device keeps */
#define TALK_MS	    300
#define WAIT_MS	    4000 /* for an answer of any kind: the SYN may be sent twice */
#define STALL_MS    200 /* we were not let run */
#define RETRY_MS    1000 /* a stub asks again after that, twice */
#define SAID	    20	 /* wrongs told in full */

enum kind { FREE, ASK, OPEN, TALK };

struct entry { /* of one device and address */
	int64_t open_ms;  /* until then it must be open */
	int64_t maybe_ms; /* until then it may be */
};

struct place {
	uint32_t at; /* < ADDRESSES */
	bool six;
};

struct op {
	enum kind kind;
	struct place place;
	struct sockaddr_storage to;
	uint8_t message[160];
	int64_t start_ms, next_ms; /* next_ms: ask again, or say more */
	int64_t wait_ms; /* more than WAIT_MS that it has */
	bool must_open, is_up, waits;
	uint16_t len;
	int fd, dev, tries;
};

struct device {
	const char *netns;
	int ns;
	struct sockaddr_storage server;
	struct entry *entries[2];
	struct place recent[RECENT];
	bool by_address;
	unsigned answers, talks;
};

struct command {
	const char *text;
	int min_ms, max_ms, window_ms;
	int64_t next_ms, end_ms;
	pid_t pid;
	unsigned runs;
};

struct storm {
	struct device devices[DEVICES];
	struct command commands[COMMANDS];
	const struct command *last; /* of those with windows, to end */
	struct op ops[OPS];
	uint16_t free[OPS];
	unsigned device_count, command_count, free_count, names;
	int seconds, rate, probes, life_s, end_s, epoll, home;
	uint16_t port;
	uint64_t seed, random;
	unsigned asked, answered, failed, opened, refused, in_window, lost, accepts, refusals,
		silent, said, talks, slowest_ms;
	int64_t begin_ms, turn_ms;
	int64_t hole_ms; /* the latest accept in a window, after its command's end */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static uint32_t roll(struct storm *s, uint32_t below)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((s->random >> 33) % below);
}

/* --- addresses and names ------------------------------------------------------------ */

static struct sockaddr_storage sockaddr_of(struct place p, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	uint32_t last = htonl(198u << 24 | 18u << 16 | p.at);
	struct sockaddr_storage out = { 0 };

	four.sin_addr.s_addr = last;
	memcpy(&six.sin6_addr, (uint8_t[]){ 0x20, 1, 0x0d, 0xb8 }, 4);
	memcpy((uint8_t *)&six.sin6_addr + 12, &last, 4);
	if (p.six)
		memcpy(&out, &six, sizeof(six));
	else
		memcpy(&out, &four, sizeof(four));
	return out;
}

static socklen_t length_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static const char *text_of(struct place p)
{
	static char text[INET6_ADDRSTRLEN];
	struct sockaddr_storage a = sockaddr_of(p, 0);

	inet_ntop(a.ss_family,
		  p.six ? (void *)&((struct sockaddr_in6 *)&a)->sin6_addr :
			  (void *)&((struct sockaddr_in *)&a)->sin_addr,
		  text, sizeof(text));
	return text;
}

/** The question for the n-th name into op; its place is set. */
static void write_question(const struct storm *s, struct op *o, unsigned n, bool six)
{
	uint8_t *p = o->message + 12;
	uint32_t h = 2166136261u;
	char label[32];
	size_t len = (size_t)snprintf(label, sizeof(label), "s%lux%u", (unsigned long)s->seed, n);

	memcpy(o->message + 2, (uint8_t[]){ 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, 10);
	*p++ = (uint8_t)len;
	memcpy(p, label, len);
	memcpy(p + len, "\5storm\7example", 15);
	p += len + 15;
	for (const uint8_t *b = o->message + 12; b < p; b++)
		h = (h ^ *b) * 16777619u;
	memcpy(p, (uint8_t[]){ 0, six ? 28 : 1, 0, 1 }, 4);
	o->len = (uint16_t)(p + 4 - o->message);
	o->place = (struct place){ (h >> 16 & 1) << 16 | (h & 0xffff), six };
}

/** @return the TTL of the one address that answers o's question; -1: it does not */
static int64_t read_answer(const struct op *o, const uint8_t *m, size_t len)
{
	size_t size = o->place.six ? 16 : 4;
	const uint8_t *rr = m + o->len;
	struct sockaddr_storage want = sockaddr_of(o->place, 0);
	const void *addr = o->place.six ? (void *)&((struct sockaddr_in6 *)&want)->sin6_addr :
					  (void *)&((struct sockaddr_in *)&want)->sin_addr;

	if (len < o->len + 12 + size || m[3] & 0x0f || m[7] != 1 || rr[11] != size ||
	    memcmp(rr + 12, addr, size))
		return -1;
	return (int64_t)rr[6] << 24 | rr[7] << 16 | rr[8] << 8 | rr[9];
}

/* --- what may be -------------------------------------------------------------------- */

static struct entry *entry_of(struct storm *s, int dev, struct place p)
{
	return &s->devices[dev].entries[p.six][p.at];
}

static bool must_be_open(struct storm *s, int dev, struct place p, int64_t now)
{
	return entry_of(s, dev, p)->open_ms > now;
}

static bool must_be_closed(struct storm *s, int dev, struct place p, int64_t now)
{
	return entry_of(s, dev, p)->maybe_ms < now && p.at >= OWN_NET;
}

/* Something that may keep it open for as long as an answer does. */
static void note_asked(struct storm *s, const struct op *o, int64_t now)
{
	struct entry *e = entry_of(s, o->dev, o->place);
	int64_t until = now + WAIT_MS + 1000 * (s->life_s + s->end_s);

	if (e->maybe_ms < until)
		e->maybe_ms = until;
}

static void note_answered(struct storm *s, const struct op *o, int64_t ttl_s, int64_t now)
{
	struct device *d = &s->devices[o->dev];
	struct entry *e = entry_of(s, o->dev, o->place);
	int64_t until = now + 1000 * (ttl_s < s->life_s ? ttl_s : s->life_s);

	if (e->open_ms < until)
		e->open_ms = until;
	d->recent[d->answers++ % RECENT] = o->place;
	note_asked(s, o, now);
}

/* Whether a connection that was begun then may pass though it ought not to. */
static bool in_window(struct storm *s, int64_t start)
{
	const struct command *last = s->last;
	int64_t late;

	for (unsigned i = 0; i < s->command_count; i++)
		if (s->commands[i].pid && s->commands[i].window_ms >= 0)
			return true;
	if (!last || start > last->end_ms + last->window_ms)
		return false;
	late = start - last->end_ms;
	s->hole_ms = late > s->hole_ms ? late : s->hole_ms;
	return true;
}

static void say(struct storm *s, const struct op *o, const char *what, int64_t now)
{
	if (s->said++ < SAID)
		printf("%s: %s %s (tried at %.3f s for %lld ms; until %.3f s open, until %.3f s "
		       "maybe)\n", s->devices[o->dev].netns, text_of(o->place), what,
		       (double)(o->start_ms - s->begin_ms) / 1e3, (long long)(now - o->start_ms),
		       (double)(entry_of(s, o->dev, o->place)->open_ms - s->begin_ms) / 1e3,
		       (double)(entry_of(s, o->dev, o->place)->maybe_ms - s->begin_ms) / 1e3);
}

/* --- operations --------------------------------------------------------------------- */

static void end_op(struct storm *s, struct op *o)
{
	if (o->kind == TALK)
		s->devices[o->dev].talks--;
	close(o->fd);
	o->kind = FREE;
	s->free[s->free_count++] = (uint16_t)(o - s->ops);
}

/** A new socket in the device's namespace that connects to o->to. */
static struct op *begin_op(struct storm *s, enum kind kind, int dev, const struct op *like,
			   const struct sockaddr_storage *to)
{
	struct linger reset = { .l_onoff = 1 };
	struct epoll_event ev = { .events = kind == ASK ? EPOLLIN : EPOLLIN | EPOLLOUT };
	struct op *o;

	if (!s->free_count)
		return NULL;
	o = &s->ops[s->free[s->free_count - 1]];
	*o = *like;
	o->kind = kind;
	o->dev = dev;
	o->start_ms = now_ms();
	o->next_ms = o->start_ms + RETRY_MS;
	setns(s->devices[dev].ns, CLONE_NEWNET);
	o->fd = socket(to->ss_family,
		       (kind == ASK ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (o->fd < 0) {
		perror("storm: socket");
		exit(2);
	}
	s->free_count--;
	if (kind != ASK)
		setsockopt(o->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	ev.data.u32 = (uint32_t)(o - s->ops);
	connect(o->fd, (const struct sockaddr *)to, length_of(to));
	epoll_ctl(s->epoll, EPOLL_CTL_ADD, o->fd, &ev);
	return o;
}

static void open_place(struct storm *s, enum kind kind, int dev, struct place p, bool must_open)
{
	struct op like = { .place = p, .must_open = must_open };
	struct sockaddr_storage to = sockaddr_of(p, s->port);

	if (begin_op(s, kind, dev, &like, &to) && kind == TALK)
		s->devices[dev].talks++;
}

static void ask(struct storm *s)
{
	int dev = (int)roll(s, s->device_count);
	unsigned n = s->names, kind = roll(s, 4);
	struct op like = { 0 }, *o;

	if (kind && s->names)
		n -= 1 + roll(s, s->names < 3000 ? s->names : 3000); /* asked by someone before */
	else
		s->names++;
	write_question(s, &like, n,
		       s->devices[dev].by_address ?
			       s->devices[dev].server.ss_family == AF_INET6 : roll(s, 2));
	memcpy(like.message, &(uint16_t){ (uint16_t)roll(s, 65536) }, 2);
	if (like.place.at < OWN_NET)
		return;
	o = begin_op(s, ASK, dev, &like, &s->devices[dev].server);
	if (!o)
		return;
	s->asked++;
	note_asked(s, o, o->start_ms);
	send(o->fd, o->message, o->len, 0);
}

static void on_ask(struct storm *s, struct op *o, int64_t now)
{
	uint8_t m[1024];
	ssize_t len;
	int64_t ttl_s;

	while ((len = recv(o->fd, m, sizeof(m), 0)) >= 0) {
		if (len < o->len || memcmp(m, o->message, 2))
			continue;
		ttl_s = read_answer(o, m, (size_t)len);
		if (ttl_s >= 0) {
			s->answered++;
			note_answered(s, o, ttl_s, now);
			open_place(s, OPEN, o->dev, o->place, true);
		} else {
			s->failed++; /* SERVFAIL, while a process is away */
		}
		end_op(s, o);
		return;
	}
	/* Nobody is there: the stub asks again. */
}

static void on_opened(struct storm *s, struct op *o, int error, int64_t now)
{
	if (now - o->start_ms > s->slowest_ms)
		s->slowest_ms = (unsigned)(now - o->start_ms);
	if (!error && !o->must_open && must_be_closed(s, o->dev, o->place, now)) {
		if (in_window(s, o->start_ms)) {
			s->in_window++;
		} else {
			s->accepts++;
			say(s, o, entry_of(s, o->dev, o->place)->maybe_ms ? "is open though over" :
				  "is open and was never asked", now);
		}
	} else if (error && o->must_open) {
		s->refusals++;
		say(s, o, error == ETIMEDOUT ? "was looked up and is silent" :
					       "was looked up and is refused", now);
	} else if (error == ETIMEDOUT) {
		s->silent++;
		say(s, o, "is not refused but silent", now);
	} else if (error) {
		s->refused++;
	} else {
		s->opened++;
	}
	end_op(s, o);
}

static void on_talk(struct storm *s, struct op *o, int error, int64_t now)
{
	char c;
	ssize_t n = error ? -1 : recv(o->fd, &c, 1, 0);
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = (uint32_t)(o - s->ops) };

	if (!o->is_up && !error) {
		o->is_up = true;
		s->talks++;
		epoll_ctl(s->epoll, EPOLL_CTL_MOD, o->fd, &ev);
		o->next_ms = now;
		return;
	}
	if (n == 1) {
		o->waits = false;
		o->next_ms = now + TALK_MS;
		return;
	}
	if (n < 0 && !error && errno == EAGAIN)
		return;
	if (o->is_up) {
		s->lost++;
		say(s, o, "lost its connection", now);
	} else {
		s->refusals++;
		say(s, o, "was looked up and is refused a talk", now);
	}
	end_op(s, o);
}

static void on_event(struct storm *s, struct op *o, int64_t now)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (o->kind != FREE && o->kind != ASK)
		getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (o->kind == ASK)
		on_ask(s, o, now);
	else if (o->kind == OPEN)
		on_opened(s, o, error, now);
	else if (o->kind == TALK)
		on_talk(s, o, error, now);
}

/** What is due: questions again, words on kept connections, and what has waited too long. */
static void look_after(struct storm *s, struct op *o, int64_t now)
{
	if (o->kind == FREE || now < o->next_ms)
		return;
	if (o->kind == ASK && o->tries++ < 2) {
		o->next_ms = now + RETRY_MS;
		note_asked(s, o, now);
		send(o->fd, o->message, o->len, 0);
	} else if (o->kind == ASK) {
		s->failed++;
		end_op(s, o);
	} else if (o->kind == OPEN && now - o->start_ms > WAIT_MS + o->wait_ms) {
		on_opened(s, o, ETIMEDOUT, now);
	} else if (o->kind == TALK && (o->waits || !o->is_up)) {
		if (now > o->next_ms + WAIT_MS)
			on_talk(s, o, ETIMEDOUT, now);
	} else if (o->kind == TALK) {
		note_asked(s, o, now);
		o->waits = send(o->fd, "x", 1, MSG_NOSIGNAL) == 1;
	}
}

/** Some address that one device knows, or none does, from another. */
static void probe(struct storm *s)
{
	int dev = (int)roll(s, s->device_count), of = (int)roll(s, s->device_count);
	const struct device *d = &s->devices[of];
	unsigned known = d->answers < RECENT ? d->answers : RECENT;
	struct place p = { OWN_NET + roll(s, ADDRESSES - OWN_NET), roll(s, 2) };
	int64_t now = now_ms();

	if (known && roll(s, 8))
		p = d->recent[roll(s, known)];
	if (must_be_open(s, dev, p, now))
		open_place(s, s->devices[dev].talks < TALKS ? TALK : OPEN, dev, p, true);
	else if (must_be_closed(s, dev, p, now))
		open_place(s, OPEN, dev, p, false);
}

/* --- harm --------------------------------------------------------------------------- */

static void end_command(struct storm *s, struct command *c, int64_t now)
{
	if (waitpid(c->pid, NULL, WNOHANG) != c->pid)
		return;
	c->pid = 0;
	c->next_ms = now + c->min_ms + (int)roll(s, (unsigned)(c->max_ms - c->min_ms + 1));
	c->end_ms = now;
	if (c->window_ms >= 0)
		s->last = c;
}

static void tend_command(struct storm *s, struct command *c, int64_t now)
{
	char number[16];

	if (c->pid)
		end_command(s, c, now);
	if (c->pid || now < c->next_ms)
		return;
	snprintf(number, sizeof(number), "%u", roll(s, 1000000));
	c->runs++;
	c->pid = fork();
	if (c->pid)
		return;
	setns(s->home, CLONE_NEWNET);
	execl("/bin/sh", "sh", "-c", c->text, "sh", number, (char *)NULL);
	_exit(127);
}

/* --- the loop ----------------------------------------------------------------------- */

/* What has waited while we were not let run is not late. */
static void forgive(struct storm *s, int64_t now)
{
	int64_t gap = s->turn_ms ? now - s->turn_ms : 0;

	s->turn_ms = now;
	if (gap < STALL_MS)
		return;
	for (unsigned i = 0; i < OPS; i++) {
		s->ops[i].next_ms += gap;
		s->ops[i].wait_ms += gap;
	}
}

/* All that has come, before anything is called late. */
static void turn(struct storm *s)
{
	struct epoll_event events[256];
	int n, wait_ms = 1;

	forgive(s, now_ms());
	do {
		int64_t now = now_ms();

		n = epoll_wait(s->epoll, events, 256, wait_ms);
		for (int i = 0; i < n; i++)
			on_event(s, &s->ops[events[i].data.u32], now);
		wait_ms = 0;
	} while (n == 256);
}

static bool has_idle_commands(const struct storm *s)
{
	for (unsigned i = 0; i < s->command_count; i++)
		if (s->commands[i].pid)
			return false;
	return true;
}

static void drain(struct storm *s)
{
	int64_t until = now_ms() + 2 * WAIT_MS;
	bool is_busy = true;

	while ((is_busy || !has_idle_commands(s)) && now_ms() < until) {
		is_busy = false;
		turn(s);
		for (unsigned i = 0; i < OPS; i++) {
			look_after(s, &s->ops[i], now_ms());
			is_busy |= s->ops[i].kind == ASK || s->ops[i].kind == OPEN;
		}
		for (unsigned i = 0; i < s->command_count; i++)
			if (s->commands[i].pid)
				end_command(s, &s->commands[i], now_ms());
	}
}

static void blow(struct storm *s)
{
	int64_t start = s->begin_ms, now = start, look = start;
	uint64_t asks = 0, probes = 0;

	while (now < start + 1000ll * s->seconds) {
		turn(s);
		now = now_ms();
		/* What a stall has kept back is left out, not made up for. */
		for (int i = 0; i < 20 && asks < (uint64_t)((now - start) * s->rate / 1000); i++, asks++)
			ask(s);
		for (int i = 0; i < 20 && probes < (uint64_t)((now - start) * s->probes / 1000);
		     i++, probes++)
			probe(s);
		for (unsigned i = 0; i < s->command_count; i++)
			tend_command(s, &s->commands[i], now);
		for (unsigned i = 0; i < OPS && now >= look + 50; i++)
			look_after(s, &s->ops[i], now);
		look = now >= look + 50 ? now : look;
	}
	drain(s);
}

static int judge(const struct storm *s)
{
	unsigned wrong = s->accepts + s->refusals + s->silent + s->lost;

	printf("%u lookups, %u answered, %u not; %u connections opened, %u refused, slowest "
	       "%u ms; %u kept open; harm done", s->asked, s->answered, s->failed, s->opened,
	       s->refused, s->slowest_ms, s->talks);
	for (unsigned i = 0; i < s->command_count; i++)
		printf(" %u", s->commands[i].runs);
	printf("; %u wrong accepts", s->accepts);
	if (s->in_window)
		printf(" (%u more in stated windows, at most %d ms behind a command)",
		       s->in_window, (int)s->hole_ms);
	printf(", %u wrong refusals, %u silent, %u connections lost\n", s->refusals, s->silent,
	       s->lost);
	if (s->opened < 10 || s->refused < 10 || !s->talks) {
		printf("too little was tried to say anything\n");
		return 1;
	}
	return wrong != 0;
}

/* --- start -------------------------------------------------------------------------- */

static int parse_server(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(53) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(53) };

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		memcpy(out, &four, sizeof(four));
		return 0;
	}
	if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1)
		return -1;
	memcpy(out, &six, sizeof(six));
	return 0;
}

static int add_device(struct storm *s, char *text)
{
	struct device *d = &s->devices[s->device_count];
	char *server = strpbrk(text, "=~"), path[300];

	if (!server || s->device_count == DEVICES)
		return -1;
	d->by_address = *server == '~';
	*server++ = 0;
	d->netns = text;
	snprintf(path, sizeof(path), "/run/netns/%.200s", text);
	d->ns = open(path, O_RDONLY | O_CLOEXEC);
	d->entries[0] = calloc(ADDRESSES, sizeof(struct entry));
	d->entries[1] = calloc(ADDRESSES, sizeof(struct entry));
	s->device_count++;
	return d->ns < 0 || !d->entries[0] || !d->entries[1] ? -1 :
							      parse_server(server, &d->server);
}

static int add_command(struct storm *s, const char *text)
{
	struct command *c = &s->commands[s->command_count];
	int at = 0;

	if (s->command_count == COMMANDS ||
	    sscanf(text, "%d-%d:%d:%n", &c->min_ms, &c->max_ms, &c->window_ms, &at) != 3 || !at ||
	    c->max_ms < c->min_ms)
		return -1;
	c->text = text + at;
	c->next_ms = now_ms() + 2000 + c->min_ms; /* some is known by then */
	s->command_count++;
	return 0;
}

static int set_option(struct storm *s, int option, const char *text)
{
	int value = atoi(text);

	switch (option) {
	case 't': s->seconds = value; return 0;
	case 'r': s->rate = value; return 0;
	case 'p': s->probes = value; return 0;
	case 'l': s->life_s = value; return 0;
	case 'e': s->end_s = value; return 0;
	case 'P': s->port = (uint16_t)value; return 0;
	case 's': s->seed = s->random = (uint64_t)value; return 0;
	case 'x': return add_command(s, text);
	default: return -1;
	}
}

static int run(int argc, char **argv)
{
	static struct storm s = { .seconds = 10, .rate = 100, .probes = 100, .life_s = 10,
				  .end_s = 10, .port = 7, .seed = 1, .random = 1 };
	struct rlimit files = { 2 * OPS, 2 * OPS };
	int option;

	while ((option = getopt(argc, argv, "t:r:p:s:l:e:P:x:")) != -1)
		if (set_option(&s, option, optarg))
			return 2;
	for (int i = optind; i < argc; i++)
		if (add_device(&s, argv[i]))
			return 2;
	if (!s.device_count || setrlimit(RLIMIT_NOFILE, &files))
		return 2;
	for (unsigned i = 0; i < OPS; i++)
		s.free[s.free_count++] = (uint16_t)i;
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	s.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	s.begin_ms = now_ms();
	setvbuf(stdout, NULL, _IOLBF, 0);
	blow(&s);
	return judge(&s);
}

/* --- the other end ------------------------------------------------------------------ */

static void echo(int fd)
{
	char buf[256];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0)
		send(fd, buf, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (n == 0 || errno != EAGAIN)
		close(fd);
}

static int serve(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1, peer;
	struct epoll_event events[256], ev = { .events = EPOLLIN, .data.fd = fd };
	struct rlimit files = { 2 * OPS, 2 * OPS };
	int epoll = epoll_create1(0), n;

	setrlimit(RLIMIT_NOFILE, &files);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, 4096) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev)) {
		perror("storm");
		return 1;
	}
	for (;;) {
		n = epoll_wait(epoll, events, 256, -1);
		for (int i = 0; i < n; i++)
			if (events[i].data.fd != fd)
				echo(events[i].data.fd);
		while ((peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
			ev.data.fd = peer;
			epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &ev);
		}
	}
}

int main(int argc, char **argv)
{
	int rc = 2;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve((uint16_t)atoi(argv[2]));
	if (argc > 3 && !strcmp(argv[1], "run"))
		rc = run(argc - 1, argv + 1);
	if (rc != 2)
		return rc;
	fprintf(stderr, "usage: storm serve PORT | storm run OPTION... NETNS=SERVER...\n");
	return 2;
}
