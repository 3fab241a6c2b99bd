/* SPDX-License-Identifier: MIT
 *
 * Wrong guesses: how many were made lately about an account, and from an
 * address.  Who has made too many waits, and a right one is not even looked at
 * meanwhile.
 */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/list.h"
#include "server/map.h"
#include "shared/now.h"

struct limits;

struct throttle {
    struct map entries; /* struct guesses, owned */
    struct list order;  /* the same, first guess longest ago first */
};

/* Who guesses about whom. */
struct guess {
    uint64_t account; /* 0: about none */
    struct str from;  /* 4 or 8 bytes; empty: this machine, not counted */
};

void throttle_init(struct throttle *, const uint64_t secret[2]);
void throttle_fini(struct throttle *);

/* When a guess may be made, mono_us; 0: now. */
uint64_t throttle_when(const struct throttle *, const struct guess *,
                       const struct limits *, struct now);

/* It was wrong, or is taken to be until it is known. */
void throttle_note(struct throttle *, const struct guess *, struct now);

/*
 * It was right, and had been noted: those about the account are forgotten, of
 * the address it alone.
 */
void throttle_forget(struct throttle *, const struct guess *);

#endif
