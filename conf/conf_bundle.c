/*
 * A bundle in memory and as a sealed memfd. Knows nothing of what its texts mean, nor
 * where they come from (conf_load.c does).
 *
 * Format, in the machine's byte order (both ends are the same binary): one struct
 * bundle_header, file_count struct bundle_entry, the folder, then each file's name and
 * text.
 */
#include "conf/conf_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_bypass.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "lib/whole_io.h"

#define BUNDLE_MAGIC 0x314e55424d414e57u /* "WNAMBUN1" as bytes */

struct bundle_header {
	uint64_t magic;
	uint32_t file_count;
	uint32_t folder_len;
	uint32_t bypass_len;
	uint32_t ca_len;
	uint32_t accounts[CONF_ACCOUNTS_MAX];
	uint32_t account_count;
	uint32_t zero1;
	uint8_t root;
	uint8_t zero[7];
};

struct bundle_entry {
	uint32_t name_len;
	uint32_t text_len;
	uint32_t parent;
	uint32_t line;
	uint8_t generated;
	uint8_t zero[7];
};

struct conf_bundle *conf_bundle_new(const char *folder, bool root)
{
	struct conf_bundle *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->folder = strdup(folder);
	b->root = root;
	if (!b->folder) {
		free(b);
		return NULL;
	}
	return b;
}

int conf_bundle_set_bypass(struct conf_bundle *b, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(b->bypass);
	b->bypass = copy;
	return 0;
}

void conf_bundle_set_root(struct conf_bundle *b, bool root)
{
	b->root = root;
}

void conf_bundle_free(struct conf_bundle *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->file_count; i++) {
		free(b->files[i].name);
		free(b->files[i].text);
	}
	free(b->files);
	free(b->folder);
	free(b->bypass);
	free(b->ca);
	free(b);
}

static char *copy_text(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

int conf_bundle_add(struct conf_bundle *b, const char *name, const char *text, size_t len,
		    uint32_t parent, uint32_t line)
{
	struct conf_file *files, *f;

	if (!*name)
		return -EINVAL;
	if (b->file_count == CONF_BUNDLE_FILES_MAX || strlen(name) > PATH_MAX ||
	    len > CONF_BUNDLE_BYTES_MAX ||
	    b->bytes + len + strlen(name) > CONF_BUNDLE_BYTES_MAX)
		return -E2BIG;
	files = reallocarray(b->files, b->file_count + 1, sizeof(*files));
	if (!files)
		return -ENOMEM;
	b->files = files;
	f = &files[b->file_count];
	*f = (struct conf_file){.name = strdup(name),
				.text = copy_text(text, len),
				.len = len,
				.index = (uint32_t)b->file_count,
				.parent = parent,
				.line = line};
	if (!f->name || !f->text) {
		free(f->name);
		free(f->text);
		return -ENOMEM;
	}
	b->file_count++;
	b->bytes += len + strlen(name);
	return 0;
}

int conf_bundle_from_text(const char *file, const char *text, size_t len,
			  struct conf_bundle **out)
{
	struct conf_bundle *b = conf_bundle_new("", true);
	int rc;

	if (!b)
		return -ENOMEM;
	rc = conf_bundle_add(b, file, text, len, CONF_NO_PARENT, 0);
	if (rc) {
		conf_bundle_free(b);
		return rc;
	}
	*out = b;
	return 0;
}

const char *conf_bundle_name(const struct conf_bundle *b)
{
	return b->files[0].name;
}

/* --- writing ------------------------------------------------------------------------ */

static int write_entries(const struct conf_bundle *b, int fd)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < b->file_count; i++) {
		const struct conf_file *f = &b->files[i];
		struct bundle_entry entry = {.name_len = (uint32_t)strlen(f->name),
					     .text_len = (uint32_t)f->len,
					     .parent = f->parent,
					     .line = f->line,
					     .generated = f->generated};

		rc = write_whole(fd, &entry, sizeof(entry));
	}
	return rc;
}

static int write_bundle(const struct conf_bundle *b, int fd)
{
	struct bundle_header header = {.magic = BUNDLE_MAGIC,
				       .file_count = (uint32_t)b->file_count,
				       .folder_len = (uint32_t)strlen(b->folder),
				       .bypass_len = b->bypass
							     ? (uint32_t)strlen(b->bypass)
							     : 0,
				       .ca_len = b->ca ? (uint32_t)strlen(b->ca) : 0,
				       .account_count = b->account_count,
				       .root = b->root};
	int rc;

	memcpy(header.accounts, b->accounts, sizeof(header.accounts));
	rc = write_whole(fd, &header, sizeof(header));
	if (!rc)
		rc = write_entries(b, fd);
	if (!rc)
		rc = write_whole(fd, b->folder, header.folder_len);
	if (!rc)
		rc = write_whole(fd, b->bypass, header.bypass_len);
	if (!rc)
		rc = write_whole(fd, b->ca, header.ca_len);
	for (size_t i = 0; !rc && i < b->file_count; i++) {
		const struct conf_file *f = &b->files[i];

		rc = write_whole(fd, f->name, strlen(f->name));
		if (!rc)
			rc = write_whole(fd, f->text, f->len);
	}
	return rc;
}

