/* SPDX-License-Identifier: MIT
 *
 * One end of a connection, the same code on both sides: bytes or datagrams in,
 * whole frames out, and the other way; heartbeats and what they measure.
 *
 *      stream:    bytes     -> [secure] -> reader -> frames
 *      datagram:  datagrams -> [secure] -> dgram  -> frames
 *
 * A datagram is a DTLS record.  Once the server has told its id for the
 * connection, the client's records come behind 0xC1 and 8 bytes of that id, so
 * that they are known wherever they come from.  In clear text a client's
 * datagram is 0xC0, 8 bytes of an id that the client chose, packet; a server's
 * is 0xC2, packet.
 */
#ifndef SHARED_LINK_H
#define SHARED_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/bounds.h"
#include "shared/now.h"
#include "shared/secure.h"
#include "shared/str.h"
#include "shared/wire.h"

struct frame;
struct link;

enum transport { TRANSPORT_TCP, TRANSPORT_UDP };

enum {
    DATAGRAM_ID_LEN = 8,
    DATAGRAM_CLEAR = 0xC0,
    DATAGRAM_SEALED = 0xC1,
    DATAGRAM_SERVER = 0xC2
};

struct link_config {
    enum transport transport;
    bool server;
    struct secure *secure; /* the link's from here on; NULL: clear text */
    struct str from;       /* datagram, server: where the first one came from */
    uint64_t id;           /* datagram: connection id, see above */
    uint64_t seed;         /* jitter */
    uint32_t body_max;     /* longest body accepted */
    size_t queue_max;      /* bytes of output held at most; a bug above */
};

struct link *link_new(const struct link_config *, struct now);
void link_free(struct link *);
enum transport link_transport(const struct link *);

/* "tcp" or "udp" */
const char *transport_name(enum transport);

/* The connection id of a client's datagram; false when it is not one. */
bool link_datagram_id(struct str datagram, uint64_t *id);

/*
 * Whether a client's datagram may be the first of a connection: an early
 * packet that carries something of the greeting.  What is left over from a
 * connection that is gone does not open a new one.
 */
bool link_datagram_opens(struct str datagram);

/* ---- inward ---- */

/*
 * Bytes of a stream, or one datagram.  Stream bytes are borrowed until
 * link_next returned 0 or link_hold was called.
 *   returns  0, or a negative error code: close
 */
int link_feed(struct link *, struct str bytes, struct now);

/*
 * A server's datagram, with where it came from: what is newer than all before
 * moves the connection there.
 */
int link_feed_from(struct link *, struct str datagram, struct str from,
                   struct now);

/*
 * The next whole frame; heartbeats are answered inside and not shown.
 *   frame    good until the next call on this link
 *   returns  1; 0 when there is none; a negative error code: close
 */
int link_next(struct link *, struct str *frame, struct now);

/* Stop pulling for now, keep what is there; link_next goes on later. */
void link_hold(struct link *);

/* Bytes received and not yet pulled. */
size_t link_pending(const struct link *);

/* The peer has closed by itself (datagram CLOSE). */
bool link_closed(const struct link *);

/* ---- outward ---- */

/*
 * Queue a frame; takes its own reference.
 *   lane     how it travels: from the message's row, wire.h
 *   key      lane ROOM: the room; lane STATE: what it is the state of
 *   own      a person waits for it (not one of a fan-out)
 *   returns  0, or -ERROR_BUSY when a bound of the datagram queue is reached
 */
int link_send(struct link *, struct frame *, enum lane, uint64_t key, bool own);

/* Encode and queue in one step: lane from the row, key from wire_key. */
int link_say(struct link *, const struct msg *, bool own);

/* Stream: what to write next; and that n bytes went out. */
size_t link_spans(struct link *, struct str *spans, size_t max);
void link_sent(struct link *, size_t n, struct now);

/*
 * Datagram: the next one to send now; call until it returns 0.
 *   out      DATAGRAM_MAX bytes
 */
size_t link_datagram(struct link *, uint8_t *out, struct now);

/* Datagram, server: where it is to be sent; see path.h. */
struct str link_place(const struct link *);

/* Datagram, server: the connection is called this from now on. */
void link_rename(struct link *, uint64_t id);

/* Bytes queued: not written (stream), not acked (datagram). */
size_t link_queued(const struct link *);

/*
 * When the queue last shrank, mono_us, for stall detection; NEVER while it is
 * empty or has not been looked at by link_tick since it was.
 */
uint64_t link_progress(const struct link *);

/* Say that nothing follows; a datagram link says nothing else from now on. */
void link_close(struct link *, unsigned code, struct now);

/* ---- time and heartbeats ---- */

/* When link_tick must be called at the latest, mono_us. */
uint64_t link_deadline(const struct link *);
void link_tick(struct link *, struct now);

/* The peer sleeps: say nothing, and count no time, until something comes. */
void link_rest(struct link *);

/* Beat every period_ms from now on (a client, after WELCOME); 0 stops. */
void link_beat(struct link *, uint32_t period_ms, struct now);

/* ---- encryption ---- */

/* Whether what is queued goes out: the handshake, if any, is over. */
bool link_is_open(const struct link *);

/* The handshake failed, or the peer has ended what it began. */
bool link_is_over(const struct link *);

/* A client wanted encryption, and clear text came back. */
bool link_peer_is_clear(const struct link *);

/* Not clear text.  A server learns it from the first byte of a stream. */
bool link_is_secure(const struct link *);

/* Who the peer has proved to be; false in clear text or while not open. */
bool link_peer_secure(const struct link *, struct secure_peer *);

/* Why encryption came to nothing, in English; never NULL. */
const char *link_error(const struct link *);

/* ---- what is known ---- */

/* What the next heartbeats will say of this side. */
struct link_local {
    uint32_t idle_s;   /* seconds since the last key */
    uint32_t frozen_s; /* seconds the screen has been stuck */
};

void link_set_local(struct link *, struct link_local);

/* What is known of the path and of the peer. */
struct link_peer {
    uint64_t heard_us;               /* mono_us of the last byte from it */
    uint32_t rtt_us;                 /* smoothed, 0 before the first sample */
    uint32_t loss;                   /* per thousand, of this side's packets */
    uint32_t peer_rtt_us, peer_loss; /* what the peer measured */
    uint32_t idle_s, frozen_s;       /* what the peer says of itself */
    uint64_t beats;                  /* heartbeats received */
};

struct link_peer link_peer(const struct link *);

struct dgram_stats;

/* Datagram details for /stats; false on a stream. */
bool link_dgram_stats(const struct link *, struct dgram_stats *);

#endif
