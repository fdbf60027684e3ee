/* Configurations as text, for tests. */
#include "tests/support/conf_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf.h"

struct conf *conf_of_bundle(const struct conf_bundle *b)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf *c = NULL;
	int rc;

	assert_non_null(errors);
	rc = conf_parse(b, &c, errors);
	conf_errors_print(errors, stderr);
	conf_errors_free(errors);
	assert_int_equal(rc, 0);
	return c;
}

struct conf *conf_of_text(const char *text)
{
	struct conf_bundle *b;
	struct conf *c;

	assert_int_equal(conf_bundle_from_text("test.conf", text, strlen(text), &b), 0);
	c = conf_of_bundle(b);
	conf_bundle_free(b);
	return c;
}

char *conf_errors_of_text(const char *text)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b;
	struct conf *c = NULL;
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);
	int rc;

	assert_non_null(errors);
	assert_non_null(to);
	assert_int_equal(conf_bundle_from_text("test.conf", text, strlen(text), &b), 0);
	rc = conf_parse(b, &c, errors);
	assert_int_equal(rc != 0, conf_errors_count(errors) > 0);
	conf_errors_print(errors, to);
	fclose(to);
	conf_free(c);
	conf_bundle_free(b);
	conf_errors_free(errors);
	return out;
}

char *conf_text_of(const struct conf *c)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	assert_non_null(to);
	conf_print(c, to);
	assert_int_equal(fclose(to), 0);
	return out;
}
