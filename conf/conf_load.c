/*
 * Gather the texts of a configuration: the main file, what it includes, the drop-ins; or
 * the built-in default; and the system's name servers where no upstream is written. Files
 * may be anything (a FIFO, a device, huge, included in a circle): nothing here hangs on
 * them.
 */
#include "conf/conf_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_errors.h"
#include "conf/conf_file.h"
#include "lib/scfg.h"
#include "lib/util.h"

#include "default_conf.h" /* made from etc/default.conf */

#define RESOLV_SERVERS_MAX 8

/* A file that was read, to know it again under any name. */
struct seen {
	dev_t device;
	ino_t inode;
};

struct loader {
	struct conf_bundle *b;
	struct conf_errors *errors;
	struct seen seen[CONF_BUNDLE_FILES_MAX]; /* of b->files, same index */
	bool has_upstream;
	bool no_memory;
};

/* Where a file is asked for. */
struct request {
	const char *name;
	uint32_t parent; /* file index of the include line, or CONF_NO_PARENT */
	uint32_t line, col;
	unsigned depth;
	bool drop_in; /* read without being asked for: not an error if it was read before
		       */
};

static int load_file(struct loader *ld, const struct request *r);

static void PRINTF_LIKE(4, 5) load_error(struct loader *ld, const struct request *r,
					 const char *hint, const char *fmt, ...)
{
	struct conf_spot at = { .line = r->line, .col = r->col };
	va_list args;

	if (r->parent != CONF_NO_PARENT)
		at.file = &ld->b->files[r->parent];
	ld->b->partial = true;
	va_start(args, fmt);
	conf_errors_vadd(ld->errors, &at, hint, fmt, args);
	va_end(args);
}

/* --- include ------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A folder that is not there matches nothing; one that cannot be read is an error. */
static int on_glob_error(const char *path, int code)
{
	(void)path;
	return code != ENOENT && code != ENOTDIR;
}

static void load_pattern(struct loader *ld, struct request r)
{
	const char *pattern = r.name;
	glob_t found;
	int code;

	if (!strpbrk(pattern, "*?[\\")) {
		load_file(ld, &r);
		return;
	}
	code = glob(pattern, GLOB_NOSORT, on_glob_error, &found);
	if (code == GLOB_NOSPACE)
		ld->no_memory = true;
	else if (code == GLOB_ABORTED)
		load_error(ld, &r, NULL, "cannot read the folder of '%s': %s", pattern,
			   strerror(errno));
	if (code == 0) {
		qsort(found.gl_pathv, found.gl_pathc, sizeof(char *), compare_names);
		for (size_t i = 0; i < found.gl_pathc && !ld->no_memory; i++) {
			r.name = found.gl_pathv[i];
			if (load_file(ld, &r) == -E2BIG)
				break;
		}
	}
	globfree(&found);
}

/* The folder is taken literally, whatever characters are in its name. */
static char *escape_folder(const char *path)
{
	char *escaped = malloc(2 * strlen(path) + 1), *to = escaped;

	if (!escaped)
		return NULL;
	for (; *path; path++) {
		if (strchr("*?[]\\", *path))
			*to++ = '\\';
		*to++ = *path;
	}
	*to = '\0';
	return escaped;
}

/* One word of an include line; relative to the folder of its file. */
static char *pattern_path(const char *file, const char *word)
{
	const char *slash = strrchr(file, '/');
	char *folder, *escaped, *path = NULL;

	if (*word == '/' || !slash)
		return strdup(word);
	folder = strndup(file, (size_t)(slash - file));
	if (!folder)
		return NULL;
	escaped = strpbrk(word, "*?[\\") ? escape_folder(folder) : strdup(folder);
	if (escaped && asprintf(&path, "%s/%s", escaped, word) < 0)
		path = NULL;
	free(escaped);
	free(folder);
	return path;
}

static void load_include(struct loader *ld, uint32_t file, unsigned depth,
			 const struct scfg_node *n)
{
	for (size_t i = 1; i < n->word_count && !ld->no_memory; i++) {
		char *path = pattern_path(ld->b->files[file].name, n->words[i].text);
		struct request r = {.name = path,
				    .parent = file,
				    .line = n->words[i].line,
				    .col = n->words[i].col,
				    .depth = depth + 1};

		if (!path)
			ld->no_memory = true;
		else if (r.depth > CONF_INCLUDE_DEPTH_MAX)
			load_error(ld, &r, NULL, "includes are nested deeper than %d",
				   CONF_INCLUDE_DEPTH_MAX);
		else
			load_pattern(ld, r);
		free(path);
	}
}

