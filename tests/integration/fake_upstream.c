/*
 * The scripted upstream as a program: fake_upstream ADDRESS PORT BEHAVIOUR. Prints
 * "listening ADDRESS:PORT" and serves until it is killed. Names get addresses derived
 * from the name (198.18.0.0/15, 2001:db8::/32).
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/scripted_upstream.h"

static int usage(void)
{
	fprintf(stderr, "usage: fake_upstream ADDRESS PORT BEHAVIOUR\nbehaviours: ");
	scripted_list_behaviours(stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct scripted_upstream *su;
	char text[ADDR_PORT_TEXT_MAX];
	struct addr_port at;
	int rc;

	if (argc != 4 || !base)
		return usage();
	rc = scripted_open(base, argv[1], (uint16_t)atoi(argv[2]), argv[3], &su);
	if (rc) {
		fprintf(stderr, "fake_upstream: %s port %s: %s\n", argv[1], argv[2],
			strerror(-rc));
		return usage();
	}
	at = scripted_addr(su);
	printf("listening %s\n", addr_port_to_text(&at, text));
	fflush(stdout);
	event_base_dispatch(base);
	return 1;
}
