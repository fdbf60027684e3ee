/* Pins as text; see conf_pin.h. */
#include "conf/conf_pin.h"

#include <errno.h>
#include <string.h>

#include "conf/conf.h"

#define PREFIX	   "sha256/"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define DIGITS_LEN 43 /* of 6 bits, for 256; then one sign that fills */

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int conf_pin_from_text(const char *text, struct conf_pin *out)
{
	struct conf_pin pin = {0};
	char canonical[CONF_PIN_TEXT_MAX];

	if (strlen(text) != PREFIX_LEN + DIGITS_LEN + 1)
		return -EINVAL;
	for (size_t i = 0; i < DIGITS_LEN; i++) {
		const char *digit = strchr(digits, text[PREFIX_LEN + i]);
		unsigned value = digit ? (unsigned)(digit - digits) << 2 : 0,
			 bit = i * 6 % 8;

		/* value holds 6 bits on top of 8; they begin at this bit of a byte */
		pin.sha256[i * 6 / 8] |= (uint8_t)(value >> bit);
		if (bit > 2 && i < DIGITS_LEN - 1)
			pin.sha256[i * 6 / 8 + 1] |= (uint8_t)(value << (8 - bit));
	}
	/* whatever else was wrong is not written so */
	if (strcmp(conf_pin_to_text(&pin, canonical), text) != 0)
		return -EINVAL;
	*out = pin;
	return 0;
}

const char *conf_pin_to_text(const struct conf_pin *pin, char *buf)
{
	memcpy(buf, PREFIX, PREFIX_LEN);
	for (size_t i = 0; i < DIGITS_LEN; i++) {
		size_t at = i * 6 / 8;
		unsigned next = at + 1 < sizeof(pin->sha256) ? pin->sha256[at + 1] : 0;
		unsigned both = (unsigned)pin->sha256[at] << 8 | next;

		buf[PREFIX_LEN + i] = digits[both >> (10 - i * 6 % 8) & 63];
	}
	memcpy(buf + PREFIX_LEN + DIGITS_LEN, "=", 2);
	return buf;
}