/* The parser reports what is wrong in the text; here it is only searched. */
static void ignore_error(void *arg, const struct scfg_error *error)
{
	(void)arg;
	(void)error;
}

static void load_includes_of(struct loader *ld, uint32_t file, unsigned depth)
{
	const struct conf_file *f = &ld->b->files[file];
	const struct scfg_node *n;
	struct scfg *tree;

	if (scfg_parse(f->text, f->len, ignore_error, NULL, &tree)) {
		ld->no_memory = true;
		return;
	}
	for (n = scfg_first(tree); n; n = n->next) {
		if (!strcmp(n->words[0].text, "upstream"))
			ld->has_upstream = true;
		else if (!strcmp(n->words[0].text, "include") && !n->bad)
			load_include(ld, file, depth, n);
	}
	scfg_free(tree);
}

/* --- files -------------------------------------------------------------------------- */

static const struct conf_file *find_seen(const struct loader *ld, const struct stat *st)
{
	for (size_t i = 0; i < ld->b->file_count; i++)
		if (ld->seen[i].device == st->st_dev && ld->seen[i].inode == st->st_ino)
			return &ld->b->files[i];
	return NULL;
}

static void report_unreadable(struct loader *ld, const struct request *r, int rc)
{
	if (rc == -ENOMEM)
		ld->no_memory = true;
	else if (rc == -E2BIG)
		load_error(ld, r, NULL,
			   "'%s' is too much: at most %d files and %d MiB in all",
			   r->name, CONF_BUNDLE_FILES_MAX,
			   CONF_BUNDLE_BYTES_MAX / 1048576);
	else if (rc == -EMEDIUMTYPE)
		load_error(ld, r, NULL, "'%s' is not a regular file", r->name);
	else
		load_error(ld, r, NULL, "cannot read '%s': %s", r->name, strerror(-rc));
}

/* 0 also where an error was reported, but -E2BIG: there is no room for more files. */
static int load_file(struct loader *ld, const struct request *r)
{
	size_t len = 0, left = CONF_BUNDLE_BYTES_MAX - ld->b->bytes;
	const struct conf_file *before;
	char *text = NULL;
	struct stat st;
	uint32_t index;
	int rc;

	rc = conf_file_read(r->name, left, &text, &len, &st);
	if (rc) {
		report_unreadable(ld, r, rc);
		return rc == -E2BIG ? rc : 0;
	}
	before = find_seen(ld, &st);
	if (before) {
		free(text);
		if (!r->drop_in)
			load_error(ld, r, NULL, "'%s' was read before, as '%s'", r->name,
				   before->name);
		return 0;
	}
	index = (uint32_t)ld->b->file_count;
	rc = conf_bundle_add(ld->b, r->name, text, len, r->parent, r->line);
	free(text);
	if (rc) {
		report_unreadable(ld, r, rc);
		return rc == -E2BIG ? rc : 0;
	}
	ld->seen[index] = (struct seen){ .device = st.st_dev, .inode = st.st_ino };
	load_includes_of(ld, index, r->depth);
	return 0;
}

/* --- generated ---------------------------------------------------------------------- */

