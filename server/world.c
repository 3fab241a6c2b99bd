/* SPDX-License-Identifier: MIT
 *
 * What exists; see world.h.  Rooms and what both share stand here, people in
 * people.c.
 */
#include "server/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/hasher.h"
#include "server/search.h"
#include "server/store.h"
#include "shared/mem.h"
#include "shared/text.h"

struct store_config world_store_config(const struct limits *limits)
{
    return (struct store_config){
        .room_events = limits->value[LIMIT_ROOM_EVENTS],
        .recent_bytes = limits->value[LIMIT_RECENT],
        .queue = limits->value[LIMIT_STORE_QUEUE],
    };
}

static void init_maps(struct world *w, const uint64_t secret[2])
{
    struct map *maps[] = { &w->sessions, &w->accounts, &w->names, &w->tokens,
                           &w->resumes,  &w->rooms,    &w->doors };

    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        map_init(maps[i], secret);
    gate_init(&w->gate, secret);
    codes_init(&w->codes, secret);
    throttle_init(&w->throttle, secret);
}

static uint64_t random_word(const struct world_config *config)
{
    uint64_t word;

    config->random(config->random_ctx, (uint8_t *)&word, sizeof word);
    return word;
}

static struct store *store_in_memory(const struct world_config *config,
                                     const uint64_t secret[2], uint64_t epoch)
{
    struct store_config store = world_store_config(&config->limits);
    struct store_opened opened;

    store.mark = STORE_NO_MARK;
    store.epoch = epoch;
    memcpy(store.secret, secret, sizeof store.secret);
    return store_open(&store, &opened);
}

struct world *world_new(const struct world_config *config)
{
    struct world *w = mem_new(1, sizeof *w);
    uint64_t secret[2] = { random_word(config), random_word(config) };

    w->config = *config;
    w->env.limits = config->limits;
    w->env.log = config->log;
    w->env.rng.state = random_word(config);
    w->store = config->store
                   ? config->store
                   : store_in_memory(config, secret, random_word(config) | 1);
    w->search = config->search;
    w->epoch = store_epoch(w->store); /* 0 is "no epoch" on the wire */
    w->hasher = hasher_new(config->threads);
    w->tell_at_us = NEVER;
    init_maps(w, secret);
    list_init(&w->absent);
    list_init(&w->dying);
    list_init(&w->empty);
    list_init(&w->uncounted);
    return w;
}

/* Everybody leaves every room, without a word: the world ends. */
static void empty_rooms(struct world *w)
{
    struct account *account;
    size_t at = 0;

    while ((account = map_each(&w->accounts, &at))) {
        while (account->n_rooms) {
            account->rooms[0]->will = false;
            room_settle(account->rooms[0], false);
        }
    }
}

void world_free(struct world *w)
{
    struct map *maps[] = { &w->sessions, &w->accounts, &w->names, &w->tokens,
                           &w->resumes,  &w->rooms,    &w->doors };
    size_t at = 0;
    void *value;

    empty_rooms(w);
    while ((value = map_each(&w->rooms, &at)))
        room_free(value);
    at = 0;
    while ((value = map_each(&w->accounts, &at)))
        account_free(value);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        map_fini(maps[i]);
    touched_fini(&w->touched);
    errand_end(w);
    hasher_free(w->hasher);
    gate_fini(&w->gate);
    codes_fini(&w->codes);
    throttle_fini(&w->throttle);
    sanctions_free(&w->sanctions);
    retain_fini(&w->retain);
    search_free(w->search);
    store_free(w->store);
    heap_fini(&w->env.deadlines);
    free(w->env.dirty);
    free(w->directory);
    free(w->changed);
    free(w);
}

void world_configure(struct world *w, const struct limits *limits)
{
    struct store_config store = world_store_config(limits);

    w->env.limits = *limits;
    store_configure(w->store, &store);
}

/* ---- rooms ---- */

struct room *world_room(const struct world *w, uint64_t id)
{
    return map_get(&w->rooms, map_num(&id));
}

struct room *world_room_named(const struct world *w, struct str name)
{
    char folded[NAME_MAX_BYTES];
    size_t len = text_fold(name, folded, sizeof folded);

    return len ? map_get(&w->doors, str_bytes(folded, len)) : NULL;
}

