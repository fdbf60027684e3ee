/* Configurations as text, for tests. Each function fails the test on anything unexpected.
 */
#ifndef TESTS_SUPPORT_CONF_TEXT_H
#define TESTS_SUPPORT_CONF_TEXT_H

struct conf;
struct conf_bundle;

/** Values of a text without errors, as file "test.conf"; freed with conf_free. */
struct conf *conf_of_text(const char *text);

/** Values of a bundle without errors. */
struct conf *conf_of_bundle(const struct conf_bundle *b);

/** What conf_errors_print says of a text with errors; "" if it has none. Freed with free.
 */
char *conf_errors_of_text(const char *text);

/** What conf_print prints; freed with free. */
char *conf_text_of(const struct conf *c);

#endif
