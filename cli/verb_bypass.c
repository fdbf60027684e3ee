/*
 * nameward gate bypass: let everything pass for a while, whatever else works; and gate
 * quarantine: let nothing pass of one device.
 *
 * The wish is a file beside the control socket (conf/conf_bypass.h), which the supervisor
 * looks at every few seconds: neither DNS nor any child of it has to work for that, and the
 * configuration may be broken. Without a daemon there is nobody to change rules, so our
 * table is deleted; a daemon that starts later finds the file.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/control_client.h"
#include "cli/daemon_lock.h"
#include "cli/gate_conf.h"
#include "cli/source.h"
#include "cli/when.h"
#include "conf/conf.h"
#include "conf/conf_bypass.h"
#include "lib/clock.h"

#define FOR_DEFAULT_S	600
#define FOR_QUARANTINE_S 86400
#define SECOND_US	INT64_C(1000000)
#define CONFIRM_MS	8000 /* the supervisor looks every 3 s */
#define CONFIRM_STEP_MS 200
#define PATH_OF_NFT	"/usr/sbin:/usr/bin:/sbin:/bin"
#define SYSTEM_CONTROL	"/run/nameward/ctl"
#define SYSTEM_TABLE	"nameward"

enum bypass_option { BYPASS_FOR = 1, BYPASS_END };

static const struct option_spec quarantine_options[] = {
	{ 0, "for", "SPAN", "how long: 30m, 2h, 1d (without it); a week at most", BYPASS_FOR },
	{ 0, "end", NULL, "end it now", BYPASS_END },
	{ 0, NULL, NULL, NULL, 0 },
};

static const struct option_spec bypass_options[] = {
	{ 0, "for", "SPAN", "how long: 30s, 10m (without it), 2h; a week at most", BYPASS_FOR },
	{ 0, "end", NULL, "end it now", BYPASS_END },
	{ 0, NULL, NULL, NULL, 0 },
};

struct bypass {
	const struct command *c;
	struct conf *conf;   /* NULL: it cannot be read */
	const char *control, *table;
	const char *zone;    /* "*": all; of a quarantine the device */
	bool is_quarantine;
	int64_t until_s;     /* 0: end */
	struct conf_bypass zones;
};

/* --- options -------------------------------------------------------------------------- */

static int set_span(struct bypass *b, const char *value)
{
	int64_t now_us = clock_wall_us(), at_us;
	char text[64];

	if (snprintf(text, sizeof(text), "+%s", value) >= (int)sizeof(text) ||
	    value[0] < '0' || value[0] > '9' || when_parse(text, now_us, &at_us) < 0)
		return command_usage(b->c, "--for takes a span: 30s, 10m, 2h");
	b->until_s = at_us / SECOND_US;
	if (at_us <= now_us || b->until_s > now_us / SECOND_US + CONF_BYPASS_S_MAX)
		return command_usage(b->c, b->is_quarantine ?
				     "--for takes up to a week; for longer, write `gate quarantine` "
				     "into the device's block" :
				     "--for takes up to a week; for longer, write `gate observe` into "
				     "the configuration");
	return COMMAND_DONE;
}

static int read_options(struct bypass *b)
{
	const struct command *c = b->c;
	int status = COMMAND_DONE;
	bool end = false, span = false;

	for (size_t i = 0; i < c->choice_count && status == COMMAND_DONE; i++) {
		end |= c->choices[i].id == BYPASS_END;
		span |= c->choices[i].id == BYPASS_FOR;
		if (c->choices[i].id == BYPASS_FOR)
			status = set_span(b, c->choices[i].value);
	}
	if (status == COMMAND_DONE && end && span)
		return command_usage(c, "--end goes without --for");
	if (end)
		b->until_s = 0;
	return status;
}

static int check_name(const struct bypass *b)
{
	const struct conf *conf = b->conf;

	if (!b->is_quarantine)
		return strcmp(b->zone, "*") == 0 ||
		       gate_conf_zone_named(conf, b->zone) != GATE_CONF_NONE ? COMMAND_DONE :
		       command_usage(b->c, "the configuration has no such zone");
	for (size_t i = 0; i < conf->device_count; i++) {
		if (strcmp(conf->devices[i].name, b->zone) != 0)
			continue;
		if (!conf->devices[i].mac_count && !conf->devices[i].addr_count)
			return command_usage(b->c, "its block has only a dhcp-name, which the gate "
						   "does not go by: add its mac first");
		if (conf->devices[i].gate == DEVICE_QUARANTINE)
			return command_usage(b->c, "its block in the configuration says that already");
		return COMMAND_DONE;
	}
	return command_usage(b->c, "the configuration has no such device: give it a block "
				   "`device NAME { mac ADDRESS }` first");
}

