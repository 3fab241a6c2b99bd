/* SPDX-License-Identifier: MIT
 *
 * Commands that keep people out or silent, of a room or of the whole server:
 * by name, key, address or network; see control.h.  control_bans.c shows it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/address.h"
#include "server/control_impl.h"
#include "server/store.h"
#include "shared/mem.h"
#include "shared/text.h"

static const char OPERATOR[] = "operator"; /* who does it, for the room */

/* Whom, by what, and where. */
struct ban {
    unsigned kind; /* value set sanction */
    struct sanction_who who;
    struct account *about; /* NULL: a key, an address */
    struct room *room;     /* NULL: the whole server */
    struct sanctions *list;
    struct str shown; /* whom, as a word */

    struct network {
        uint8_t gate[8];
        size_t len; /* 0: none is meant */
        unsigned bits;
        char text[ADDRESS_TEXT];
    } network;

    size_t rest;    /* the first argument behind that */
    uint64_t until; /* ms since 1970; 0: for good */
    uint64_t seconds;
};

static struct world *world_of(const struct control_call *call)
{
    return hub_world(call->service->hub);
}

/* ---- whom and where ---- */

static int find_key(struct control_call *call, const char *command,
                    struct ban *b)
{
    struct fingerprint key;

    if (!fingerprint_parse(&key, b->shown))
        return answer_fail(call->answer, EX_USAGE,
                           "%s: %.*s: not a fingerprint; sessions lists them",
                           command, STR_ARG(text_cut(b->shown, 64)));
    b->kind = sanction_KEY;
    b->who = sanction_key(&key);
    return 0;
}

/* Everybody on this machine has it, so nobody is kept out by it. */
static bool is_loopback(const struct network *net)
{
    static const uint8_t NOTHING[8];

    if (net->len == 4)
        return net->gate[0] == 127;
    return net->bits == 64 && memcmp(net->gate, NOTHING, 8) == 0;
}

/* 0, or why nobody can be kept out by it. */
static int judge_network(struct control_call *call, const struct network *net)
{
    const char *why = NULL;

    if (net->bits == 0)
        why = "is every address there is; name a smaller network";
    else if (is_loopback(net))
        why = "everybody on this machine has that";
    if (!why)
        return 0;
    return answer_fail(call->answer, EX_USAGE, "ban: %.*s: %s",
                       STR_ARG(call->args[0]), why);
}

/* An address with something behind it that is not how many bits count. */
static bool is_half_network(struct str word)
{
    const char *slash = memchr(word.ptr, '/', word.len);
    struct network net;

    return slash &&
           address_network(str_bytes(word.ptr, (size_t)(slash - word.ptr)),
                           net.gate, &net.bits) > 0;
}

static int find_person(struct control_call *call, const char *command,
                       struct ban *b)
{
    int code;

    if (is_half_network(b->shown))
        return answer_fail(call->answer, EX_USAGE,
                           "%s: %.*s: is no network; behind / stands how many "
                           "bits count, up to 32, of IPv6 up to 128",
                           command, STR_ARG(text_cut(b->shown, 64)));
    b->shown = control_nick(b->shown);
    code = control_account(call, command, b->shown, &b->about);
    if (code)
        return code;
    b->kind = sanction_ACCOUNT;
    b->who = sanction_account(b->about->id);
    b->shown = account_nick(b->about);
    return 0;
}

static int find_whom(struct control_call *call, const char *command,
                     struct ban *b)
{
    struct network *net = &b->network;
    struct str gate;

    b->shown = call->args[0];
    if (str_starts(b->shown, str_of("SHA256:")))
        return find_key(call, command, b);
    net->len = address_network(b->shown, net->gate, &net->bits);
    if (net->len == 0)
        return find_person(call, command, b);
    gate = str_bytes(net->gate, net->len);
    address_network_text(gate, net->bits, net->text);
    b->shown = str_of(net->text);
    b->kind = sanction_ADDRESS;
    b->who = sanction_network(gate, net->bits);
    return 0;
}

/* The argument behind whom, when it is a room; else it is everywhere. */
static int find_where(struct control_call *call, const char *command, size_t at,
                      struct ban *b)
{
    int code;

    b->rest = at;
    b->list = &world_of(call)->sanctions;
    if (call->n <= at || !str_starts(call->args[at], str_of("#")))
        return 0;
    code = control_room(call, command, call->args[at], &b->room);
    if (code)
        return code;
    b->list = &b->room->rules.sanctions;
    b->rest = at + 1;
    return 0;
}

static bool is_meant(const struct ban *b, const struct account *account)
{
    const struct credentials *keys = &account->credentials;

    if (b->about)
        return account == b->about;
    for (size_t i = 0; b->kind == sanction_KEY && i < keys->n; i++) {
        if (strcmp(sanction_key(&keys->keys[i].key).who, b->who.who) == 0)
            return true;
    }
    for (size_t i = 0; b->kind == sanction_ADDRESS && i < account->n_sessions;
         i++) {
        const struct session *s = account->sessions[i];

        if (sanction_covers(b->who.who, str_bytes(s->gate, s->gate_len)))
            return true;
    }
    return false;
}

