/* SPDX-License-Identifier: MIT
 *
 * Where the peer of a datagram connection is, as a server sees it: an address
 * that may change under way (RFC 9000, section 9).  Only a record that is
 * authentic and newer than all before moves it; then the new place has to be
 * proved, and if it is not, the old one counts again.  Pure.
 */
#ifndef SHARED_PATH_H
#define SHARED_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

/* An address: that of the network, then two bytes of port.  Not looked into. */
enum { PLACE_MAX = 24, PLACE_PORT = 2 };

struct place {
    uint8_t len;
    char bytes[PLACE_MAX];
};

struct place place_of(struct str from);

/* Whether two differ in the port alone. */
bool place_same_network(struct str, struct str);

enum {
    PATH_TRIES = 3,     /* challenges; RFC 9000 leaves the number open */
    PATH_MOVES_MAX = 10 /* a minute */
};

struct path {
    struct place place, proven; /* proven: the last place that was */
    uint64_t newest;            /* record number */
    uint64_t token;             /* of the last challenge */
    uint64_t try_us;            /* when to try again; NEVER: proved */
    uint64_t minute_us;         /* when this minute began */
    unsigned tries, moves;      /* moves: in this minute */
};

void path_init(struct path *, struct str from);
struct str path_place(const struct path *);

enum path_news {
    PATH_STAYS,
    PATH_MOVED,     /* to another port: challenge it */
    PATH_ELSEWHERE, /* to another network: challenge it */
    PATH_RESTLESS   /* too often: end it */
};

/* An authentic record with a number came from a place. */
enum path_news path_heard(struct path *, struct str from, uint64_t record,
                          struct now);

/*
 * Time has passed, or path_heard asks for a challenge.
 *   token    any number, to be sent when PATH_ASK is returned
 *   timeout  until the next try, microseconds
 */
enum path_step { PATH_WAIT, PATH_ASK, PATH_BACK };

enum path_step path_tick(struct path *, uint64_t token, uint32_t timeout,
                         struct now);

/* An answer came; true when it proves the place. */
bool path_answered(struct path *, struct str from, uint64_t token);

#endif
