/* Pins of public keys as text: sha256/ and base64 (RFC 4648 §4), as RFC 7858 §B has them.
 */
#ifndef CONF_CONF_PIN_H
#define CONF_CONF_PIN_H

struct conf_pin;

#define CONF_PIN_TEXT_MAX 52 /* "sha256/", 44 characters and a NUL */

/** @retval -EINVAL  not the one way to write a pin; out is untouched */
int conf_pin_from_text(const char *text, struct conf_pin *out);

/** In buf, of CONF_PIN_TEXT_MAX bytes. Returns buf. */
const char *conf_pin_to_text(const struct conf_pin *pin, char *buf);

#endif