static bool is_meant_session(const struct ban *b, const struct session *s)
{
    if (b->about)
        return session_is_of(s, b->about->id);
    if (b->kind == sanction_KEY)
        return s->has_key && strcmp(sanction_key(&s->key).who, b->who.who) == 0;
    return sanction_covers(b->who.who, str_bytes(s->gate, s->gate_len));
}

/* A room behind the time would be a reason, and everywhere what is meant. */
static int judge_order(struct control_call *call, const char *command,
                       const struct ban *b)
{
    struct str word = call->n > b->rest ? call->args[b->rest] : str_of(NULL);

    if (b->room || !str_starts(word, str_of("#")) ||
        !world_room_named(world_of(call), word))
        return 0;
    return answer_fail(call->answer, EX_USAGE,
                       "%s: %.*s: a room stands before the time", command,
                       STR_ARG(text_cut(word, 64)));
}

/* How long, when the next argument says so; else it is for good. */
static int find_time(struct control_call *call, const char *command,
                     struct ban *b)
{
    struct str word = { 0 };

    if (call->n > b->rest)
        word = call->args[b->rest];
    switch (control_time(word, &b->seconds)) {
    case TIME_NONE: return 0;
    case TIME_GIVEN: break;
    case TIME_TOO_LONG:
        return answer_fail(call->answer, EX_USAGE,
                           "%s: %.*s: longer than %d days; without a time it "
                           "is for good",
                           command, STR_ARG(text_cut(word, 64)), TIME_MAX_DAYS);
    }
    b->rest++;
    if (b->seconds)
        b->until = call->now.wall_ms + b->seconds * 1000;
    return judge_order(call, command, b);
}

/* ---- doing it ---- */

/* An event of the room, or NULL: of the server there is none to tell. */
static struct event *event_of(const struct control_call *call,
                              const struct ban *b, unsigned kind,
                              const char *text, uint64_t about)
{
    struct msg_event draft = { .kind = kind,
                               .nick = str_of(OPERATOR),
                               .text = str_of(text),
                               .ref = about };

    return b->room ? room_event(b->room, &draft, call->now) : NULL;
}

/* What has been done. */
static void show(struct control_call *call, const struct ban *b, char *note)
{
    const struct sanction made = { .kind = b->kind,
                                   .until = b->until,
                                   .note = note };

    control_show_sanction(call, b->room, &made);
}

/* Of the server at once; of a room when it is stored, as orders there. */
static void put_sanction(struct control_call *call, const struct ban *b,
                         const char *why)
{
    bool mute = b->kind == sanction_MUTE;
    struct store_op op = { .effect = EFFECT_SANCTION, .kind = b->kind };
    size_t cap = FINGERPRINT_TEXT + NAME_MAX_BYTES + strlen(why) + 64;
    char *text = mem_new(cap, 1), *note = mem_new(cap, 1);

    snprintf(note, cap, "%.*s %s %s", STR_ARG(b->shown), OPERATOR, why);
    snprintf(
        text, cap, "%.*s %" PRIu64 "%s%s",
        STR_ARG(b->kind == sanction_ADDRESS ? str_of("address") : b->shown),
        b->seconds, *why ? " " : "", why);
    op.ts = b->until;
    op.about = b->about ? b->about->id : 0;
    op.room = b->room ? b->room->id : 0;
    op.text = mem_str(str_of(b->who.who));
    op.note = note;
    op.event = event_of(call, b, mute ? event_MUTE : event_BAN, text, op.about);
    if (!b->room)
        sanction_set(b->list, b->kind, str_of(op.text), op.ts, str_of(note));
    show(call, b, note);
    world_put(world_of(call), &op);
    free(text);
}

/* Whoever is meant leaves the room; by a key or an address each is told of. */
static void put_kicks(const struct control_call *call, const struct ban *b,
                      const char *why)
{
    for (size_t i = 0; i < b->room->n_members; i++) {
        struct member *m = b->room->members[i];
        struct store_op op = { .effect = EFFECT_KICK, .room = b->room->id };
        char text[NAME_MAX_BYTES + 4096 + 2];

        if (!m->will || !is_meant(b, m->account))
            continue;
        m->will = false;
        if (b->about)
            return; /* the sanction itself says it */
        snprintf(text, sizeof text, "%.*s%s%s",
                 STR_ARG(account_nick(m->account)), *why ? " " : "", why);
        op.about = m->account->id;
        op.event = event_of(call, b, event_KICK, text, op.about);
        world_put(world_of(call), &op);
    }
}

static size_t count_members(const struct ban *b)
{
    size_t n = 0;

    for (size_t i = 0; b->room && i < b->room->n_members; i++)
        n += is_meant(b, b->room->members[i]->account);
    return n;
}

