/*
 * Reads one JSON value (RFC 8259) step by step, as its caller asks for keys and values:
 * nothing is built, nothing is allocated. Knows nothing of what the keys mean.
 */
#ifndef CLI_JSON_SCAN_H
#define CLI_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32

/** at..end is what is left; borrowed. `is_bad` once anything was not JSON, or not of the
 *  kind that was asked for; then every call fails. */
struct json_scan {
	const char *at, *end;
	bool is_bad;
};

/** Enter an object. @return false: it is something else (nothing was read), or bad */
bool json_enter_object(struct json_scan *j);

/** The next key of an object, cut to size; its value must be read or skipped before the next
 *  call. @return false: the object has ended, or bad */
bool json_next_key(struct json_scan *j, char *key, size_t size);

/** Enter an array, and go to its next value. */
bool json_enter_array(struct json_scan *j);
bool json_next_value(struct json_scan *j);

/** Read a string as UTF-8, ended by NUL and cut to size; "\u0000" becomes '?'.
 *  @param len  gets the bytes that it really had, unless NULL */
bool json_read_string(struct json_scan *j, char *to, size_t size, size_t *len);

/** Read an integer; a fraction is cut off. */
bool json_read_integer(struct json_scan *j, int64_t *out);

/** Read true or false. */
bool json_read_bool(struct json_scan *j, bool *out);

/** Read a value of any kind, at most JSON_DEPTH_MAX deep. */
bool json_skip(struct json_scan *j);

/** Nothing is left but white space. */
bool json_at_end(struct json_scan *j);

#endif
