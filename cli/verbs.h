/* The verbs of `nameward`, one file a group; nameward.c puts them in order. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/command.h"

extern const struct verb verb_status;
extern const struct verb verb_log;
extern const struct verb verb_top;
extern const struct verb verb_who;
extern const struct verb verb_client;
extern const struct verb verb_report;
extern const struct verb verb_why;
extern const struct verb verb_export_postgres;
extern const struct verb verb_history_export;
extern const struct verb verb_history_import;
extern const struct verb verb_import_adguard;
extern const struct verb verb_import_dnsmasq;
extern const struct verb verb_import_pihole;
extern const struct verb verb_cache_flush;
extern const struct verb verb_cache_ls;
extern const struct verb verb_gate_ls;
extern const struct verb verb_gate_bypass;
extern const struct verb verb_gate_quarantine;
extern const struct verb verb_gate_check;
extern const struct verb verb_gate_rules;
extern const struct verb verb_gate_readiness;
extern const struct verb verb_gate_withdraw;
extern const struct verb verb_history_backup;
extern const struct verb verb_history_forget;
extern const struct verb verb_history_prune;
extern const struct verb verb_history_size;
extern const struct verb verb_history_sql;
extern const struct verb verb_allow;
extern const struct verb verb_block;
extern const struct verb verb_pause;
extern const struct verb verb_resume;
extern const struct verb verb_override_ls;
extern const struct verb verb_list_ls;
extern const struct verb verb_list_search;
extern const struct verb verb_list_test;
extern const struct verb verb_list_update;
extern const struct verb verb_list_rollback;
extern const struct verb verb_local_ls;
extern const struct verb verb_config_check;
extern const struct verb verb_config_show;
extern const struct verb verb_config_example;
extern const struct verb verb_config_names;

#endif