size_t world_directory_after(const struct world *w, struct str folded)
{
    size_t lo = 0, hi = w->n_directory;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        struct str here = str_of(w->directory[mid]->folded);
        size_t len = here.len < folded.len ? here.len : folded.len;
        int order = len ? memcmp(here.ptr, folded.ptr, len) : 0;

        if (order < 0 || (order == 0 && here.len <= folded.len))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void list_in_directory(struct world *w, struct room *room)
{
    size_t at = world_directory_after(w, str_of(room->folded));
    void *directory = w->directory;

    mem_grow(&directory, &w->cap_directory, w->n_directory + 1,
             sizeof *w->directory);
    w->directory = directory;
    memmove(&w->directory[at + 1], &w->directory[at],
            (w->n_directory - at) * sizeof *w->directory);
    w->directory[at] = room;
    w->n_directory++;
}

static void drop_room(struct world *w, struct room *room)
{
    size_t at = world_directory_after(w, str_of(room->folded));

    if (room->kind == room_PUBLIC) {
        memmove(&w->directory[at - 1], &w->directory[at],
                (w->n_directory - at) * sizeof *w->directory);
        w->n_directory--;
    }
    if (room->recorded)
        retain_doom(w, room->id, store_first(w->store, room->id),
                    room->head_stored);
    map_take(&w->doors, str_of(room->folded));
    map_take(&w->rooms, map_num(&room->id));
    LOG(&w->env.log, ROOM_DROP, log_num("room", room->id));
    room_free(room);
    w->env.metrics.rooms = w->rooms.n;
}

/* Empty longest, and nothing is on its way to it; NULL: there is none. */
static struct room *find_spare(const struct world *w)
{
    struct list *node;

    for (node = w->empty.next; node != &w->empty; node = node->next) {
        struct room *room = (struct room *)node;

        if (room->head == room->head_stored)
            return room;
    }
    return NULL;
}

/* Make place for one more. */
static bool make_place(struct world *w)
{
    struct room *spare;

    if (w->rooms.n < limit(&w->env, LIMIT_ROOMS))
        return true;
    spare = find_spare(w);
    if (!spare)
        return false;
    drop_room(w, spare);
    return true;
}

bool world_take_room(struct world *w, struct room *room)
{
    if (map_get(&w->doors, str_of(room->folded)))
        return false;
    map_put(&w->rooms, map_num(&room->id), room);
    map_put(&w->doors, str_of(room->folded), room);
    if (room->kind == room_PUBLIC)
        list_in_directory(w, room);
    w->env.metrics.rooms = w->rooms.n;
    return true;
}

static struct room *add_room(struct world *w, unsigned kind, struct str name,
                             struct str folded)
{
    struct room *room;

    if (w->last_room >= ROOM_ID_MAX || !make_place(w))
        return NULL;
    room = room_new(++w->last_room, kind, name, folded);
    world_take_room(w, room);
    LOG(&w->env.log, ROOM_NEW, log_num("room", room->id),
        log_str("name", name));
    return room;
}

struct room *world_add_room(struct world *w, struct str name)
{
    char folded[NAME_MAX_BYTES];
    size_t len = text_fold(name, folded, sizeof folded);

    if (len == 0)
        return NULL;
    return add_room(w, room_PUBLIC, name, str_bytes(folded, len));
}

static void set_side(struct side *side, const struct account *account)
{
    side->account = account->id;
    side->nick = mem_str(str_of(account->nick.shown));
}

struct room *world_direct(struct world *w, const struct account *a,
                          const struct account *b)
{
    const struct account *low = a->id < b->id ? a : b;
    const struct account *high = a->id < b->id ? b : a;
    struct room *room;
    char key[48]; /* '@' cannot begin a public room's name */

    snprintf(key, sizeof key, "@%" PRIu64 ":%" PRIu64, low->id, high->id);
    room = map_get(&w->doors, str_of(key));
    if (room)
        return room;
    room = add_room(w, room_DIRECT, str_of(""), str_of(key));
    if (!room)
        return NULL;
    set_side(&room->sides[0], low);
    set_side(&room->sides[1], high);
    return room;
}

void world_note_empty(struct world *w, struct room *room)
{
    if (room->n_members)
        list_remove(&room->empty);
    else
        list_append(&w->empty, &room->empty);
}
