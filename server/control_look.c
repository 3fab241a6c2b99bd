/* SPDX-License-Identifier: MIT
 *
 * Commands that look at the server as a whole; see control.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "server/control_impl.h"
#include "server/store.h"

/* ---- status ---- */

static const struct column STATUS[] = {
    { "version", UNIT_NONE },    { "listens", UNIT_NONE },
    { "began", UNIT_TIME },      { "uptime", UNIT_SECONDS },
    { "down_in", UNIT_SECONDS }, { "epoch", UNIT_NONE },
    { "sessions", UNIT_NONE },   { "handshake", UNIT_NONE },
    { "greeting", UNIT_NONE },   { "ready", UNIT_NONE },
    { "dormant", UNIT_NONE },    { "closing", UNIT_NONE },
    { "lagging", UNIT_NONE },    { "tcp", UNIT_NONE },
    { "udp", UNIT_NONE },        { "unix", UNIT_NONE },
    { "encrypted", UNIT_NONE },  { "queued", UNIT_BYTES },
    { "accounts", UNIT_NONE },   { "online", UNIT_NONE },
    { "rooms", UNIT_NONE },      { "events", UNIT_NONE },
    { "memory", UNIT_BYTES },    { "store", UNIT_NONE },
};

enum { CENSUS_PART = 4096 }; /* sessions looked at before others have a turn */

/* Count the next of them; false: that was the last. */
static bool count_some(struct control_call *call)
{
    const struct map *sessions = &hub_world(call->service->hub)->sessions;
    const struct session *s;

    if (call->part == 0)
        control_walk_begin(&call->walk, sessions);
    for (int i = 0; i < CENSUS_PART; i++) {
        s = control_walk_next(&call->walk, sessions);
        if (!s)
            return false;
        census_count(&call->census, s);
    }
    return true;
}

/* From now until then, us; 0 when it has passed. */
static uint64_t time_left(uint64_t at_us, struct now now)
{
    return at_us > now.mono_us ? at_us - now.mono_us : 0;
}

static void put_life(struct sheet *sheet, const struct control_call *call)
{
    const struct service *service = call->service;
    char epoch[24];

    sheet_str(sheet, str_of(VERSION));
    sheet_str(sheet, str_of(service->places));
    sheet_num(sheet, service->began.wall_ms);
    sheet_num(sheet, (call->now.mono_us - service->began.mono_us) / 1000000);
    if (service->stop_us == NEVER)
        sheet_none(sheet);
    else
        sheet_num(sheet, time_left(service->stop_us, call->now) / 1000000);
    snprintf(epoch, sizeof epoch, "%016" PRIx64,
             hub_world(service->hub)->epoch);
    sheet_str(sheet, str_of(epoch));
}

static void put_counts(struct sheet *sheet, const struct control_call *call)
{
    const struct world *w = hub_world(call->service->hub);
    const struct census *census = &call->census;

    sheet_num(sheet, w->sessions.n);
    for (size_t i = 0; i < CENSUS_STATES; i++)
        sheet_num(sheet, census->state[i]);
    sheet_num(sheet, w->env.metrics.lagging);
    for (size_t i = 0; i < CENSUS_WAYS; i++)
        sheet_num(sheet, census->way[i]);
    sheet_num(sheet, census->encrypted);
    sheet_num(sheet, census->queued);
    sheet_num(sheet, w->accounts.n);
    sheet_num(sheet, census->online);
    sheet_num(sheet, w->rooms.n);
    sheet_num(sheet, w->env.metrics.events);
    sheet_num(sheet, call->service->memory);
}

/* What is wrong with the store; a damaged one can look well till it is used. */
static const char *health_of(const struct world *w)
{
    if (w->trouble)
        return w->trouble;
    return store_is_damaged(w->store) ? "damaged" : "good";
}

int control_status(struct control_call *call)
{
    call->more = count_some(call);
    if (call->more)
        return 0;
    sheet_begin(&call->sheet, call->answer, STATUS,
                sizeof STATUS / sizeof *STATUS);
    put_life(&call->sheet, call);
    put_counts(&call->sheet, call);
    sheet_str(&call->sheet, str_of(health_of(hub_world(call->service->hub))));
    sheet_facts(&call->sheet);
    return 0;
}

/* ---- the key ---- */

static const struct column KEY[] = {
    { "fingerprint", UNIT_NONE },
    { "key", UNIT_NONE },
    { "certificate", UNIT_NONE },
};

/* A path, or nothing when it is in memory only. */
static void put_path(struct sheet *sheet, const char *path)
{
    if (path)
        sheet_str(sheet, str_of(path));
    else
        sheet_none(sheet);
}

int control_fingerprint(struct control_call *call)
{
    const struct keys *keys = &call->service->keys;
    char text[FINGERPRINT_TEXT];
    struct fingerprint print;
    struct sheet *sheet = &call->sheet;

    if (!keys->base)
        return answer_fail(call->answer, EX_UNAVAILABLE,
                           "the server has no key: it encrypts nothing");
    print = secure_base_fingerprint(keys->base);
    fingerprint_text(&print, text);
    sheet_begin(sheet, call->answer, KEY, sizeof KEY / sizeof *KEY);
    sheet_str(sheet, str_of(text));
    put_path(sheet, keys->keyfile.key);
    put_path(sheet, keys->keyfile.cert);
    sheet_facts(sheet);
    return 0;
}

/* ---- counters ---- */

int control_metrics(struct control_call *call)
{
    struct world *world = hub_world(call->service->hub);
    const struct metrics *metrics = &world->env.metrics;

    service_measure(call->service);
    if (call->answer->json)
        metrics_object(metrics, call->answer->out);
    else
        metrics_page(metrics, call->answer->out);
    return 0;
}
