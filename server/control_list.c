/* SPDX-License-Identifier: MIT
 *
 * Commands that list what there is; see control.h.
 */
#include "server/address.h"
#include "server/control_impl.h"
#include "server/store.h"

enum { PART = 64 }; /* rows made before others have a turn */

/* Begin, if that has not been done: the rest of the arguments is a table. */
#define BEGIN(call, columns)                                                   \
    list_begin(call, columns, sizeof(columns) / sizeof *(columns))

static void list_begin(struct control_call *call, const struct column *columns,
                       size_t n)
{
    if (call->part == 0)
        sheet_begin(&call->sheet, call->answer, columns, n);
}

/* Go on through a map by its ids. */
static int list(struct control_call *call, const struct map *map,
                void (*put)(struct control_call *, const void *))
{
    const void *value = NULL;

    if (call->part == 0)
        control_walk_begin(&call->walk, map);
    for (int i = 0; i < PART; i++) {
        value = control_walk_next(&call->walk, map);
        if (!value)
            break;
        put(call, value);
    }
    sheet_rows(&call->sheet);
    call->more = value != NULL;
    return 0;
}

/* ---- sessions ---- */

static const char *const STATE_NAMES[CENSUS_STATES] = { "handshake", "greeting",
                                                        "ready", "dormant",
                                                        "closing" };

static const char *const WAY_NAMES[CENSUS_WAYS] = { "tcp", "udp", "unix" };

static const struct column SESSIONS[] = {
    { "session", UNIT_NONE }, { "nick", UNIT_NONE },
    { "state", UNIT_NONE },   { "transport", UNIT_NONE },
    { "address", UNIT_NONE }, { "encryption", UNIT_NONE },
    { "idle", UNIT_SECONDS }, { "rtt", UNIT_MS },
    { "loss", UNIT_NONE },    { "queued", UNIT_BYTES },
    { "since", UNIT_TIME },   { "key", UNIT_NONE },
};

static void put_nick(struct sheet *sheet, const struct world *w,
                     const struct session *s)
{
    uint64_t id = s->state == SESSION_DORMANT ? s->dozer : 0;
    const struct account *account = s->account;

    if (!account && id)
        account = world_account(w, id);
    if (account)
        sheet_str(sheet, account_nick(account));
    else
        sheet_none(sheet);
}

/* Where it is now, if it has moved since it came. */
static void put_address(struct sheet *sheet, const struct session *s)
{
    char text[ADDRESS_TEXT];
    struct address address;

    if (census_way(s) != CENSUS_UDP || link_place(s->link).len == 0) {
        sheet_str(sheet, str_of(s->peer));
        return;
    }
    address = address_at(link_place(s->link));
    address_text(&address, text);
    sheet_str(sheet, str_of(text));
}

static void put_encryption(struct sheet *sheet, const struct session *s)
{
    struct secure_peer peer;

    if (link_peer_secure(s->link, &peer))
        sheet_str(sheet, str_of(peer.version));
    else
        sheet_none(sheet);
}

/* What its heartbeats say; nothing before the first. */
static void put_path(struct sheet *sheet, const struct session *s)
{
    struct link_peer peer = link_peer(s->link);
    uint64_t rtt_us = peer.peer_rtt_us ? peer.peer_rtt_us : peer.rtt_us;

    if (peer.beats)
        sheet_num(sheet, peer.idle_s);
    else
        sheet_none(sheet);
    if (rtt_us)
        sheet_num(sheet, (rtt_us + 999) / 1000);
    else
        sheet_none(sheet);
    sheet_num(sheet, peer.peer_loss > peer.loss ? peer.peer_loss : peer.loss);
}

static void put_key(struct sheet *sheet, const struct session *s)
{
    char print[FINGERPRINT_TEXT];

    if (!s->has_key) {
        sheet_none(sheet);
        return;
    }
    fingerprint_text(&s->key, print);
    sheet_str(sheet, str_of(print));
}

