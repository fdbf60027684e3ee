/*
 * What a lease costs a program that hands libnftables text, the usual way without own netlink
 * code: the same elements, sets and turns as bench_lease. Prints samples for bench/table.awk.
 * Needs root and libnftables-dev; includes nothing of the project.
 */
#include <nftables/libnftables.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define LEASES	16384 /* fewer than there: the cost does not depend on it */
#define TURN	500
#define ELEMENT sizeof("02:00:00:00:00:00 . 255.255.255.255 timeout 86400s,")

static uint64_t wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t cpu_us(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

static void run(struct nft_ctx *nft, const char *text)
{
	if (nft_run_cmd_from_buffer(nft, text)) {
		fprintf(stderr, "nft_text: %s\n", nft_ctx_get_error_buffer(nft));
		exit(1);
	}
}

/* One command with `count` elements from the first. */
static char *put_command(char *to, const char *verb, unsigned first, unsigned count,
			 unsigned timeout_s)
{
	to += sprintf(to, "%s element inet bench lease4 {", verb);
	for (unsigned i = first; i < first + count; i++) {
		to += sprintf(to, "02:00:00:00:00:%02x . 8.%u.%u.%u", i % 16, i >> 16 & 255,
			      i >> 8 & 255, i & 255);
		if (timeout_s)
			to += sprintf(to, " timeout %us", timeout_s);
		*to++ = ',';
	}
	return to + sprintf(to, "}\n");
}

static void claim(struct nft_ctx *nft, const char *what, unsigned turn, int is_refresh)
{
	static char text[3 * (TURN * ELEMENT + 64)];
	uint64_t wall = wall_us(), cpu = cpu_us();

	for (unsigned i = 0; i < LEASES; i += turn) {
		unsigned count = LEASES - i < turn ? LEASES - i : turn;
		char *at = put_command(text, "add", i, count, is_refresh ? 7200 : 900);

		/* What alone refreshes on every kernel; the first add is for those that ended. */
		if (is_refresh) {
			at = put_command(at, "delete", i, count, 0);
			put_command(at, "add", i, count, 7200);
		}
		run(nft, text);
	}
	wall = wall_us() - wall;
	cpu = cpu_us() - cpu;
	printf("lease\t%s, %u a turn\tlibnftables text\tleases/s\t%.0f\n", what, turn,
	       1e6 * LEASES / (double)wall);
	printf("lease\t%s, %u a turn\tlibnftables text\tus CPU a lease\t%.3f\n", what, turn,
	       (double)cpu / LEASES);
}

int main(void)
{
	static const unsigned turns[] = { 1, 64, TURN };
	struct nft_ctx *nft;

	for (unsigned i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		if (unshare(CLONE_NEWNET)) {
			perror("nft_text: unshare");
			return 1;
		}
		nft = nft_ctx_new(NFT_CTX_DEFAULT);
		if (!nft || nft_ctx_buffer_error(nft))
			return 1;
		run(nft, "table inet bench {\n"
			 " set lease4 { type ether_addr . ipv4_addr; flags timeout; size 65536; }\n"
			 "}\n");
		claim(nft, "new", turns[i], 0);
		claim(nft, "refresh", turns[i], 1);
		nft_ctx_free(nft);
	}
	return 0;
}
