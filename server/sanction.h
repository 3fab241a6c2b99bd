/* SPDX-License-Identifier: MIT
 *
 * Who is kept out or silent, until when, by whom and why: of a room, or of the
 * whole server.
 */
#ifndef SERVER_SANCTION_H
#define SERVER_SANCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/credential.h"
#include "shared/now.h"
#include "shared/str.h"

struct store_op;

/*
 * By what somebody is known: an id, a key, or an address as gate.h has it, in
 * hexadecimal, with /BITS behind it when a network is meant.
 */
struct sanction_who {
    char who[KEY_HEX];
};

struct sanction {
    unsigned kind; /* value set sanction */
    struct sanction_who who;
    uint64_t until; /* ms since 1970; 0: until it is lifted */
    char *note;     /* "WHOM BY-WHOM WHY"; owned */
};

struct sanctions {
    struct sanction *all; /* owned */
    size_t n, cap;
};

void sanctions_free(struct sanctions *);

struct sanction_who sanction_account(uint64_t id);
struct sanction_who sanction_key(const struct fingerprint *);
struct sanction_who sanction_address(struct str gate);

/* Of a network: the first bits of a gate; the others are cleared. */
struct sanction_who sanction_network(struct str gate, unsigned bits);

/* The one in force; NULL: there is none. */
const struct sanction *sanction_find(const struct sanctions *, unsigned kind,
                                     const char *who, struct now);

/* How many are in force. */
size_t sanctions_in_force(const struct sanctions *, struct now);

/* The next one from *at on whose time is over; NULL: there is none. */
const struct sanction *sanctions_over(const struct sanctions *, size_t *at,
                                      struct now);

/* Whether an address is that one, or in that network. */
bool sanction_covers(const char *who, struct str gate);

/* The one against an address, or a network that it is in; NULL: none. */
const struct sanction *sanction_find_address(const struct sanctions *,
                                             struct str gate, struct now);

/* Whether one of an account's keys is kept out. */
bool sanctions_have_key(const struct sanctions *, const struct credentials *,
                        struct now);

/* Make it so, in place of an earlier one of the same; strings are copied. */
void sanction_set(struct sanctions *, unsigned kind, struct str who,
                  uint64_t until, struct str note);
void sanction_lift(struct sanctions *, unsigned kind, struct str who);

/* Of a note: the word n, or with 2 the rest. */
struct str sanction_word(const struct sanction *, unsigned n);

/* Whether its note says that it is about them. */
bool sanction_is_of(const struct sanction *, struct str nick);

#endif
