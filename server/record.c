/* SPDX-License-Identifier: MIT
 *
 * What goes to the store; declared in world.h.  Accounts and rooms are told to
 * it with the first thing that happens to them, so who only looks in leaves no
 * trace.  When that fails they are told again with the next.
 */
#include "server/store.h"
#include "server/world.h"
#include "shared/mem.h"

static void put(struct world *w, const struct store_op *op)
{
    struct account *account = world_account(w, op->account);

    if (account) {
        account->on_way++;
        account->has_acted = true;
    }
    store_put(w->store, op);
}

/* Together with what comes next. */
static void put_first(struct world *w, struct store_op *op)
{
    op->more = true;
    put(w, op);
}

/* What it proves itself by, and what it may. */
static void record_proof(struct world *w, struct account *account)
{
    struct store_op token = { .effect = EFFECT_TOKEN, .account = account->id };
    struct store_op secret = { .effect = EFFECT_SECRET,
                               .account = account->id };
    struct store_op rank = { .effect = EFFECT_RANK,
                             .kind = account->rank,
                             .account = account->id };

    account->unproved = false;
    token.text = mem_str(str_of(account->token_hash));
    put_first(w, &token);
    secret.text = mem_str(str_of(account->secret)); /* or that there is none */
    put_first(w, &secret);
    put_first(w, &rank);
    for (size_t i = 0; i < account->credentials.n; i++)
        world_put_key(w, account, &account->credentials.keys[i]);
}

static void record_account(struct world *w, struct account *account)
{
    struct store_op name = { .effect = EFFECT_RECORD };

    if (!account || (account->recorded && !account->unproved))
        return;
    if (!account->recorded) {
        account->recorded = true;
        name.account = account->id;
        name.text = mem_str(str_of(account->nick.shown));
        put_first(w, &name);
    }
    record_proof(w, account);
}

static void record_side(struct world *w, const struct room *room,
                        const struct side *side)
{
    struct store_op op = { .effect = EFFECT_SIDE,
                           .room = room->id,
                           .account = side->account };

    op.text = mem_str(str_of(side->nick));
    put_first(w, &op);
}

static void record_room(struct world *w, struct room *room)
{
    bool is_direct = room && room->kind == room_DIRECT;
    struct store_op op = { .effect = EFFECT_FOUND };

    if (!room || room->recorded)
        return;
    room->recorded = true;
    for (int i = 0; i < 2 && is_direct; i++)
        record_account(w, world_account(w, room->sides[i].account));
    op.room = room->id;
    op.kind = room->kind;
    op.text = mem_str(str_of(is_direct ? room->folded : room->name));
    put_first(w, &op);
    for (int i = 0; i < 2 && is_direct; i++)
        record_side(w, room, &room->sides[i]);
}

bool world_bars(const struct store_op *op)
{
    return op->effect == EFFECT_SANCTION && op->kind != sanction_MUTE &&
           op->room;
}

void world_put(struct world *w, const struct store_op *op)
{
    record_account(w, world_account(w, op->account));
    if (op->about)
        record_account(w, world_account(w, op->about));
    if (op->room)
        record_room(w, world_room(w, op->room));
    if (world_bars(op) && world_room(w, op->room))
        world_room(w, op->room)->barring++;
    put(w, op);
}

static bool says_proof(enum effect effect)
{
    return effect == EFFECT_TOKEN || effect == EFFECT_KEY ||
           effect == EFFECT_RANK || effect == EFFECT_SECRET;
}

void world_unrecord(struct world *w, const struct store_op *op)
{
    struct account *account = world_account(w, op->account);
    struct room *room = op->room ? world_room(w, op->room) : NULL;

    if (op->effect == EFFECT_RECORD && account)
        account->recorded = false;
    if (account && says_proof(op->effect))
        account->unproved = true;
    if (op->effect == EFFECT_FOUND && room)
        room->recorded = false;
}
