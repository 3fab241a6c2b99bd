/* SPDX-License-Identifier: MIT
 *
 * Where the peer is; see path.h.
 */
#include "shared/path.h"

enum { MINUTE_US = 60 * 1000000 };

struct place place_of(struct str from)
{
    struct place place = { 0 };

    place.len = (uint8_t)(from.len < PLACE_MAX ? from.len : PLACE_MAX);
    if (place.len > 0)
        memcpy(place.bytes, from.ptr, place.len);
    return place;
}

void path_init(struct path *path, struct str from)
{
    *path = (struct path){ .try_us = NEVER };
    path->place = path->proven = place_of(from);
}

struct str path_place(const struct path *path)
{
    return str_bytes(path->place.bytes, path->place.len);
}

bool place_same_network(struct str a, struct str b)
{
    if (a.len < PLACE_PORT || b.len < PLACE_PORT)
        return false;
    a.len -= PLACE_PORT;
    b.len -= PLACE_PORT;
    return str_eq(a, b);
}

static bool is_restless(struct path *path, struct now now)
{
    if (now.mono_us - path->minute_us >= MINUTE_US) {
        path->minute_us = now.mono_us;
        path->moves = 0;
    }
    return ++path->moves > PATH_MOVES_MAX;
}

enum path_news path_heard(struct path *path, struct str from, uint64_t record,
                          struct now now)
{
    struct str here = path_place(path);
    bool near = place_same_network(here, from);

    if (record <= path->newest)
        return PATH_STAYS; /* a late or replayed one moves nothing */
    path->newest = record;
    if (str_eq(here, from))
        return PATH_STAYS;
    if (is_restless(path, now))
        return PATH_RESTLESS;
    path->place = place_of(from);
    path->tries = 0;
    path->try_us = now.mono_us;
    return near ? PATH_MOVED : PATH_ELSEWHERE;
}

enum path_step path_tick(struct path *path, uint64_t token, uint32_t timeout,
                         struct now now)
{
    if (now.mono_us < path->try_us)
        return PATH_WAIT;
    if (path->tries == PATH_TRIES) {
        path->place = path->proven;
        path->try_us = NEVER;
        return PATH_BACK;
    }
    path->tries++;
    path->token = token;
    path->try_us = now.mono_us + timeout;
    return PATH_ASK;
}

bool path_answered(struct path *path, struct str from, uint64_t token)
{
    if (path->try_us == NEVER || token != path->token ||
        !str_eq(from, path_place(path)))
        return false;
    path->proven = path->place;
    path->try_us = NEVER;
    return true;
}
