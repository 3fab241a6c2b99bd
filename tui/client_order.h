/* SPDX-License-Identifier: MIT
 *
 * What the client of client.h can do about people: order in rooms, and whose
 * the own name is.
 */
#ifndef TUI_CLIENT_ORDER_H
#define TUI_CLIENT_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct client;

/* Something that keeps order in a room; queued on disk like a line. */
struct order {
    unsigned kind; /* of the message: KIND_KICK ... */
    struct str room, nick;
    unsigned set; /* kind of sanction, role, what of the mode; LIFT: mute */
    uint64_t num; /* seconds, or what the mode becomes */
    struct str text;
};

void client_order(struct client *, const struct order *, struct now);

/* Who is kept out of a room; answered by notices. */
void client_sanctions(struct client *, struct str room, struct now);

/*
 * The keys that open the account: list them, get a code for one more, or
 * revoke one.  Answers are notices.
 *   act      value set devices
 */
void client_devices(struct client *, unsigned act, uint64_t number, struct now);

/* Set the password of the name; empty: none any more. */
void client_password(struct client *, struct str secret, struct now);

enum { PASSWORD_SET = 1 }; /* error codes begin later */

/* What came of it: 0 while nothing has, PASSWORD_SET, or an error code. */
unsigned client_password_answer(const struct client *);

/* Connect again with the code of another device, as the name first wanted. */
void client_enrol(struct client *, struct str code, struct now);

/* The name is kept for our key, and the token is this program's alone. */
bool client_is_bound(const struct client *);

/* Enter a room with the word that opens it. */
void client_enter(struct client *, struct str name, struct str key, struct now);

#endif
