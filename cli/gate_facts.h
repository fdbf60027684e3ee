/*
 * Who a client is, and which leases lead to an address: from the daemon where it runs, else
 * from the configuration and the history. Knows nothing of verdicts.
 */
#ifndef CLI_GATE_FACTS_H
#define CLI_GATE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/control_client.h"
#include "lib/addr.h"

struct conf;
struct report;

#define GATE_LEASES_MAX 24 /* kept; all are counted */
#define GATE_WORD_MAX	64
#define GATE_NAME_MAX	1024

struct gate_lease {
	char device[GATE_WORD_MAX]; /* MAC address or address */
	char name[GATE_NAME_MAX];
	int64_t left_s;
};

/** Texts are "" where something is not known. */
struct gate_client {
	char address[ADDR_TEXT_MAX];
	char mac[MAC_TEXT_MAX];
	char interface[GATE_WORD_MAX];
	size_t device; /* index in the configuration, or GATE_CONF_NONE */
	size_t zone;   /* likewise; of the interface */
	int mode;      /* enum conf_gate_mode in force; -1: not known */
	bool router;   /* this machine itself */
	bool from_daemon;
};

/**
 * Find a client.
 *
 * @param text    address, MAC address, device of the configuration, or `router`: this
 *                machine itself, unless a device has that name
 * @param report  the history, or NULL
 * @retval 0       out is filled as far as it is known
 * @retval -ENOENT neither an address nor a device of the configuration
 */
int gate_client_find(const struct conf *conf, struct report *report, const char *text,
		     struct gate_client *out);

/** Whether a device, as leases and the history name it, is this client, or the interface whose
 *  leases it shares. */
bool gate_client_is(const struct gate_client *client, const char *device);

struct gate_leases {
	struct gate_lease leases[GATE_LEASES_MAX];
	size_t count; /* of leases[] */
	size_t total;
	size_t device, address, left, name; /* columns of the daemon's answer */
	const char *dest;
};

/** The leases to dest that the daemon holds. @param why  as control_ask, whose results it
 *  has; -EREMOTEIO also where the gate is off */
int gate_leases_ask(const struct conf *conf, const char *dest, struct gate_leases *out,
		    char *why);

/** The entry by which a list that zones refuse has an address. */
struct gate_listed {
	bool found;
	char list[GATE_WORD_MAX];
	char entry[GATE_NAME_MAX];
	char where[GATE_NAME_MAX]; /* file and line */
	const struct conf *conf;
	uint64_t lists; /* asked for */
	size_t columns[4]; /* of the daemon's answer */
};

/** Which of some lists has an address as one to refuse; the first of them.
 *  @param lists  a bit each; none: nobody is asked
 *  @param why    as control_ask, whose results it has */
int gate_listed_ask(const struct conf *conf, const char *dest, uint64_t lists,
		    struct gate_listed *out, char *why);

#endif
