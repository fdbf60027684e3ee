/* Prints the rules that a configuration file makes, as `nameward gate rules` would. */
#include <stdio.h>
#include <stdlib.h>

#include "conf/conf.h"
#include "nftsync/ruleset.h"

int main(int argc, char **argv)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf_bundle *b = NULL;
	struct conf *c = NULL;
	struct ruleset *rs;
	char *text;

	if (argc != 2 || !errors)
		return 2;
	if (conf_bundle_load(argv[1], &b, errors) || conf_parse(b, &c, errors)) {
		conf_errors_print(errors, stderr);
		return 1;
	}
	if (ruleset_new(c, &rs) || ruleset_text(rs, &text))
		return 1;
	fputs(text, stdout);
	free(text);
	ruleset_free(rs);
	conf_free(c);
	conf_bundle_free(b);
	conf_errors_free(errors);
	return 0;
}
