/*
 * The catalogue of messages between our processes: every type, its records and one check.
 * Only ids and values cross a process boundary, never a pointer. All values are in host
 * order (both ends are the same binary on the same machine).
 *
 * A message is a struct msg_head and then `count` records of that type, each starting with
 * its own size in bytes (a multiple of 8). A receiver calls msg_check() once; after it, all
 * lengths, counts and enums in the message are good and msg_next() walks the records.
 */
#ifndef LIB_MSG_H
#define LIB_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/chan.h"
#include "lib/host_label.h"
#include "lib/msg_history.h"

/** The processes. A role is also the child's argument and its name in log lines. */
enum msg_role {
	ROLE_SUPERVISOR,
	ROLE_RESOLVER,
	ROLE_NFTSYNC,
	ROLE_DBWRITER,
	ROLE_FLOWS,
	ROLE_COMPILER,
	ROLE_LOCAL,
	ROLE_MDNS,
	ROLE_COUNT,
};

/** "resolver" and so on; "?" for none. */
const char *msg_role_name(enum msg_role role);

enum msg_type {
	/* supervisor to a child: what it is to use from the next START on */
	MSG_CONF = 1, /* fd: sealed memfd with the configuration bundle (conf_bundle_read) */
	MSG_PEER,     /* msg_peer, fd: the child's end of a channel to another child; in force at once */
	MSG_LISTEN,   /* msg_listen, fd: a bound socket; to the resolver */
	MSG_CONTROL,  /* fd: the bound, listening control socket; to the resolver */
	MSG_INDEX,    /* fd: sealed memfd with a list index; compiler to supervisor to resolver;
			 supervisor to compiler: the one in force, from which it keeps the lists
			 whose files have gone bad */
	MSG_START,    /* msg_start: everything since the last START is there: build, swap, answer READY */
	MSG_STOP,     /* finish what is in flight, then exit 0 */
	MSG_LEAVE,    /* to nftsync, before STOP: the service ends; leave what zones say is to stay */
	MSG_PING,     /* msg_ping: answer PONG from the working loop */
	MSG_CHILD,    /* msg_child: state of one process, for `status`; to the resolver */
	/* child to supervisor */
	MSG_READY,    /* msg_start: serving that generation */
	MSG_PONG,     /* msg_ping */
	MSG_FAILED,   /* msg_text: this generation cannot be served, the old one goes on */
	/* resolver and nftsync */
	MSG_LEASE,      /* msg_lease: hold until these addresses stand in the kernel */
	MSG_LEASE_DONE, /* msg_lease_done: one for each MSG_LEASE record */
	MSG_LEASE_LOST, /* no record: leases given earlier may be gone; forget what was covered */
	/* The resolver keeps no account of leases. When policies have changed it has nftsync tell
	 * who holds any, judges each anew, and sends back what is blocked. */
	MSG_REVIEW,   /* no record: tell all names that hold leases, from the start */
	MSG_HOLDER,   /* msg_holder: one of them, in no order */
	MSG_WITHDRAW, /* msg_holder: delete the leases that only this name holds */
	/* to dbwriter */
	MSG_LOOKUP,  /* msg_lookup; from the resolver */
	MSG_REFUSED, /* msg_refused; from flows */
	MSG_EVENT,   /* msg_event; from all */
	/* questions from the control socket, relayed by the resolver */
	MSG_ASK,  /* msg_ask */
	MSG_TELL, /* msg_tell: pieces of the answer, the last one marked */
	/* supervisor to nftsync */
	MSG_NETFILTER, /* fd: the netfilter socket that owns the table; it outlives nftsync */
	/* fd: sealed memfd with an image of local data; local to supervisor to resolver, where it
	 * is in force at once; supervisor to local: the one in force, of which it keeps what files
	 * said that cannot be read now */
	MSG_LOCAL,
	/* added later */
	MSG_SECRET, /* msg_secret: what cookies are made of; supervisor to resolver */
	MSG_LEDGER, /* fd: memfd of MSG_LEDGER_BYTES for nftsync's leases; it outlives it too */
	/* fd: sealed memfd with a range image (range_image.h), the addresses that zones refuse;
	 * compiler to supervisor to nftsync, where it is in force at once */
	MSG_RANGES,
	/* fd: memfd with the text of conf_override.h; supervisor to resolver, where it is in
	 * force at once */
	MSG_OVERRIDES,
	MSG_OLDER, /* compiler to supervisor, behind MSG_INDEX: it is of an earlier life */
	MSG_QUERY, /* fd: as MSG_CONTROL, but nothing can be changed by it */
	MSG_HEARD, /* msg_heard: what a host says it is called; mdns to resolver */
	MSG_TYPE_COUNT,
};

