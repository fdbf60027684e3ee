/* Builds of the index as files: index, index.before, index.refused; see list_store.h. */
#include "blocklists/list_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blocklists/list_image.h"
#include "blocklists/list_parts.h"
#include "lib/sealed.h"
#include "lib/util.h"
#include "lib/whole_io.h"

#define NEW_FILE  "index.new"
#define WISH_FILE "index.rollback"

static const char *const files[STORED_COUNT] = {
	[STORED_LAST] = "index",
	[STORED_BEFORE] = "index.before",
	[STORED_REFUSED] = "index.refused",
};

/** @return a descriptor of the folder; negative errno */
static int folder_open(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/** @return a descriptor of a regular file in the folder, and its size; negative errno */
static int file_open(const char *folder, const char *name, uint64_t *size)
{
	int dir = folder_open(folder), fd, rc;
	struct stat st;

	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	rc = fd < 0 || fstat(fd, &st) ? -errno : 0;
	close(dir);
	if (!rc && !S_ISREG(st.st_mode))
		rc = -EBADMSG;
	if (rc && fd >= 0)
		close(fd);
	if (rc)
		return rc;
	*size = (uint64_t)st.st_size;
	return fd;
}

/* --- reading -------------------------------------------------------------------------- */

/** Read the first len bytes. @retval -EBADMSG  it has fewer */
static int read_all(int fd, void *to, size_t len)
{
	ssize_t n = read_whole_at(fd, to, len, 0);

	return n < 0 ? (int)n : (size_t)n < len ? -EBADMSG : 0;
}

/** Copy a file into memory, and look whether it is an index. */
static int copy_in(int file, size_t len, int memory, const char **why)
{
	struct list_layout layout;
	void *map;
	int rc;

	if (ftruncate(memory, (off_t)len))
		return -errno;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (map == MAP_FAILED)
		return -errno;
	rc = read_all(file, map, len);
	if (!rc) {
		*why = list_image_refuse(map, len, &layout);
		rc = *why ? -EBADMSG : 0;
	}
	munmap(map, len);
	return rc;
}

int list_store_read(const char *folder, enum list_stored which, const char **why)
{
	uint64_t size = 0;
	int fd = file_open(folder, files[which], &size), memory, rc;

	*why = NULL;
	if (fd < 0) {
		*why = fd == -EBADMSG ? "not a regular file" : strerror(-fd);
		return fd;
	}
	memory = sealed_new("nameward-lists");
	rc = memory < 0 ? memory : 0;
	if (!rc && (size < sizeof(struct list_image_head) || size > LIST_STORED_MAX)) {
		*why = size ? "of a size that no index has" : "empty";
		rc = -EBADMSG;
	}
	if (!rc)
		rc = copy_in(fd, (size_t)size, memory, why);
	close(fd);
	if (!rc)
		return memory;
	if (memory >= 0)
		close(memory);
	if (!*why)
		*why = strerror(-rc);
	return rc;
}

int list_store_peek(const char *folder, enum list_stored which, struct list_build_id *out)
{
	struct list_image_head head;
	uint64_t size;
	int fd = file_open(folder, files[which], &size), rc;

	if (fd < 0)
		return fd;
	rc = read_all(fd, &head, sizeof(head));
	close(fd);
	if (!rc && (head.magic != LIST_IMAGE_MAGIC || head.order != LIST_IMAGE_ORDER ||
		    head.version != LIST_IMAGE_VERSION || head.bytes != size))
		rc = -EBADMSG;
	if (!rc)
		*out = head.is;
	return rc;
}

/* --- writing -------------------------------------------------------------------------- */

/** Write NEW_FILE, and have it on disk. */
static int write_new(int dir, const struct list_index *x)
{
	int fd, rc;

	unlinkat(dir, NEW_FILE, 0); /* of a life that ended here */
	fd = openat(dir, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	rc = write_whole(fd, x->map, x->len);
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

/** A rename of what may not be there. */
static int move(int dir, const char *from, const char *to)
{
	return renameat(dir, from, dir, to) && errno != ENOENT ? -errno : 0;
}

int list_store_write(const char *folder, const struct list_index *x, bool keep_last)
{
	int dir = folder_open(folder), rc;

	if (dir < 0)
		return dir;
	rc = x->len > LIST_STORED_MAX ? -EFBIG : write_new(dir, x);
	if (!rc && keep_last)
		rc = move(dir, files[STORED_LAST], files[STORED_BEFORE]);
	if (!rc)
		rc = move(dir, NEW_FILE, files[STORED_LAST]);
	if (!rc && fsync(dir))
		rc = -errno;
	if (rc)
		unlinkat(dir, NEW_FILE, 0);
	close(dir);
	return rc;
}

int list_store_roll_back(const char *folder)
{
	int dir = folder_open(folder), rc;

	if (dir < 0)
		return dir;
	rc = move(dir, files[STORED_LAST], files[STORED_REFUSED]);
	if (!rc && renameat(dir, files[STORED_BEFORE], dir, files[STORED_LAST]))
		rc = -errno;
	if (!rc && fsync(dir))
		rc = -errno;
	close(dir);
	return rc;
}

/** Remove a file of the folder. */
static int remove_file(const char *folder, const char *name)
{
	int dir = folder_open(folder), rc;

	if (dir < 0)
		return dir;
	rc = unlinkat(dir, name, 0) ? -errno : 0;
	close(dir);
	return rc;
}

int list_store_forget_refused(const char *folder)
{
	return remove_file(folder, files[STORED_REFUSED]);
}

/* --- the wish ------------------------------------------------------------------------- */

int list_store_wish(const char *folder)
{
	int dir = folder_open(folder), fd, rc = 0;

	if (dir < 0)
		return dir;
	fd = openat(dir, WISH_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0)
		rc = -errno;
	else
		close(fd);
	close(dir);
	return rc;
}

bool list_store_is_wished(const char *folder)
{
	int dir = folder_open(folder);
	struct stat st;
	bool is = dir >= 0 && !fstatat(dir, WISH_FILE, &st, AT_SYMLINK_NOFOLLOW);

	if (dir >= 0)
		close(dir);
	return is;
}

int list_store_end_wish(const char *folder)
{
	return remove_file(folder, WISH_FILE);
}
