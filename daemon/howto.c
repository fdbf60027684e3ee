/* What to type to see it work. Knows nothing of the processes. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "daemon/howto.h"
#include "lib/util.h"

/** The `nameward` beside our own binary where it was not installed into the path. */
static const char *command_path(char *buf, size_t size)
{
	static const char *const installed[] = { "/usr/sbin/", "/usr/local/sbin/", "/sbin/" };
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *end;

	if (n <= 0)
		return "nameward";
	buf[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(installed); i++)
		if (!strncmp(buf, installed[i], strlen(installed[i])))
			return "nameward";
	end = strrchr(buf, '/');
	if (!end || (size_t)(end - buf) + sizeof("/nameward") > size)
		return "nameward";
	strcpy(end, "/nameward");
	return access(buf, X_OK) < 0 ? "nameward" : buf;
}

static void print_dig(const struct conf *conf, FILE *to)
{
	const struct addr_port *at;
	const char *interface;
	char text[ADDR_TEXT_MAX];

	if (!conf->listen_count)
		return;
	at = &conf->listens[0].at;
	interface = conf->listens[0].interface;
	addr_to_text(&at->addr, text);
	if (!strcmp(text, "0.0.0.0"))
		strcpy(text, "127.0.0.1");
	else if (!strcmp(text, "::"))
		strcpy(text, "::1");
	fprintf(to, "  dig @%s%s%s", text, interface ? "%" : "", interface ? interface : "");
	if (at->port != 53)
		fprintf(to, " -p %u", at->port);
	fputs(" example.com\n", to);
}

void howto_print(const struct conf *conf, const char *conf_path, FILE *to)
{
	char buf[PATH_MAX];
	const char *command = command_path(buf, sizeof(buf));
	const char *option = conf_path ? " -c " : "";

	conf_path = conf_path ? conf_path : "";
	fprintf(to, "\nnameward serves. To try it, in another terminal:\n");
	print_dig(conf, to);
	if (conf->history.on) {
		fprintf(to, "  %s%s%s log -f\n", command, option, conf_path);
		fprintf(to, "  sqlite3 'file:%s?mode=ro' 'SELECT * FROM lookups ORDER BY ts DESC LIMIT 20'\n",
			conf->history.file);
	}
	fprintf(to, "  %s%s%s status\n", command, option, conf_path);
	fprintf(to, "Ctrl-C ends it.\n\n");
	fflush(to);
}
