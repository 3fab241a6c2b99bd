/* SPDX-License-Identifier: MIT
 *
 * Commands about what is kept of one person; see control.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/control_impl.h"
#include "server/event.h"
#include "shared/text.h"
#include "shared/wire.h"

static const uint64_t LOOK_US = 2000; /* how often the store is asked */

static struct world *world_of(const struct control_call *call)
{
    return hub_world(call->service->hub);
}

static int wait(struct control_call *call)
{
    call->more = true;
    call->wake_us = call->now.mono_us + LOOK_US;
    return 0;
}

void control_person_end(struct control_call *call)
{
    if (call->person)
        errand_end(world_of(call));
    call->person = 0;
}

/* A number is an account's, even of one that is no more. */
static uint64_t find_person(const struct control_call *call)
{
    struct world *w = world_of(call);
    struct str name = call->args[0];
    const struct account *account;
    char *end, digits[24];
    uint64_t id;

    snprintf(digits, sizeof digits, "%.*s", STR_ARG(text_cut(name, 20)));
    id = strtoull(digits, &end, 10);
    if (name.len && *end == '\0')
        return id <= w->last_account ? id : 0;
    account = world_account_named(w, control_nick(name));
    return account ? account->id : 0;
}

static int begin(struct control_call *call)
{
    uint64_t person = find_person(call);

    if (!person)
        return answer_fail(call->answer, EX_NOUSER,
                           "%.*s: nobody has that name or number",
                           STR_ARG(text_cut(call->args[0], 64)));
    if (!errand_begin(world_of(call), person))
        return answer_fail(call->answer, EX_UNAVAILABLE,
                           "somebody is being exported or erased already");
    call->person = person;
    return wait(call);
}

static int fail(struct control_call *call)
{
    return answer_fail(call->answer, EX_IOERR,
                       "what is stored cannot be read; see the server's log");
}

/* ---- export ---- */

/* Text as it is, as JSON has it. */
static void put_json(FILE *to, struct str text)
{
    fputc('"', to);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c < 0x20 || c == 0x7f)
            fprintf(to, "\\u%04x", c);
        else if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else
            fputc(c, to);
    }
    fputc('"', to);
}

static void put_time(FILE *to, const char *key, uint64_t at)
{
    char time[LOG_TIME];

    log_time(at, time);
    fprintf(to, ",\"%s\":\"%s\"", key, time);
}

static void export_key(FILE *to, const struct credential *key)
{
    char print[FINGERPRINT_TEXT];

    fingerprint_text(&key->key, print);
    fprintf(to, "{\"key\":\"%s\",\"label\":", print);
    put_json(to, str_of(key->label));
    put_time(to, "added", key->added);
    put_time(to, "seen", key->seen);
    fprintf(to, ",\"revoked\":%s}", key->revoked ? "true" : "false");
}

static void export_proofs(FILE *to, const struct account *account)
{
    const struct credentials *all = &account->credentials;

    fprintf(to, ",\"rank\":\"%s\",\"password\":%s,\"keys\":[",
            control_rank_word(account), account->secret ? "true" : "false");
    for (size_t i = 0; i < all->n; i++) {
        fputs(i ? "," : "", to);
        export_key(to, &all->keys[i]);
    }
    fputc(']', to);
}

/* One that is no more is a number without a name. */
static void export_person(const struct control_call *call)
{
    const struct account *account = world_account(world_of(call), call->person);
    FILE *to = call->answer->out;

    fprintf(to, "{\"account\":%" PRIu64 ",\"nick\":", call->person);
    put_json(to, account ? account_nick(account) : str_of(NULL));
    fprintf(to, ",\"devices\":%zu,\"rooms\":%zu",
            account ? account->n_devices : 0, account ? account->n_rooms : 0);
    if (account)
        export_proofs(to, account);
    fputs("}\n", to);
}

