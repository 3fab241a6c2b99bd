/* SPDX-License-Identifier: MIT
 *
 * The world as it was; see revive.h.  The file is not trusted: a row that does
 * not fit the others is left out, and what it left over is taken away.
 */
#include "server/revive.h"

#include <stdio.h>

#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"
#include "shared/text.h"

struct reviving {
    struct world *w;
    struct now now;
};

static void clear(struct world *w, enum effect effect, uint64_t room,
                  uint64_t account, uint64_t device)
{
    struct store_op op = {
        .effect = effect, .room = room, .account = account, .device = device
    };

    world_put(w, &op);
}

static bool is_hash_or_none(struct str text)
{
    return text.len == 0 || text.len == SECURE_HASH_TEXT - 1;
}

static void take_hash(char out[SECURE_HASH_TEXT], struct str text)
{
    snprintf(out, SECURE_HASH_TEXT, "%.*s", STR_ARG(text));
}

static void revive_account(struct reviving *r, const struct store_row *row)
{
    char folded[NAME_MAX_BYTES];
    size_t len = text_fold(row->text, folded, sizeof folded);
    struct account *account;

    if (len && is_hash_or_none(row->token)) {
        account = account_new(row->account, row->text, str_bytes(folded, len));
        take_hash(account->token_hash, row->token);
        account->secret = row->note.len ? mem_str(row->note) : NULL;
        r->w->n_bound += account->secret != NULL;
        account->rank = row->rank == RANK_ADMIN ? RANK_ADMIN : RANK_USER;
        account->is.since = account->told.since = r->now.wall_ms;
        if (world_take_account(r->w, account, r->now))
            return;
        account_free(account);
    }
    clear(r->w, EFFECT_FORGET, 0, row->account, 0);
}

static void revive_invite(struct reviving *r, const struct store_row *row)
{
    char hash[SECURE_HASH_TEXT];

    if (row->text.len != SECURE_HASH_TEXT - 1)
        return;
    take_hash(hash, row->text);
    codes_invite(&r->w->codes, hash, row->ts, row->left, r->now);
}

static void revive_key(struct reviving *r, const struct store_row *row)
{
    struct account *account = world_account(r->w, row->account);
    struct credential *one;
    struct fingerprint key;
    bool was_bound = account && account_is_bound(account);

    if (!account || !credential_parse(&key, row->text))
        return;
    one = credential_add(&account->credentials, &key, row->note);
    if (!one)
        return;
    one->added = row->added;
    one->seen = row->ts;
    if (row->revoked)
        credential_revoke(&account->credentials, one);
    r->w->n_bound += !was_bound && account_is_bound(account);
}

static void revive_resume(struct reviving *r, const struct store_row *row)
{
    struct account *account = world_account(r->w, row->account);
    struct device *device =
        account ? account_device(account, row->device) : NULL;

    if (device && is_hash_or_none(row->text) && is_hash_or_none(row->note))
        world_take_tokens(r->w, device, row->text, row->note);
}

static void revive_device(struct reviving *r, const struct store_row *row)
{
    struct account *account = world_account(r->w, row->account);
    const struct device *spare;
    uint64_t evicted = 0;

    if (!account)
        return;
    spare = account_spare_device(account);
    if (spare)
        world_forget_device(r->w, spare);
    account_add_device(account, row->device, row->cseq, &evicted);
    if (evicted)
        clear(r->w, EFFECT_RETIRE, 0, account->id, evicted);
}

/* The form under which a room is found; a direct one's is its name here. */
static size_t door_of(const struct store_row *row, char out[NAME_MAX_BYTES])
{
    if (row->room_kind == room_PUBLIC)
        return text_fold(row->text, out, NAME_MAX_BYTES);
    if (row->room_kind != room_DIRECT || row->text.len > NAME_MAX_BYTES)
        return 0;
    memcpy(out, row->text.ptr, row->text.len);
    return row->text.len;
}

