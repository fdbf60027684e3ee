/*
 * namewardd: the options, and which process this is. The same binary is the supervisor and,
 * started by it with --child, each of its children.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blocklists/compiler.h"
#include "conf/conf.h"
#include "daemon/supervise.h"
#include "db/dbwriter.h"
#include "flows/flows.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/util.h"
#include "local/local_reader.h"
#include "local/mdns.h"
#include "nftsync/nftsync.h"
#include "resolver/resolver.h"

#define EXIT_USAGE 2

enum { OPT_CHECK = 256, OPT_PRINT_CONFIG, OPT_CHILD };

struct options {
	struct supervise_options supervise;
	bool check, print_config;
	const char *child; /* a role's name; NULL: none */
};

static void print_usage(FILE *to)
{
	fputs("Examples:\n"
	      "  namewardd                    serve by /etc/nameward/nameward.conf, log to stderr\n"
	      "  namewardd -f -c my.conf      the same by hand, and say how to try it\n"
	      "  namewardd --check            exit 0, or print every error and exit 78\n"
	      "\n"
	      "Usage: namewardd [-f] [-c FILE] [--check] [--print-config]\n"
	      "  -f              started by hand: plain log lines, and how to try it\n"
	      "  -c FILE         another configuration file; only what it includes is read\n"
	      "  --check         check the configuration and leave\n"
	      "  --print-config  print the configuration as it was understood and leave\n"
	      "  -h, --help      this\n"
	      "  -V, --version   the version\n"
	      "SIGHUP reloads, SIGTERM and SIGINT stop. It never leaves the foreground.\n",
	      to);
}

/** @return -1, or the exit status to leave with */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "check", no_argument, NULL, OPT_CHECK },
		{ "print-config", no_argument, NULL, OPT_PRINT_CONFIG },
		{ "child", required_argument, NULL, OPT_CHILD }, /* for the supervisor only */
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "fc:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->supervise.how_to_try = true;
			break;
		case 'c':
			o->supervise.conf_path = optarg;
			break;
		case OPT_CHECK:
			o->check = true;
			break;
		case OPT_PRINT_CONFIG:
			o->print_config = true;
			break;
		case OPT_CHILD:
			o->child = optarg;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		case 'V':
			puts("namewardd " VERSION);
			return 0;
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "namewardd: unexpected argument '%s'\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

/** --check and --print-config. @return exit status */
static int check_config(const struct options *o)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *bundle = NULL;
	struct conf *conf = NULL;
	int rc;

	if (!errors)
		return 1;
	rc = conf_bundle_load(o->supervise.conf_path, &bundle, errors);
	if (!rc)
		rc = conf_parse(bundle, &conf, errors);
	if (!rc)
		rc = conf_bundle_add_ca(bundle, conf, errors);
	if (rc && !conf_errors_count(errors))
		fprintf(stderr, "namewardd: configuration: %s\n", strerror(-rc));
	conf_errors_print(errors, stderr);
	if (!rc && o->print_config)
		conf_print(conf, stdout);
	else if (!rc)
		fprintf(stderr, "%s: no errors\n", conf_bundle_name(bundle));
	conf_free(conf);
	conf_bundle_free(bundle);
	conf_errors_free(errors);
	if (!rc && (fflush(stdout) || ferror(stdout)))
		return 1;
	return rc ? SUPERVISE_BAD_CONFIG : 0;
}

/** @return exit status */
static int run_child(const char *name)
{
	static int (*const mains[ROLE_COUNT])(void) = {
		[ROLE_RESOLVER] = resolver_main,
		[ROLE_NFTSYNC] = nftsync_main,
		[ROLE_DBWRITER] = dbwriter_main,
		[ROLE_FLOWS] = flows_main,
		[ROLE_COMPILER] = compiler_main,
		[ROLE_LOCAL] = local_reader_main,
		[ROLE_MDNS] = mdns_main,
	};
	struct stat st;

	if (fstat(CHILD_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fputs("namewardd: --child is for the supervisor\n", stderr);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		if (!mains[i] || strcmp(name, msg_role_name((enum msg_role)i)))
			continue;
		log_init(msg_role_name((enum msg_role)i), LOG_LEVEL_INFO);
		return mains[i]();
	}
	fprintf(stderr, "namewardd: no process '%s'\n", name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int status = parse_options(argc, argv, &o);

	if (status >= 0)
		return status;
	if (o.child)
		return run_child(o.child);
	if (o.check || o.print_config)
		return check_config(&o);
	if (o.supervise.how_to_try)
		unsetenv("JOURNAL_STREAM"); /* the lines are for a person */
	log_init("namewardd", LOG_LEVEL_INFO);
	return supervise_run(&o.supervise);
}
