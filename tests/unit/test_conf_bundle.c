/* The sealed memfd: what a child reads is what was written, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_bundle.h"
#include "lib/util.h"
#include "tests/support/conf_text.h"
#include "tests/support/test_folder.h"

static struct conf_bundle *loaded_bundle(void)
{
	struct conf_errors *errors = conf_errors_new();
	static const struct conf_paths user = { .main = "x.conf",
						.drop_ins = "none",
						.resolv = "resolv.conf" };
	struct conf_bundle *b;

	mkdir("d", 0755);
	test_folder_put("x.conf", "include d/*\nlisten a 192.0.2.1\n");
	test_folder_put("d/1", "zone z { interface z }\nlist l { file rel.txt }\n");
	test_folder_put("resolv.conf", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	assert_int_equal(conf_bundle_load_from(&user, "x.conf", &b, errors), 0);
	conf_errors_free(errors);
	return b;
}

static void a_child_reads_the_same_values(void **state)
{
	struct conf_bundle *b = loaded_bundle();
	int fd = conf_bundle_write(b);
	struct conf *mine = conf_of_bundle(b), *childs;
	char *text = conf_text_of(mine), *child_text;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1); /* sealed */
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(chdir("/"), 0); /* whatever the child's folder is */
	for (int i = 0; i < 2; i++) {	 /* and its place in the file */
		assert_int_equal(conf_from_fd(fd, &childs), 0);
		child_text = conf_text_of(childs);
		assert_string_equal(child_text, text);
		assert_string_equal(childs->zones[0].place.file, mine->zones[0].place.file);
		free(child_text);
		conf_free(childs);
	}
	close(fd);
	free(text);
	conf_free(mine);
	conf_bundle_free(b);
}

/* A memfd with these bytes. */
static int memory_with(const void *bytes, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	return fd;
}

static void a_bundle_cut_short_or_longer_is_refused(void **state)
{
	struct conf_bundle *b = loaded_bundle(), *cut;
	int whole = conf_bundle_write(b), fd;
	char bytes[8192] = { 0 };
	ssize_t len = pread(whole, bytes, sizeof(bytes), 0);

	(void)state;
	assert_in_range(len, 100, sizeof(bytes) - 2);
	for (ssize_t i = 0; i <= len + 1; i++) {
		fd = memory_with(bytes, (size_t)i);
		if (i == len) {
			assert_int_equal(conf_bundle_read(fd, &cut), 0);
			conf_bundle_free(cut);
		} else {
			assert_int_equal(conf_bundle_read(fd, &cut), -EBADMSG);
		}
		close(fd);
	}
	close(whole);
	conf_bundle_free(b);
}

static void a_bundle_with_changed_bytes_does_no_harm(void **state)
{
	struct conf_bundle *b = loaded_bundle(), *read;
	int whole = conf_bundle_write(b), fd;
	char bytes[8192] = { 0 };
	ssize_t len = pread(whole, bytes, sizeof(bytes), 0);
	unsigned refused = 0;

	(void)state;
	for (ssize_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct conf_errors *errors = conf_errors_new();
			struct conf *c;
			int rc;

			bytes[i] ^= (char)(1 << bit);
			fd = memory_with(bytes, (size_t)len);
			rc = conf_bundle_read(fd, &read);
			assert_true(rc == 0 || rc == -EBADMSG);
			refused += rc != 0;
			if (!rc && !conf_parse(read, &c, errors))
				conf_free(c);
			if (!rc)
				conf_bundle_free(read);
			conf_errors_free(errors);
			close(fd);
			bytes[i] ^= (char)(1 << bit);
		}
	assert_true(refused > 100);
	close(whole);
	conf_bundle_free(b);
}

static void what_is_no_memory_is_refused(void **state)
{
	struct conf_bundle *b;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(conf_bundle_read(fds[0], &b), -EBADMSG);
	assert_int_equal(conf_bundle_read(-1, &b), -EBADF);
	close(fds[0]);
	close(fds[1]);
}

#define PEM "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
#define TLS "upstream u { server 192.0.2.1 tls a.example }\nca-certificates ca.pem\n"

/* Adds what a text asks for; the errors, to be freed. */
static char *add_ca(const char *text, struct conf_bundle **b, int *rc)
{
	struct conf_errors *errors = conf_errors_new();
	char *out = NULL;
	struct conf *c;
	size_t len;
	FILE *to = open_memstream(&out, &len);

	assert_int_equal(conf_bundle_from_text("x.conf", text, strlen(text), b), 0);
	c = conf_of_bundle(*b);
	*rc = conf_bundle_add_ca(*b, c, errors);
	conf_errors_print(errors, to);
	fclose(to);
	conf_errors_free(errors);
	conf_free(c);
	return out;
}

static void certificates_go_along_where_they_are_needed(void **state)
{
	static const struct {
		const char *text, *ca;
	} cases[] = {
		{ TLS, PEM },
		{ "upstream u { server 192.0.2.1 }\nca-certificates ca.pem\n", NULL },
		{ "upstream u { server 192.0.2.1 tls a.example pin "
		  "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= }\n", NULL },
	};

	(void)state;
	test_folder_put("ca.pem", PEM);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_bundle *b;
		struct conf *childs;
		int rc, fd;

		free(add_ca(cases[i].text, &b, &rc));
		assert_int_equal(rc, 0);
		fd = conf_bundle_write(b);
		assert_int_equal(conf_from_fd(fd, &childs), 0);
		assert_int_equal(childs->ca_text != NULL, cases[i].ca != NULL);
		if (cases[i].ca)
			assert_string_equal(childs->ca_text, cases[i].ca);
		conf_free(childs);
		close(fd);
		conf_bundle_free(b);
	}
}

static void certificates_that_cannot_be_read_are_an_error(void **state)
{
	static const struct {
		const char *file, *error; /* file NULL: there is none */
	} cases[] = {
		{ NULL, "cannot read ca-certificates 'ca.pem': No such file or directory" },
		{ "", "ca-certificates 'ca.pem' has no certificate in PEM" },
		{ "nothing\n", "ca-certificates 'ca.pem' has no certificate in PEM" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct conf_bundle *b;
		char *errors;
		int rc;

		if (cases[i].file)
			test_folder_put("ca.pem", cases[i].file);
		errors = add_ca(TLS, &b, &rc);
		assert_int_equal(rc, -EINVAL);
		assert_non_null(strstr(errors, cases[i].error));
		free(errors);
		conf_bundle_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_child_reads_the_same_values),
		IN_FOLDER(a_bundle_cut_short_or_longer_is_refused),
		IN_FOLDER(a_bundle_with_changed_bytes_does_no_harm),
		IN_FOLDER(what_is_no_memory_is_refused),
		IN_FOLDER(certificates_go_along_where_they_are_needed),
		IN_FOLDER(certificates_that_cannot_be_read_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