/* The address of one line of resolv.conf(5), as a `server` line has it. */
static bool server_of_line(char *line, char *out, size_t size)
{
	struct addr_port server;
	char interface[ADDR_INTERFACE_MAX];
	char *rest, *word = strtok_r(line, " \t\r", &rest);

	if (!word || strcmp(word, "nameserver"))
		return false;
	word = strtok_r(NULL, " \t\r", &rest);
	if (!word || strlen(word) > ADDR_PORT_TEXT_MAX ||
	    word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789.:%_-")])
		return false;
	snprintf(out, size, strchr(word, ':') ? "[%s]:53" : "%s:53", word);
	return !addr_port_from_scoped(out, 53, &server, interface) &&
	       addr_needs_scope(&server.addr) == !!*interface;
}

static void print_servers(FILE *to, const char *name, char *resolv)
{
	char *line, *rest, server[ADDR_PORT_TEXT_MAX + 8];
	unsigned count = 0;

	fprintf(to,
		"# Made from %s, because no upstream is written.\nupstream system {\n",
		name);
	for (line = strtok_r(resolv, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (count < RESOLV_SERVERS_MAX &&
		    server_of_line(line, server, sizeof(server))) {
			fprintf(to, "\tserver %s\n", server);
			count++;
		}
	fputs("}\n", to);
}

/* An unreadable resolv.conf has no servers: the parser says what to do then. */
static int add_system_upstream(struct conf_bundle *b, const char *resolv)
{
	char *text = NULL, *made = NULL;
	size_t len = 0, made_len = 0;
	struct stat st;
	FILE *to;
	int rc;

	rc = conf_file_read(resolv, 65536, &text, &len, &st);
	if (rc == -ENOMEM)
		return rc;
	to = open_memstream(&made, &made_len);
	if (!to) {
		free(text);
		return -ENOMEM;
	}
	print_servers(to, resolv, text ? text : (char[]){""});
	free(text);
	if (fclose(to)) {
		free(made);
		return -ENOMEM;
	}
	rc = conf_bundle_add(b, resolv, made, made_len, CONF_NO_PARENT, 0);
	free(made);
	if (!rc)
		b->files[b->file_count - 1].generated = true;
	return rc;
}

/* --- all ---------------------------------------------------------------------------- */

static void load_all(struct loader *ld, const struct conf_paths *paths, const char *path)
{
	struct request r = { .name = path ? path : paths->main, .parent = CONF_NO_PARENT };

	if (!path && access(paths->main, F_OK) && (errno == ENOENT || errno == ENOTDIR)) {
		if (conf_bundle_add(ld->b, "built-in", default_conf,
				    sizeof(default_conf) - 1, CONF_NO_PARENT, 0))
			ld->no_memory = true;
		return;
	}
	load_file(ld, &r);
	if (path || !ld->b->file_count || ld->no_memory)
		return;
	r.name = paths->drop_ins;
	r.drop_in = true;
	load_pattern(ld, r);
}

/* Something could not be read: tell also what is wrong in the rest. */
static void report_rest(const struct loader *ld)
{
	struct conf *c;

	if (ld->b->file_count && !conf_parse(ld->b, &c, ld->errors))
		conf_free(c);
}

static int finish(struct loader *ld, const struct conf_paths *paths)
{
	int rc;

	if (ld->no_memory)
		return -ENOMEM;
	if (ld->b->file_count && !ld->has_upstream) {
		rc = add_system_upstream(ld->b, paths->resolv);
		if (rc == -ENOMEM)
			return rc;
	}
	if (!ld->b->partial)
		return 0;
	report_rest(ld);
	return -EINVAL;
}

/* Of a daemon that is not root's, all processes have its account. */
static void find_accounts(struct conf_bundle *b)
{
	static const char *const names[CONF_ACCOUNTS_MAX] = { "nameward-resolver",
							      "nameward-list" };

	if (!b->root) {
		b->accounts[b->account_count++] = geteuid();
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct passwd *account = getpwnam(names[i]);

		if (account && account->pw_uid)
			b->accounts[b->account_count++] = account->pw_uid;
	}
}

int conf_bundle_load_from(const struct conf_paths *paths, const char *path,
			  struct conf_bundle **out, struct conf_errors *errors)
{
	char *folder = getcwd(NULL, 0);
	struct loader *ld = calloc(1, sizeof(*ld));
	int rc = -ENOMEM;

	if (!ld)
		goto err_free;
	ld->errors = errors;
	ld->b = conf_bundle_new(folder ? folder : "/", paths->root);
	if (!ld->b)
		goto err_free;
	find_accounts(ld->b);
	load_all(ld, paths, path);
	rc = finish(ld, paths);
	if (rc)
		goto err_free;
	*out = ld->b;
	free(ld);
	free(folder);
	return 0;

err_free:
	if (ld)
		conf_bundle_free(ld->b);
	free(ld);
	free(folder);
	return rc;
}

int conf_bundle_load(const char *path, struct conf_bundle **out,
		     struct conf_errors *errors)
{
	static const struct conf_paths paths = {.main = "/etc/nameward/nameward.conf",
						.drop_ins = "/etc/nameward/conf.d/*.conf",
						.resolv = "/etc/resolv.conf"};
	struct conf_paths mine = paths;

	mine.root = geteuid() == 0;
	return conf_bundle_load_from(&mine, path, out, errors);
}
