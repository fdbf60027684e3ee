/*
 * Any bytes as a hosts or lease file, in the format that the first octet says, or as an image:
 * every text is read to its end, and what was built of it can be opened and looked through.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/conf.h"
#include "lib/sealed.h"
#include "local/local_build.h"
#include "local/local_gather.h"
#include "local/local_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_through(const struct local_image *x)
{
	struct local_label_row row;
	struct local_match m, found;
	volatile size_t sum = 0;
	struct dname name;

	for (size_t i = 0; i < local_image_names(x); i++) {
		local_image_name_at(x, i, &name, &m);
		local_image_find(x, &name, &found);
		for (unsigned k = 0; k < m.count; k++) {
			struct local_rr rr = local_match_at(&m, k);

			sum += strlen(rr.source) + rr.data[rr.len - 1];
		}
	}
	for (size_t i = 0; i < local_image_labels(x); i++) {
		local_image_label_at(x, i, &row);
		sum += strlen(row.text) + strlen(row.source);
		local_image_label(x, &row.mac, &row.addr, 1);
	}
}

static void try_image(const uint8_t *data, size_t size)
{
	int fd = sealed_new("fuzz");
	struct local_image *x;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || sealed_finish(fd))
		abort();
	if (!local_image_open(fd, &x)) {
		look_through(x);
		local_image_close(x);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "file", suffix[] = "home.arpa";
	struct conf_local_file file = { .path = path };
	struct conf_local local = { .name = suffix, .ttl_s = 60, .files = &file, .file_count = 1 };
	struct conf conf = { .locals = &local, .local_count = 1 };
	struct local_builder *b;
	struct local_image *x;
	int fd;

	if (!size || size > 65536)
		return 0;
	if (data[0] % 6 == 5) {
		try_image(data + 1, size - 1);
		return 0;
	}
	file.format = (enum conf_local_format)(data[0] % 6);
	if (dname_from_text(suffix, &local.suffix) || local_builder_new(&b))
		abort();
	local_gather_text(&conf, &local, &file, (const char *)data + 1, size - 1, 1, b);
	fd = sealed_new("fuzz");
	if (fd < 0 || local_builder_write(b, fd) || sealed_finish(fd) ||
	    local_image_open(fd, &x))
		abort();
	look_through(x);
	local_image_close(x);
	close(fd);
	local_builder_free(b);
	return 0;
}
