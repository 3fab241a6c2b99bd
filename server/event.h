/* SPDX-License-Identifier: MIT
 *
 * One entry of a room's log: what is needed to find it again, and its one
 * encoded frame, the same bytes for everybody.  Counted by reference: the
 * store's log, the batch that carries it and whoever reads hold it.
 */
#ifndef SERVER_EVENT_H
#define SERVER_EVENT_H

#include <stdint.h>

struct frame;
struct msg_event;

struct event {
    uint32_t refs;
    unsigned kind; /* value set event */
    uint64_t room, seq, ts;
    uint64_t account, device, cseq; /* who did it; device 0: the server */
    uint64_t ref;
    struct frame *frame;
};

/* Encode; the caller owns the one reference. Strings are copied. */
struct event *event_new(const struct msg_event *);

/* All that it says; strings are views into its frame. */
struct msg_event event_body(const struct event *);

/* One reference more; returns its argument. */
struct event *event_ref(struct event *);

/* One reference less; the last one frees. NULL is allowed. */
void event_unref(struct event *);

#endif