static void export_event(const struct control_call *call,
                         const struct event *event)
{
    const struct room *room = world_room(world_of(call), event->room);
    struct msg_event body = event_body(event);
    FILE *to = call->answer->out;
    char time[LOG_TIME];

    log_time(body.ts, time);
    fprintf(to, "{\"at\":\"%s\",\"room\":", time);
    put_json(to, str_of(room ? room->name : ""));
    fprintf(to, ",\"room_id\":%" PRIu64 ",\"seq\":%" PRIu64 ",\"kind\":\"%s\"",
            body.room, body.seq, wire_value_name("event", body.kind));
    if (body.ref)
        fprintf(to, ",\"ref\":%" PRIu64, body.ref);
    fputs(",\"nick\":", to);
    put_json(to, body.nick);
    fputs(",\"text\":", to);
    put_json(to, body.text);
    fputs("}\n", to);
}

int control_export(struct control_call *call)
{
    struct world *w = world_of(call);

    if (call->part == 0)
        return begin(call);
    if (call->part == 1)
        export_person(call);
    switch (errand_look(w)) {
    case ERRAND_WAITS: return wait(call);
    case ERRAND_DONE: return 0;
    case ERRAND_FAILED: return fail(call);
    case ERRAND_SLICE: break;
    }
    for (size_t i = 0; i < w->errand.answer.n; i++) {
        if (w->errand.answer.events[i]->account == call->person)
            export_event(call, w->errand.answer.events[i]);
    }
    errand_next(w);
    call->more = true;
    return 0;
}

/* ---- erase ---- */

static const struct column ERASED[] = { { "erased", UNIT_NONE } };

/* While the name is known: it goes from what orders left; false: not yet. */
static bool unnote(struct control_call *call, const struct account *account)
{
    struct world *w = world_of(call);

    if (store_fate(w->store, call->unnoted) == FATE_OPEN)
        return false;
    if (!errand_unnote(w, account_nick(account)))
        return true;
    call->unnoted = store_last_put(w->store);
    return false;
}

/* They are thrown out, and leave every room; false: not yet. */
static bool see_off(struct control_call *call)
{
    struct world *w = world_of(call);
    struct account *account = world_account(w, call->person);
    struct session *s;
    size_t at = 0;

    if (!account)
        return true;
    if (!unnote(call, account))
        return false;
    while ((s = map_each(&w->sessions, &at)))
        if (session_is_of(s, account->id))
            hub_kick(call->service->hub, s, ERROR_KICKED, str_of("erased"),
                     call->now);
    world_dismiss(w, account, call->now);
    return false;
}

/* A slice; false: it is to be tried again. */
static bool erase_slice(struct control_call *call)
{
    struct world *w = world_of(call);
    const struct store_answer *answer = &w->errand.answer;

    for (size_t i = 0; i < answer->n; i++) {
        if (!errand_is_open(&w->errand, answer->events[i]))
            continue;
        if (!errand_erase(w, answer->events[i], call->now))
            return false;
        call->erased++;
    }
    return true;
}

/* A pass over all rooms is over: the last one finds that nothing is left. */
static int end_pass(struct control_call *call)
{
    struct world *w = world_of(call);
    bool is_named = errand_unname(w, call->person);

    if (is_named || call->erased > call->erased_before) {
        call->erased_before = call->erased;
        errand_end(w);
        errand_begin(w, call->person);
        return wait(call);
    }
    sheet_begin(&call->sheet, call->answer, ERASED, 1);
    sheet_num(&call->sheet, call->erased);
    sheet_facts(&call->sheet);
    LOG(&w->env.log, ACCOUNT_ERASE, log_num("account", call->person),
        log_num("events", call->erased), log_num("uid", call->asker->uid));
    return 0;
}

int control_erase(struct control_call *call)
{
    struct world *w = world_of(call);

    if (call->part == 0)
        return begin(call);
    if (!see_off(call))
        return wait(call);
    switch (errand_look(w)) {
    case ERRAND_WAITS: return wait(call);
    case ERRAND_DONE: return end_pass(call);
    case ERRAND_FAILED: return fail(call);
    case ERRAND_SLICE: break;
    }
    if (!erase_slice(call))
        errand_again(w);
    else
        errand_next(w);
    return wait(call);
}