/* In trouble the configuration may be what is broken. */
static int read_conf(struct bypass *b)
{
	if (source_conf(b->c, NULL, &b->conf) != COMMAND_DONE) {
		b->conf = NULL;
		if (b->c->conf_path)
			return COMMAND_FAILED; /* whose daemon it is cannot be known */
		command_complain(b->c, "going on with %s", SYSTEM_CONTROL);
		return COMMAND_DONE;
	}
	b->control = b->conf->control;
	b->table = b->conf->gate.table;
	return check_name(b);
}

/* --- the daemon ----------------------------------------------------------------------- */

struct confirmation {
	const struct bypass *bypass;
	size_t on, off; /* zones of ours that are bypassed, or are not; or the device */
};

static int on_columns(void *arg, char *const *names, size_t count)
{
	(void)arg;
	(void)names;
	return count == 3 ? 0 : -EPROTO; /* part key value */
}

static int on_status(void *arg, char *const *fields, size_t count)
{
	struct confirmation *k = arg;
	const char *zone = k->bypass->zone;
	bool is_router = strcmp(fields[0], "router") == 0;
	bool is_on = strncmp(fields[2], k->bypass->is_quarantine ? "quarantined " : "bypassed ",
			     9) == 0;

	(void)count;
	if (k->bypass->is_quarantine) {
		k->on += strcmp(fields[0], "device") == 0 && strcmp(fields[1], zone) == 0 && is_on;
		return 0;
	}
	if (!is_router && strcmp(fields[0], "zone") != 0)
		return 0;
	if (strcmp(zone, "*") != 0 && (is_router || strcmp(zone, fields[1]) != 0))
		return 0;
	*(is_on ? &k->on : &k->off) += 1;
	return 0;
}

static bool is_in_force(const struct bypass *b)
{
	static const struct control_sink sink = { on_columns, on_status };
	static const char *const words[] = { "status" };
	struct confirmation k = { .bypass = b };
	char why[CONTROL_WHY_MAX];

	if (control_ask(b->control, words, 1, &sink, &k, why) < 0)
		return false;
	return b->until_s ? k.on && !k.off : !k.on;
}

static void wait_for_daemon(const struct bypass *b)
{
	uint64_t end_ms = clock_mono_ms() + CONFIRM_MS;

	while (clock_mono_ms() < end_ms) {
		if (is_in_force(b))
			return;
		usleep(CONFIRM_STEP_MS * 1000);
	}
	command_complain(b->c, "the file is written, but the daemon has not confirmed it: see its "
			       "log%s", b->is_quarantine ? "" :
			 "; `systemctl stop nameward` and this again deletes the table");
}

/* --- without it ----------------------------------------------------------------------- */

static int run_nft(const char *const *argv, bool quiet)
{
	posix_spawn_file_actions_t actions;
	char *const environment[] = { (char *)"PATH=" PATH_OF_NFT, (char *)"LC_ALL=C", NULL };
	int rc, status;
	pid_t pid;

	setenv("PATH", PATH_OF_NFT, 1); /* posix_spawnp looks there, not in environment */
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						 0);
	rc = posix_spawnp(&pid, "nft", &actions, NULL, (char *const *)argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		return -rc;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EREMOTEIO;
}

static int delete_table(const struct bypass *b)
{
	const char *const look[] = { "nft", "list", "chain", "inet", b->table, "forward", NULL };
	const char *const delete[] = { "nft", "delete", "table", "inet", b->table, NULL };
	int rc;

	if (geteuid() != 0) {
		command_complain(b->c, "the daemon is not running, and only root may delete its "
				       "table: try sudo");
		return COMMAND_PERMISSION;
	}
	rc = run_nft(delete, true);
	if (rc == -EREMOTEIO && run_nft(look, true) == -EREMOTEIO) {
		command_complain(b->c, "the daemon is not running, and it left no table here: "
				       "nothing is refused");
		return COMMAND_DONE;
	}
	if (rc == -EREMOTEIO)
		rc = run_nft(delete, false); /* it is there: say why it stays */
	if (rc < 0) {
		command_complain(b->c, "nft delete table inet %s: %s", b->table,
				 rc == -EREMOTEIO ? "it failed" : strerror(-rc));
		return COMMAND_FAILED;
	}
	command_complain(b->c, "the daemon is not running: its table is deleted, for every zone");
	return COMMAND_DONE;
}

/* --- the answer ----------------------------------------------------------------------- */

