/* See list_support.h. */
#include "tests/support/list_support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct list_source list_support_text(const char *name, const char *text)
{
	return (struct list_source){
		.name = name,
		.fd = -1,
		.bytes = text,
		.len = strlen(text),
	};
}

int list_support_build(const struct list_source *sources, size_t count)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(list_build(sources, count, fd), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS,
			       F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
			 0);
	return fd;
}

struct list_index *list_support_index(const struct list_source *sources, size_t count)
{
	int fd = list_support_build(sources, count);
	struct list_index *x = NULL;

	assert_int_equal(list_index_open(fd, &x), 0);
	close(fd);
	return x;
}

void *list_support_image(const struct list_source *sources, size_t count, size_t *len)
{
	int fd = list_support_build(sources, count);
	struct stat st;
	void *image;

	assert_int_equal(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	image = malloc(*len);
	assert_non_null(image);
	assert_int_equal(pread(fd, image, *len, 0), (ssize_t)*len);
	close(fd);
	return image;
}