/** Room for a million leases and more; only what is used takes memory. */
#define MSG_LEDGER_BYTES (64u * 1024 * 1024)

struct msg_head {
	uint16_t type;
	uint16_t count;	/* records */
	uint32_t bytes; /* of the whole message, this head included */
};

/** How every record begins. */
struct msg_record {
	uint16_t size; /* bytes of this record with all that follows it, multiple of 8 */
};

struct msg_peer {
	uint16_t size;
	uint16_t role; /* enum msg_role at the other end */
	uint32_t zero;
};

struct msg_listen {
	uint16_t size;
	uint16_t stream; /* 1: TCP, 0: UDP */
	uint32_t zero;
	struct addr_port at;
	uint8_t pad[4];
};

struct msg_start {
	uint16_t size;
	uint16_t zero;
	uint32_t generation; /* counts up from 1 with each (re)load */
};

/** The same for each resolver of one supervisor, so that a client's cookie outlives the one that
 *  gave it. */
struct msg_secret {
	uint16_t size;
	uint16_t zero[3];
	uint64_t key[2];
};

struct msg_ping {
	uint16_t size;
	uint16_t zero;
	uint32_t serial;
};

struct msg_child {
	uint16_t size;
	uint16_t role;
	int32_t pid; /* 0: not running */
	uint32_t restarts;
	int32_t last_status; /* of wait(2), of the run before; 0 if none */
	int64_t started_us;  /* wall clock */
};

#define MSG_TEXT_MAX 512
struct msg_text {
	uint16_t size;
	uint16_t len;
	uint32_t zero;
	char text[]; /* len bytes, no NUL needed */
};

/* --- leases ------------------------------------------------------------------------- */

#define MSG_LEASE_ADDRS 64

/** A chain: names from the asked one to the addresses (CNAME), in wire form; what fits here. */
#define MSG_CHAIN_MAX 512

enum msg_device_kind {
	DEVICE_MAC, /* id[0..6) */
	DEVICE_IP4, /* id[0..4): a client with no MAC of its own here (routed, tunnel) */
	DEVICE_IP6, /* id[0..16) */
	DEVICE_IFNAME, /* id: name of an interface, NUL-padded: all that come in by it */
	DEVICE_ROUTER, /* the router itself, by whatever address; no id */
	DEVICE_KIND_COUNT,
	DEVICE_NONE = DEVICE_KIND_COUNT, /* in msg_lease: nobody's lease, only `fill` */
};

/** The one asking, as the firewall will see it. Unused bytes are zero. */
struct msg_device {
	uint8_t kind;
	uint8_t zero;
	uint8_t id[16];
};

/** By whose policy a name is judged. */
struct msg_client {
	struct addr addr; /* family 0: unknown */
	uint8_t has_mac;
	struct mac mac;
};

struct msg_lease_addr {
	uint32_t ttl_s; /* remaining lifetime of the record that held it */
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t zero[3];
	uint8_t addr[16];
};

/** A wish: the device may open connections to these addresses, and they go into the sets that
 *  the configuration fills by this name. */
struct msg_lease {
	uint16_t size;
	uint8_t addr_count; /* 1 to MSG_LEASE_ADDRS */
	uint8_t name_len;   /* of the asked name's wire form, 1 to 255 */
	uint16_t chain_len; /* at most MSG_CHAIN_MAX */
	struct msg_device device; /* 18 bytes */
	uint64_t txid;
	struct msg_client client; /* whose question it was */
	struct msg_lease_addr addr[]; /* addr_count; then the name, the chain, padding */
};

struct msg_lease_done {
	uint16_t size;
	uint16_t zero;
	int32_t rc; /* 0: in force in the kernel; -ENOSPC full; else negative errno */
	uint64_t txid;
};