int conf_bundle_write(const struct conf_bundle *b)
{
	int fd = sealed_new("nameward-conf");
	int rc;

	if (fd < 0)
		return fd;
	rc = write_bundle(b, fd);
	if (!rc)
		rc = sealed_finish(fd);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

/* --- reading ------------------------------------------------------------------------ */

/* What is left of a received bundle. */
struct cursor {
	const char *at;
	size_t left;
};

/* The next len bytes, or NULL if there are not so many. */
static const char *take(struct cursor *c, size_t len)
{
	const char *at = c->at;

	if (len > c->left)
		return NULL;
	c->at += len;
	c->left -= len;
	return at;
}

/* The next len bytes as a string, owned by the caller. */
static int take_string(struct cursor *c, size_t len, char **out)
{
	const char *text = take(c, len);

	if (!text || memchr(text, '\0', len))
		return -EBADMSG;
	*out = copy_text(text, len);
	return *out ? 0 : -ENOMEM;
}

static int read_file(struct conf_bundle *b, const struct bundle_entry *e,
		     struct cursor *c)
{
	const char *text;
	char *name;
	int rc;

	if (e->parent != CONF_NO_PARENT && e->parent >= b->file_count)
		return -EBADMSG;
	rc = take_string(c, e->name_len, &name);
	if (rc)
		return rc;
	text = take(c, e->text_len);
	rc = text ? conf_bundle_add(b, name, text, e->text_len, e->parent, e->line)
		  : -EBADMSG;
	if (!rc)
		b->files[b->file_count - 1].generated = e->generated;
	free(name);
	return rc == -ENOMEM || !rc ? rc : -EBADMSG;
}

static int read_files(struct conf_bundle *b, const char *entries, size_t count,
		      struct cursor *c)
{
	struct bundle_entry entry;
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		memcpy(&entry, entries + i * sizeof(entry), sizeof(entry));
		rc = read_file(b, &entry, c);
	}
	if (!rc && c->left)
		rc = -EBADMSG;
	return rc;
}

static int read_bundle(struct cursor *c, struct conf_bundle **out)
{
	const char *first = take(c, sizeof(struct bundle_header)), *entries;
	struct bundle_header header;
	struct conf_bundle *b;
	char *folder;
	int rc;

	if (!first)
		return -EBADMSG;
	memcpy(&header, first, sizeof(header));
	if (header.magic != BUNDLE_MAGIC || !header.file_count ||
	    header.file_count > CONF_BUNDLE_FILES_MAX || header.folder_len > PATH_MAX ||
	    header.bypass_len >= CONF_BYPASS_TEXT || header.ca_len > CONF_CA_BYTES_MAX ||
	    header.account_count > CONF_ACCOUNTS_MAX)
		return -EBADMSG;
	entries = take(c, header.file_count * sizeof(struct bundle_entry));
	if (!entries)
		return -EBADMSG;
	rc = take_string(c, header.folder_len, &folder);
	if (rc)
		return rc;
	b = conf_bundle_new(folder, header.root);
	free(folder);
	if (!b)
		return -ENOMEM;
	memcpy(b->accounts, header.accounts, sizeof(b->accounts));
	b->account_count = header.account_count;
	rc = take_string(c, header.bypass_len, &b->bypass);
	if (!rc && header.ca_len)
		rc = take_string(c, header.ca_len, &b->ca);
	if (!rc)
		rc = read_files(b, entries, header.file_count, c);
	if (rc) {
		conf_bundle_free(b);
		return rc;
	}
	*out = b;
	return 0;
}

int conf_bundle_read(int fd, struct conf_bundle **out)
{
	const size_t most = CONF_BUNDLE_BYTES_MAX + PATH_MAX + CONF_CA_BYTES_MAX +
			    sizeof(struct bundle_header) +
			    CONF_BUNDLE_FILES_MAX * sizeof(struct bundle_entry);
	struct cursor c;
	struct stat st;
	char *whole;
	ssize_t n;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > most)
		return -EBADMSG;
	whole = malloc((size_t)st.st_size);
	if (!whole)
		return -ENOMEM;
	n = read_whole_at(fd, whole, (size_t)st.st_size, 0);
	rc = n < 0 ? (int)n : n < st.st_size ? -EBADMSG : 0;
	c = (struct cursor){ .at = whole, .left = (size_t)st.st_size };
	if (!rc)
		rc = read_bundle(&c, out);
	free(whole);
	return rc;
}

int conf_from_fd(int fd, struct conf **out)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b = NULL;
	int rc = errors ? conf_bundle_read(fd, &b) : -ENOMEM;

	if (!rc)
		rc = conf_parse(b, out, errors);
	conf_bundle_free(b);
	conf_errors_free(errors);
	return rc;
}
