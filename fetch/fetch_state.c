/* A subscription's memory: lines "key value"; see fetch_state.h. */
#include "fetch/fetch_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/util.h"

#define LINE_MAX_BYTES (FETCH_URL_MAX + 64)

enum field_kind { FIELD_TEXT, FIELD_NUMBER };

static const struct {
	const char *key;
	enum field_kind kind;
	size_t at, size; /* size of a text */
} fields[] = {
#define TEXT(key, member)                                                                \
	{                                                                                \
		key, FIELD_TEXT, offsetof(struct fetch_state, member),                   \
			sizeof(((struct fetch_state *)0)->member)                        \
	}
#define NUMBER(key, member)                                                              \
	{                                                                                \
		key, FIELD_NUMBER, offsetof(struct fetch_state, member), 0               \
	}
	TEXT("url", url),
	TEXT("etag", validators.etag),
	TEXT("modified", validators.modified),
	TEXT("error", error),
	NUMBER("hash", hash),
	NUMBER("entries", entries),
	NUMBER("fetched", fetched_s),
	NUMBER("checked", checked_s),
	NUMBER("tried", tried_s),
};

int fetch_state_path(const char *file, char *buf, size_t size)
{
	return (size_t)snprintf(buf, size, "%s.state", file) < size ? 0 : -ENAMETOOLONG;
}

static void take_line(char *line, struct fetch_state *s)
{
	char *value = strchr(line, ' '), *end;

	if (!value)
		return;
	*value++ = '\0';
	value[strcspn(value, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char *at = (char *)s + fields[i].at;
		uint64_t n;

		if (strcmp(line, fields[i].key))
			continue;
		if (fields[i].kind == FIELD_TEXT && strlen(value) < fields[i].size) {
			strcpy(at, value);
		} else if (fields[i].kind == FIELD_NUMBER) {
			n = strtoull(value, &end, 10);
			if (end != value && !*end)
				memcpy(at, &n, sizeof(n));
		}
	}
}

int fetch_state_read(const char *file, struct fetch_state *out)
{
	char path[PATH_MAX], line[LINE_MAX_BYTES];
	int rc = fetch_state_path(file, path, sizeof(path));
	FILE *f;

	memset(out, 0, sizeof(*out));
	if (rc)
		return rc;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(fields) && fgets(line, sizeof(line), f);
	     i++)
		take_line(line, out);
	fclose(f);
	return 0;
}

static void print_fields(FILE *f, const struct fetch_state *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *at = (const char *)s + fields[i].at;
		uint64_t n;

		if (fields[i].kind == FIELD_TEXT) {
			fprintf(f, "%s %s\n", fields[i].key, at);
			continue;
		}
		memcpy(&n, at, sizeof(n));
		fprintf(f, "%s %" PRIu64 "\n", fields[i].key, n);
	}
}

int fetch_state_write(const char *file, const struct fetch_state *s)
{
	char path[PATH_MAX], new[PATH_MAX];
	int rc = fetch_state_path(file, path, sizeof(path));
	FILE *f;

	if (!rc && (size_t)snprintf(new, sizeof(new), "%s.new", path) >= sizeof(new))
		rc = -ENAMETOOLONG;
	if (rc)
		return rc;
	f = fopen(new, "we");
	if (!f)
		return -errno;
	print_fields(f, s);
	if (fflush(f) || fsync(fileno(f)))
		rc = -errno;
	if (fclose(f) && !rc)
		rc = -errno;
	if (!rc && rename(new, path))
		rc = -errno;
	if (rc)
		unlink(new);
	return rc;
}

uint64_t fetch_state_hash(int fd)
{
	static const struct hash_key key = {{0x6e616d6577617264, 1}}; /* no secret */
	struct stat st;
	uint64_t hash;
	void *map;

	if (fstat(fd, &st) || st.st_size <= 0)
		return 0;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return 0;
	hash = hash_bytes(&key, map, (size_t)st.st_size);
	munmap(map, (size_t)st.st_size);
	return hash ? hash : 1;
}
