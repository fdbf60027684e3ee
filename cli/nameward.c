/* The `nameward` command: the table of its verbs, in the order of the help. */
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#include "cli/verbs.h"

int main(int argc, char **argv)
{
	const struct verb verbs[] = {
		verb_status,	  verb_log,	       verb_why,
		verb_top,	  verb_who,	       verb_client,
		verb_report,	  verb_history_export, verb_export_postgres,
		verb_allow,	  verb_block,	       verb_pause,	    verb_resume,
		verb_override_ls,
		verb_gate_ls,	  verb_gate_check,     verb_gate_readiness, verb_gate_rules,
		verb_gate_bypass, verb_gate_quarantine, verb_gate_withdraw,  verb_cache_ls,	    verb_cache_flush,
		verb_list_ls,	  verb_list_search,    verb_list_test,	    verb_list_update,
		verb_list_rollback,
		verb_local_ls,
		verb_import_dnsmasq, verb_import_pihole,   verb_import_adguard,
		verb_history_size, verb_history_prune, verb_history_backup, verb_history_sql,
		verb_history_forget, verb_history_import, verb_config_check,
		verb_config_show, verb_config_example, verb_config_names,
		{ .name = NULL },
	};

	/* numbers and times are the same in every locale; only characters differ */
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	return command_main(verbs, argc, argv, stdout, stderr);
}
