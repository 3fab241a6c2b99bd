/* SPDX-License-Identifier: MIT
 *
 * Orders that keep a room in order, moderate.c and penalty.c: what they have in
 * common.  Each becomes an event with its actor and reason, stored together
 * with what it changes; what follows from that happens in decree.c.
 */
#ifndef SERVER_ORDER_H
#define SERVER_ORDER_H

#include "server/call.h"
#include "server/store_op.h"
#include "shared/text.h"

enum { ORDER_TEXT = NAME_MAX_BYTES + 4096 + 64 }; /* nick, number, reason */

/* The room, the person meant, and what it becomes. */
struct order {
    struct room *room;
    struct account *about;
    struct store_op op;
    unsigned event;
    char text[ORDER_TEXT]; /* of the event */
};

/* The room, if the caller may do such a thing there. */
enum err order_room(struct call *, uint64_t id, enum act, struct order *);

/* Somebody by nick, over whom the caller may do it. */
enum err order_about(struct call *, struct str nick, struct order *);

/* The same of who has to be in the room. */
enum err order_member(struct call *, struct str nick, struct order *,
                      struct member **);

/* Whether a reason is not too long. */
enum err order_reason(struct call *, struct str why);

/* The room's member that somebody will be; NULL: they will not be one. */
struct member *order_member_to_be(const struct room *, const struct account *);

/* "WHOM WHY" */
void order_say_whom(struct order *, struct str why);

/* Number it, encode it, give it to the store. */
void order_put(struct call *, struct order *);

#endif
