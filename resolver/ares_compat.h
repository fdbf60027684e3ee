/*
 * What differs between c-ares 1.18 (Debian 12) and 1.34 (Debian 13), in one place. Only
 * the upstream files include it.
 *
 * 1.34 works on parsed records: ares_send_dnsrec() gives back the id that c-ares chose
 * and spares writing the reply out again for the callback. 1.18 takes bytes and keeps
 * their id.
 */
#ifndef RESOLVER_ARES_COMPAT_H
#define RESOLVER_ARES_COMPAT_H

#define CARES_NO_DEPRECATED
#include <ares.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

#define UNUSED __attribute__((unused))

#if ARES_VERSION >= 0x011c00 /* 1.28 */

/** Head of a function that c-ares calls back; arg alone is of use to it: what became of
 *  the question, its owner knows better. */
#define ARES_COMPAT_CALLBACK(name)                                                       \
	void name(void *arg, UNUSED ares_status_t status, UNUSED size_t timeouts,        \
		  UNUSED const ares_dns_record_t *reply)

/** Hand one question to a channel.
 *  @param id  set to the id that c-ares uses for it, unless the callback ran inside
 *  @retval 0       the callback was or will be called once
 *  @retval -EINVAL c-ares cannot read the question; the callback is not called */
static inline int ares_compat_send(ares_channel channel, const uint8_t *wire, size_t len,
				   ares_callback_dnsrec callback, void *arg, uint16_t *id)
{
	ares_dns_record_t *record = NULL;
	unsigned short chosen = 0;
	ares_status_t status;

	if (ares_dns_parse(wire, len, 0, &record) != ARES_SUCCESS)
		return -EINVAL;
	status = ares_send_dnsrec(channel, record, callback, arg, &chosen);
	ares_dns_record_destroy(record);
	if (status == ARES_SUCCESS)
		*id = chosen;
	return 0;
}

/** Switch off what 1.34 would do by itself; returns the option's bit. */
static inline int ares_compat_options(struct ares_options *options)
{
	options->qcache_max_ttl = 0;
	return ARES_OPT_QUERY_CACHE;
}

#else

#define ARES_COMPAT_CALLBACK(name)                                                       \
	void name(void *arg, UNUSED int status, UNUSED int timeouts,                     \
		  UNUSED unsigned char *reply, UNUSED int reply_len)

static inline int ares_compat_send(ares_channel channel, const uint8_t *wire, size_t len,
				   ares_callback callback, void *arg, uint16_t *id)
{
	*id = load_be16(wire);
	ares_send(channel, wire, (int)len, callback, arg);
	return 0;
}

static inline int ares_compat_options(struct ares_options *options)
{
	(void)options;
	return 0;
}

#endif

#endif