static void revive_rules(struct room *room, const struct store_row *row)
{
    unsigned access = row->mode & 0xff;

    if (access >= access_OPEN && access <= access_SECRET)
        room->rules.access = access;
    room->rules.topic_locked = row->mode >> 8;
    room->rules.slow_s = row->slow;
    room->rules.most = row->most;
    room->rules.key = row->note.len ? mem_str(row->note) : NULL;
}

static void revive_room(struct reviving *r, const struct store_row *row)
{
    bool is_direct = row->room_kind == room_DIRECT;
    char folded[NAME_MAX_BYTES];
    size_t len = door_of(row, folded);
    struct room *room;

    if (len) {
        room = room_new(row->room, row->room_kind,
                        is_direct ? str_of("") : row->text,
                        str_bytes(folded, len));
        room_set_topic(room, row->topic);
        room->head = room->head_stored = row->head;
        room->ts = row->ts;
        room->recorded = true;
        revive_rules(room, row);
        if (world_take_room(r->w, room))
            return;
        room_free(room);
    }
    retain_doom(r->w, row->room, row->first, row->head);
}

static void revive_side(struct reviving *r, const struct store_row *row)
{
    struct room *room = world_room(r->w, row->room);
    struct side *side;

    if (!room || room->kind != room_DIRECT)
        return;
    side = &room->sides[room->sides[0].nick ? 1 : 0];
    if (side->nick)
        return;
    side->account = row->account;
    side->nick = mem_str(row->text);
}

static void revive_member(struct reviving *r, const struct store_row *row)
{
    struct account *account = world_account(r->w, row->account);
    struct room *room = world_room(r->w, row->room);
    struct member *m;

    if (!account || !room) {
        clear(r->w, EFFECT_LEAVE, row->room, row->account, 0);
        return;
    }
    m = room_admit(room, account);
    m->will = true;
    m->read = row->head < room->head ? row->head : room->head;
    if (row->rank >= role_MEMBER && row->rank <= role_OWNER)
        m->role = row->rank;
    room_settle(m, true);
}

static void revive_sanction(struct reviving *r, const struct store_row *row)
{
    struct room *room = row->room ? world_room(r->w, row->room) : NULL;

    if (row->room && !room)
        return;
    sanction_set(room ? &room->rules.sanctions : &r->w->sanctions, row->rank,
                 row->text, row->ts, row->note);
}

static void revive_guest(struct reviving *r, const struct store_row *row)
{
    struct room *room = world_room(r->w, row->room);

    if (room)
        room_set_guest(room, row->account, true);
}

static void on_row(void *ctx, const struct store_row *row)
{
    struct reviving *r = ctx;

    switch (row->kind) {
    case ROW_LAST:
        r->w->last_room = row->room;
        r->w->last_account = row->account;
        break;
    case ROW_ACCOUNT: revive_account(r, row); break;
    case ROW_INVITE: revive_invite(r, row); break;
    case ROW_KEY: revive_key(r, row); break;
    case ROW_RESUME: revive_resume(r, row); break;
    case ROW_DEVICE: revive_device(r, row); break;
    case ROW_REFUSAL: break; /* the store keeps them */
    case ROW_ROOM: revive_room(r, row); break;
    case ROW_DROPPED:
        retain_doom(r->w, row->room, row->first, row->head);
        break;
    case ROW_SIDE: revive_side(r, row); break;
    case ROW_MEMBER: revive_member(r, row); break;
    case ROW_SANCTION: revive_sanction(r, row); break;
    case ROW_GUEST: revive_guest(r, row); break;
    }
}

/* Rooms that are empty, and direct ones whose people cannot be told. */
static void look_over(struct world *w)
{
    struct room *room;
    size_t at = 0;

    while ((room = map_each(&w->rooms, &at))) {
        for (int i = 0; i < 2 && room->kind == room_DIRECT; i++)
            if (!room->sides[i].nick)
                room->sides[i].nick = mem_str(str_of("?"));
        world_note_empty(w, room);
    }
}

bool revive_world(struct world *w, struct now now)
{
    struct reviving r = { w, now };

    if (!store_recall(w->store, on_row, &r))
        return false;
    look_over(w);
    return true;
}
