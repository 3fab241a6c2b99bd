/* SPDX-License-Identifier: MIT
 *
 * How a room is (who may enter, who sets the topic, how fast one may talk), and
 * as what somebody is in it, as the server says it.
 */
#ifndef TUI_STATION_H
#define TUI_STATION_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"

struct model;
struct msg_event;
struct msg_sync_room;
struct room;

struct manner {
    unsigned access; /* value set access; 0 in a room of two */
    bool locked;     /* only moderators set the topic */
    bool keyed;      /* one enters by a word */
    uint64_t slow_s; /* between two lines of somebody; 0: nothing */
    uint64_t most;   /* members; 0: no limit of its own */
};

struct station {
    unsigned role;     /* value set role; 0 while not known */
    uint64_t muted_us; /* mono_us until which they may only listen; NEVER: until
                          that is lifted; 0: they may talk */
};

/* What a message says of it. */
void station_sync(struct model *, struct room *, const struct msg_sync_room *,
                  struct now);
void station_event(struct model *, struct room *, const struct msg_event *,
                   struct now);

/* The same of somebody else: role and muted as in MEMBER. */
struct station station_of(struct model *, uint64_t role, uint64_t muted,
                          struct now);

/* Mutes that have ended. */
void station_tick(struct model *, struct room *, struct now);

/* They may only listen; moderators and owners always may talk. */
bool station_is_mute(const struct station *);

/* The mark before a nick: & an owner, @ a moderator, ! muted, else a blank. */
char station_mark(const struct station *);

#endif