static int print(const struct bypass *b)
{
	const struct table_column columns[] = {
		{ b->is_quarantine ? "device" : "zone", COLUMN_TEXT }, { "until", COLUMN_TEXT }, { "left_s", COLUMN_NUMBER },
	};
	struct table *table;
	int rc = table_new(b->c->out, &b->c->style, columns, ARRAY_SIZE(columns), &table);

	if (rc < 0)
		return command_write_failed(b->c, rc);
	for (size_t i = 0; i < b->zones.count && rc == 0; i++) {
		const struct conf_bypass_zone *z = &b->zones.zones[i];
		char until[WHEN_TEXT_MAX], left[24];
		bool is_quarantine = z->zone[0] == CONF_QUARANTINE_MARK;
		const char *const cells[] = { z->zone + is_quarantine, until, left };

		if (is_quarantine != b->is_quarantine)
			continue;
		if (b->c->style.format == TABLE_ALIGNED)
			when_text(z->until_s * SECOND_US, until);
		else
			when_rfc3339(z->until_s * SECOND_US, until);
		snprintf(left, sizeof(left), "%" PRId64,
			 z->until_s - clock_wall_us() / SECOND_US);
		rc = table_row(table, cells);
	}
	if (rc == 0)
		rc = table_flush(table);
	table_free(table);
	return rc < 0 ? command_write_failed(b->c, rc) : COMMAND_DONE;
}

static int write_file(struct bypass *b)
{
	static const char mark[] = { CONF_QUARANTINE_MARK, '\0' };
	char key[CONF_NAME_MAX + 2];
	int rc = conf_bypass_read(b->control, clock_wall_us() / SECOND_US, &b->zones);

	if (rc < 0 && rc != -EACCES)
		b->zones.count = 0; /* what the daemon would not use goes */
	snprintf(key, sizeof(key), "%s%s", b->is_quarantine ? mark : "", b->zone);
	rc = conf_bypass_set(&b->zones, key, b->until_s);
	if (rc == 0)
		rc = conf_bypass_write(b->control, &b->zones);
	if (rc == 0 || (rc == -ENOENT && !b->is_quarantine && !daemon_lock_pid(b->control)))
		return COMMAND_DONE; /* no folder: no daemon has run since the start */
	command_complain(b->c, "%s.bypass: %s%s", b->control, strerror(-rc),
			 rc == -EACCES ? ": try sudo" : "");
	return rc == -EACCES || rc == -EPERM ? COMMAND_PERMISSION : COMMAND_FAILED;
}

static int carry_out(struct bypass *b)
{
	int status = write_file(b);

	if (status != COMMAND_DONE)
		return status;
	if (daemon_lock_pid(b->control))
		wait_for_daemon(b);
	else if (b->is_quarantine)
		command_complain(b->c, "the daemon is not running: it holds when it starts");
	else if (b->until_s)
		status = delete_table(b);
	return status == COMMAND_DONE ? print(b) : status;
}

static int run(struct bypass *b, int64_t default_s)
{
	int status;

	b->control = SYSTEM_CONTROL;
	b->table = SYSTEM_TABLE;
	b->until_s = clock_wall_us() / SECOND_US + default_s;
	status = read_options(b);
	if (status == COMMAND_DONE)
		status = read_conf(b);
	if (status == COMMAND_DONE)
		status = carry_out(b);
	conf_free(b->conf);
	return status;
}

static int run_bypass(const struct command *c)
{
	struct bypass b = { .c = c, .zone = c->operand_count ? c->operands[0] : "*" };

	return run(&b, FOR_DEFAULT_S);
}

static int run_quarantine(const struct command *c)
{
	struct bypass b = { .c = c, .zone = c->operands[0], .is_quarantine = true };

	if (strlen(b.zone) > CONF_NAME_MAX)
		return command_usage(c, "no device has so long a name");
	return run(&b, FOR_QUARANTINE_S);
}

const struct verb verb_gate_quarantine = {
	.name = "gate quarantine",
	.operands = "DEVICE",
	.summary = "refuse all that a device sends through the router, for a while",
	.examples = "  sudo nameward gate quarantine tv             for a day\n"
		    "  sudo nameward gate quarantine tv --for 2h\n"
		    "  sudo nameward gate quarantine tv --end\n",
	.notes = "Connections that are there end; exceptions, leases and a bypass do not help. Its\n"
		 "questions are answered, and open nothing. What it sends within its own network,\n"
		 "and to the router itself, goes on. For longer: `gate quarantine` in its block.\n",
	.options = quarantine_options,
	.operands_min = 1,
	.operands_max = 1,
	.run = run_quarantine,
};

const struct verb verb_gate_bypass = {
	.name = "gate bypass",
	.operands = "[ZONE]",
	.summary = "refuse nothing for a while, even when DNS or the daemon is down",
	.examples = "  sudo nameward gate bypass                 every zone, for 10 minutes\n"
		    "  sudo nameward gate bypass iot --for 1h\n"
		    "  sudo nameward gate bypass --end\n",
	.notes = "A zone that enforces observes meanwhile: leases go on being made, so its end\n"
		 "cuts nothing off; `reach`, `refuse-dot` and `refuse-list` do not hold either. A\n"
		 "device with `gate enforce` of its own is bypassed with all zones only, as is the\n"
		 "router itself. When the daemon is down its whole table is deleted.\n",
	.options = bypass_options,
	.operands_max = 1,
	.run = run_bypass,
};
