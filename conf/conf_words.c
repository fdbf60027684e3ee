/* The words of options; see conf_words.h. */
#include "conf/conf_words.h"

#include <stddef.h>

#include "conf/conf.h"

const char *const conf_words_order[] = { "fastest", "first", "spread", NULL };
const char *const conf_words_gate[] = { "off", "observe", "enforce", NULL };
const char *const conf_words_device_gate[] = { "zone", "off", "observe", "enforce",
						  "quarantine", NULL };
const char *const conf_words_switch[] = { "off", "on", NULL };
const char *const conf_words_nxdomain[] = { "off", "secure", "all", NULL };
const char *const conf_words_down[] = { "open", "closed", NULL };
const char *const conf_words_lease_for[] = { "device", "zone", NULL };
const char *const conf_words_others[] = { "refuse", "ignore", NULL };
const char *const conf_words_failure[] = { "answer", "servfail", NULL };
const char *const conf_words_format[] = {
	"auto", "hosts", "domains", "adblock", "dnsmasq", "unbound", "rpz", "ip",
	"owners", NULL
};
const char *const conf_words_subdomain[] = { "auto", "yes", "no", NULL };
const char *const conf_words_whither[] = { "local", "forward", NULL };
const char *const conf_words_privacy[] = { "clear", "no-answers", "no-names", NULL };
const char *const conf_words_answer[] = {
	"nxdomain", "null", "nodata", "refused", NULL
};

const char *conf_gate_mode_name(enum conf_gate_mode m)
{
	return conf_words_device_gate[m + 1];
}