static void put_session(struct control_call *call, const void *value)
{
    const struct session *s = value;
    struct sheet *sheet = &call->sheet;
    uint64_t ago_ms = (call->now.mono_us - s->opened_us) / 1000;

    sheet_num(sheet, s->id);
    put_nick(sheet, hub_world(call->service->hub), s);
    sheet_str(sheet, str_of(STATE_NAMES[census_state(s)]));
    sheet_str(sheet, str_of(WAY_NAMES[census_way(s)]));
    put_address(sheet, s);
    put_encryption(sheet, s);
    put_path(sheet, s);
    sheet_num(sheet, link_queued(s->link));
    sheet_num(sheet, call->now.wall_ms - ago_ms);
    put_key(sheet, s);
}

int control_sessions(struct control_call *call)
{
    BEGIN(call, SESSIONS);
    return list(call, &hub_world(call->service->hub)->sessions, put_session);
}

/* ---- rooms ---- */

static const struct column ROOMS[] = {
    { "room", UNIT_NONE },    { "name", UNIT_NONE },  { "members", UNIT_NONE },
    { "online", UNIT_NONE },  { "last", UNIT_NONE },  { "first", UNIT_NONE },
    { "changed", UNIT_TIME }, { "topic", UNIT_NONE },
};

static uint64_t online_in(const struct room *room)
{
    uint64_t n = 0;

    for (size_t i = 0; i < room->n_members; i++)
        n += room->members[i]->in && room->members[i]->account->n_sessions;
    return n;
}

static void put_room(struct control_call *call, const struct room *room)
{
    const struct world *w = hub_world(call->service->hub);
    struct sheet *sheet = &call->sheet;

    sheet_num(sheet, room->id);
    sheet_str(sheet, str_of(room->name));
    sheet_num(sheet, room->n_in);
    sheet_num(sheet, online_in(room));
    sheet_num(sheet, room->head_stored);
    sheet_num(sheet, store_first(w->store, room->id));
    if (room->ts)
        sheet_num(sheet, room->ts);
    else
        sheet_none(sheet);
    sheet_str(sheet, str_of(room->topic));
    call->after_len = strlen(room->folded);
    memcpy(call->after, room->folded, call->after_len);
}

int control_rooms(struct control_call *call)
{
    const struct world *w = hub_world(call->service->hub);
    size_t at =
        world_directory_after(w, str_bytes(call->after, call->after_len));
    size_t end = at + PART;

    BEGIN(call, ROOMS);
    for (; at < w->n_directory && at < end; at++)
        put_room(call, w->directory[at]);
    sheet_rows(&call->sheet);
    call->more = at < w->n_directory;
    return 0;
}

/* ---- accounts ---- */

static const struct column ACCOUNTS[] = {
    { "account", UNIT_NONE },  { "nick", UNIT_NONE },
    { "state", UNIT_NONE },    { "since", UNIT_TIME },
    { "sessions", UNIT_NONE }, { "devices", UNIT_NONE },
    { "rooms", UNIT_NONE },    { "away", UNIT_NONE },
    { "rank", UNIT_NONE },
};

/* The name of a value as the protocol has it, in small letters. */
static void put_value(struct sheet *sheet, const char *set, uint64_t code)
{
    const char *name = wire_value_name(set, code);
    char small[32];
    size_t n = 0;

    for (; n < sizeof small && name[n]; n++) {
        small[n] = name[n];
        if (name[n] >= 'A' && name[n] <= 'Z')
            small[n] = (char)(name[n] - 'A' + 'a');
    }
    sheet_str(sheet, str_bytes(small, n));
}

static void put_account(struct control_call *call, const void *value)
{
    const struct account *account = value;
    struct sheet *sheet = &call->sheet;

    sheet_num(sheet, account->id);
    sheet_str(sheet, account_nick(account));
    put_value(sheet, "presence", account->is.state);
    if (account->is.since)
        sheet_num(sheet, account->is.since);
    else
        sheet_none(sheet);
    sheet_num(sheet, account->n_sessions);
    sheet_num(sheet, account->n_devices);
    sheet_num(sheet, account->n_rooms);
    sheet_str(sheet, str_of(account->away ? account->away_text : NULL));
    sheet_str(sheet, str_of(control_rank_word(account)));
}

int control_accounts(struct control_call *call)
{
    BEGIN(call, ACCOUNTS);
    return list(call, &hub_world(call->service->hub)->accounts, put_account);
}
