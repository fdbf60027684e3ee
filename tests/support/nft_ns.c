/* A network namespace of the test's own, and the real nft in it; see nft_ns.h. */
#include "tests/support/nft_ns.h"

#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "lib/util.h"

#define OUTPUT_MAX (8 * 1024 * 1024)

bool nft_ns_enter(void)
{
	return geteuid() == 0 && system("command -v nft >/dev/null") == 0 &&
	       unshare(CLONE_NEWNET) == 0;
}

char *nft_ns_run(const char *command)
{
	char *text = malloc(OUTPUT_MAX + 1);
	FILE *from = popen(command, "r");
	size_t n;

	assert_non_null(text);
	assert_non_null(from);
	n = fread(text, 1, OUTPUT_MAX, from);
	text[n] = '\0';
	if (pclose(from))
		fail_msg("%s: %s", command, text);
	return text;
}

int nft_ns_load(const char *flags, const char *text)
{
	char command[64];
	FILE *to;
	int status;

	snprintf(command, sizeof(command), "nft %s -f -", flags);
	to = popen(command, "w");
	assert_non_null(to);
	fputs(text, to);
	status = pclose(to);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted words of a part of the text, one a line. */
static void print_sorted(FILE *to, const char *from, size_t len)
{
	char *part = strndup(from, len), *save;
	char **words = calloc(len + 1, sizeof(words[0]));
	size_t n = 0;

	for (char *w = strtok_r(part, " \t\n,", &save); w; w = strtok_r(NULL, " \t\n,", &save))
		words[n++] = w;
	qsort(words, n, sizeof(words[0]), compare_words);
	for (size_t i = 0; i < n; i++)
		fprintf(to, " %s\n", words[i]);
	free(part);
	free(words);
}

char *nft_ns_ordered(const char *listing)
{
	static const char begin[] = "elements = {";
	char *out = NULL;
	const char *at, *end;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	while ((at = strstr(listing, begin)) && (end = strchr(at, '}'))) {
		at += strlen(begin);
		fprintf(to, "%.*s\n", (int)(at - listing), listing);
		print_sorted(to, at, (size_t)(end - at));
		listing = end;
	}
	fputs(listing, to);
	fclose(to);
	return out;
}

static char *lan[] = { (char *)"lan0" }, *iot[] = { (char *)"br-iot", (char *)"vlan.30" };
static char *guest[] = { (char *)"wlan1" }, *rest_names[] = { (char *)"*" };

static struct conf_zone zones[] = {
	{ .name = (char *)"lan", .interfaces = lan, .interface_count = 1, .gate = GATE_OFF },
	{ .name = (char *)"iot", .interfaces = iot, .interface_count = 2,
	  .gate = GATE_OBSERVE },
	{ .name = (char *)"guest", .interfaces = guest, .interface_count = 1,
	  .gate = GATE_ENFORCE },
	{ .name = (char *)"rest", .interfaces = rest_names, .interface_count = 1,
	  .gate = GATE_ENFORCE },
};

static struct conf_gate_allow allows[] = {
	{ .proto = IPPROTO_UDP, .port_first = 123, .port_last = 123 },
	{ .proto = IPPROTO_TCP, .port_first = 5060, .port_last = 5070 },
	{ .proto = IPPROTO_TCP, .port_first = 5065, .port_last = 5080 },
	{ .proto = IPPROTO_TCP, .port_first = 65000, .port_last = 65535 },
	{ .net = { { AF_INET, { 198, 51, 100 } }, 24 } },
	{ .net = { { AF_INET, { 198, 51, 101 } }, 24 } },
	{ .net = { { AF_INET, { 198, 51, 102, 7 } }, 32 } },
	{ .net = { { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8 } }, 48 } },
};

const struct conf *nft_ns_conf(bool rest)
{
	static struct conf c[2];

	c[rest] = (struct conf){
		.zones = zones,
		.zone_count = rest ? 4 : 3,
		.gate = {
			.table = (char *)"nameward",
			.lease_min_s = 60,
			.lease_max_s = 86400,
			.grace_s = 600,
			.max_leases = 65536,
			.max_device_leases = 65536,
			.allows = allows,
			.allow_count = ARRAY_SIZE(allows),
		},
	};
	return &c[rest];
}