static void see_off(const struct control_call *call, const struct ban *b,
                    const char *why)
{
    struct world *w = world_of(call);
    struct session *s;
    size_t at = 0;

    if (b->room) {
        put_kicks(call, b, why);
        return;
    }
    while ((s = map_each(&w->sessions, &at))) {
        if (is_meant_session(b, s))
            control_end_session(call, s, ERROR_BANNED, str_of(why));
    }
}

static void log_it(const struct control_call *call, enum log_event event,
                   const char *command, const struct ban *b)
{
    const struct log_field fields[] = {
        log_num("account", b->about ? b->about->id : 0),
        log_str("whom", b->shown),
        log_str("room", str_of(b->room ? b->room->name : NULL)),
        log_str("what", str_of(command)),
        log_num("uid", call->asker->uid),
        log_num("seconds", b->seconds),
    };

    log_line(&world_of(call)->env.log, event, fields,
             event == LOG_ACCOUNT_LIFT ? 5 : 6);
}

/* All that the arguments say but why; 0, or what is wrong with them. */
static int understand(struct control_call *call, const char *command, bool mute,
                      struct ban *b)
{
    int code = find_whom(call, command, b);

    if (!code && mute && !b->about)
        code = answer_fail(call->answer, EX_USAGE,
                           "%s: only who has a name can be silent", command);
    if (!code && b->network.len)
        code = judge_network(call, &b->network);
    if (!code)
        code = find_where(call, command, 1, b);
    if (!code)
        code = find_time(call, command, b);
    if (!code && b->room &&
        sanctions_in_force(b->list, call->now) >=
            limit(&world_of(call)->env, LIMIT_SANCTIONS))
        code = answer_fail(call->answer, EX_UNAVAILABLE,
                           "%s: there are too many in that room", command);
    b->kind = mute ? sanction_MUTE : b->kind;
    return code;
}

static int impose(struct control_call *call, const char *command, bool mute)
{
    struct ban b = { 0 };
    char *why;
    int code = understand(call, command, mute, &b);

    if (!code)
        code = control_may_put(call, command, 2 + count_members(&b));
    if (code)
        return code;
    why = control_join(call, b.rest, LIMIT_REASON_BYTES);
    put_sanction(call, &b, why);
    log_it(call, LOG_ACCOUNT_SANCTION, command, &b);
    if (!mute)
        see_off(call, &b, why);
    free(why);
    return 0;
}

int control_ban(struct control_call *call)
{
    return impose(call, "ban", false);
}

int control_mute(struct control_call *call)
{
    return impose(call, "mute", true);
}

/* ---- taking it back ---- */

static bool is_lifted(const struct ban *b, bool mute,
                      const struct sanction *one)
{
    bool is_mute = one->kind == sanction_MUTE;

    return is_mute == mute && (strcmp(one->who.who, b->who.who) == 0 ||
                               sanction_is_of(one, b->shown));
}

/* Each that is theirs; the first tells the room. Returns how many it was. */
static size_t put_lifts(const struct control_call *call, const struct ban *b,
                        bool mute)
{
    char text[NAME_MAX_BYTES];
    size_t n = 0;

    snprintf(text, sizeof text, "%.*s",
             STR_ARG(b->kind == sanction_ADDRESS
                         ? str_of("address")
                         : text_cut(b->shown, sizeof text - 1)));
    for (size_t i = b->list->n; i-- > 0;) {
        const struct sanction *one = &b->list->all[i];
        struct store_op op = { .effect = EFFECT_LIFT, .kind = one->kind };

        if (!is_lifted(b, mute, one))
            continue;
        op.room = b->room ? b->room->id : 0;
        op.text = mem_str(str_of(one->who.who));
        if (n++ == 0)
            op.event = event_of(call, b, mute ? event_UNMUTE : event_UNBAN,
                                text, b->about ? b->about->id : 0);
        if (!b->room)
            sanction_lift(b->list, op.kind, str_of(op.text));
        world_put(world_of(call), &op);
    }
    return n;
}

static int lift(struct control_call *call, const char *command, bool mute)
{
    struct ban b = { 0 };
    int code = find_whom(call, command, &b);

    if (code == EX_NOUSER) /* who has gone can still be in a list */
        code = 0;
    if (!code)
        code = find_where(call, command, 1, &b);
    if (!code)
        code = control_may_put(call, command, b.list->n + 1);
    if (code)
        return code;
    if (put_lifts(call, &b, mute) == 0)
        return answer_fail(call->answer, EX_NOUSER, "%s: %.*s: is not %s",
                           command, STR_ARG(text_cut(b.shown, 64)),
                           mute ? "silent" : "kept out");
    *call->answer->why = '\0';
    log_it(call, LOG_ACCOUNT_LIFT, command, &b);
    return 0;
}

int control_unban(struct control_call *call)
{
    return lift(call, "unban", false);
}

int control_unmute(struct control_call *call)
{
    return lift(call, "unmute", true);
}
