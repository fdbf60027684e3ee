/*
 * The words of options that take one of several, each list in the order of the enum that it is
 * read into, with NULL at its end.
 */
#ifndef CONF_CONF_WORDS_H
#define CONF_CONF_WORDS_H

extern const char *const conf_words_order[];
extern const char *const conf_words_gate[];
extern const char *const conf_words_device_gate[];
extern const char *const conf_words_switch[];
extern const char *const conf_words_nxdomain[];
extern const char *const conf_words_down[];
extern const char *const conf_words_lease_for[];
extern const char *const conf_words_others[];
extern const char *const conf_words_failure[];
extern const char *const conf_words_format[];
extern const char *const conf_words_subdomain[];
extern const char *const conf_words_whither[];
extern const char *const conf_words_privacy[];
extern const char *const conf_words_answer[];

#endif