/** A name by which a device holds leases (MSG_HOLDER), or is to hold none (MSG_WITHDRAW). */
struct msg_holder {
	uint16_t size;
	uint8_t name_len; /* of the name's wire form, 1 to 255; WITHDRAW: 0: whatever holds it */
	uint8_t all;	  /* WITHDRAW: 1: of all devices; device is then not looked at */
	uint8_t kill;	  /* WITHDRAW: 1: end the devices' connections, too */
	uint8_t deep;	  /* WITHDRAW: 1: also names whose answers came over this one */
	struct msg_device device;
	struct msg_client client; /* HOLDER: that asked last */
	struct addr dest;	  /* WITHDRAW: only leases to it; family 0: to any */
	uint8_t pad;
	uint16_t chain_len;
	uint8_t name[]; /* then the chain */
};

/* --- names of clients --------------------------------------------------------------- */

/** What somebody on the link says an address is called. */
struct msg_heard {
	uint16_t size;
	uint16_t zero;
	uint32_t ifindex;
	uint32_t ttl_s;	  /* 0: it is called that no more */
	struct addr from; /* that sent it */
	struct addr addr; /* that it is about */
	char name[HOST_LABEL_MAX + 1]; /* as host_label() makes them */
	uint8_t pad[2];
};

/* --- questions ---------------------------------------------------------------------- */

enum msg_question {
	ASK_STATUS,	/* rows "part key value" */
	ASK_LEASES,	/* to nftsync: rows of `gate ls`; arg: "" or an address: a row a claim */
	ASK_RULES,	/* to nftsync: the ruleset's text */
	ASK_WITHDRAWN,	/* to nftsync: what the last WITHDRAW message did */
	ASK_FORGET,	/* to dbwriter: arg "client C" or "name N": delete what was recorded of it */
	ASK_PRUNE,	/* to dbwriter: arg "" or "before TS KINDS" (db/prune_request.h): prune at once */
	ASK_PRUNING,	/* to dbwriter: rows "key number" about the last ASK_PRUNE */
	ASK_FOLLOW,	/* to dbwriter: somebody watches: commit soon, for some seconds */
	ASK_COUNT,
};

#define MSG_ASK_ARG_MAX 255
struct msg_ask {
	uint16_t size;
	uint8_t question;
	uint8_t arg_len;
	uint32_t txid;
	char arg[];
};

struct msg_tell {
	uint16_t size;
	uint8_t last; /* 1: the answer is complete */
	uint8_t zero;
	uint32_t txid;
	uint32_t len;
	int32_t rc; /* with last: 0 or negative errno */
	char text[]; /* whole lines, each ended by \n; fields parted by \t */
};

/* --- functions ---------------------------------------------------------------------- */

/** Check a received message whole.
 *  @param has_fd  whether a descriptor came with it
 *  @retval 0         every record can be used as it stands
 *  @retval -EBADMSG  cut short, oversized, unknown type, a record, length or enum out of range,
 *                    or a descriptor missing or unexpected */
int msg_check(const void *data, size_t len, bool has_fd);

/** Type of a checked message. */
enum msg_type msg_type(const void *data);

/** Walk a checked message: NULL starts; NULL is returned behind the last record. */
const void *msg_next(const void *data, const void *record);

/** A message being filled with records of one type. */
struct msg_buf {
	size_t len;	/* bytes used; 0: empty */
	uint64_t bytes[CHAN_MAX_BYTES / 8];
};

/** Reserve a zeroed record of record_bytes (rounded up to 8; its size field is set) in buf.
 *  Returns NULL if the message is full, or holds another type: send it, msg_buf_reset, add. */
void *msg_buf_add(struct msg_buf *buf, enum msg_type type, size_t record_bytes);

void msg_buf_reset(struct msg_buf *buf);

/** Send one message with no record, or with one. Same results as chan_send. */
int msg_send(struct chan *ch, enum msg_type type, const void *record, size_t record_bytes,
	     int fd);

/** Send all that buf holds and empty it, also on failure; an empty buf sends nothing. */
int msg_buf_send(struct chan *ch, struct msg_buf *buf);

/** Send text as one MSG_FAILED, cut to MSG_TEXT_MAX. */
int msg_send_failed(struct chan *ch, const char *text);

/** Send one MSG_EVENT; texts are cut to their limits. A NULL channel is allowed: -EPIPE. */
int msg_send_event(struct chan *ch, const char *kind, const char *subject,
		   const char *detail);

#endif
