/* SPDX-License-Identifier: MIT
 *
 * Commands that say who may be here, and as what; see control.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "server/control_impl.h"
#include "server/store.h"
#include "shared/mem.h"
#include "shared/text.h"

static const uint64_t DAY_MS = 86400000;

static struct world *world_of(const struct control_call *call)
{
    return hub_world(call->service->hub);
}

/* The account that the first argument names; NULL, and a sentence: nobody. */
static struct account *find(struct control_call *call, const char *command)
{
    struct str name = call->args[0];
    struct account *account;

    if (name.len && name.ptr[0] == '@')
        name = str_from(name, 1);
    account = world_account_named(world_of(call), name);
    if (!account)
        answer_fail(call->answer, EX_NOUSER, "%s: %.*s: nobody has that name",
                    command, STR_ARG(text_cut(call->args[0], 64)));
    else if (!store_has_room(world_of(call)->store, 2))
        answer_fail(call->answer, EX_TEMPFAIL, "%s: the store is busy",
                    command);
    else
        return account;
    return NULL;
}

/* ---- bans and mutes of the whole server ---- */

/* "NICK operator WHY"; owner frees. */
static char *note_of(const struct control_call *call,
                     const struct account *account, size_t from)
{
    char *why = control_join(call, from, LIMIT_REASON_BYTES);
    size_t cap = NAME_MAX_BYTES + strlen(why) + 16;
    char *note = mem_new(cap, 1);

    snprintf(note, cap, "%.*s operator %s", STR_ARG(account_nick(account)),
             why);
    free(why);
    return note;
}

static int impose(struct control_call *call, const char *command, unsigned kind)
{
    struct account *account = find(call, command);
    struct store_op op = { .effect = EFFECT_SANCTION, .kind = kind };
    uint64_t seconds = 0;
    bool timed =
        call->n > 1 && control_number(call->args[1], UINT32_MAX, &seconds);

    if (!account)
        return call->answer->code;
    if (timed && seconds)
        op.ts = call->now.wall_ms + seconds * 1000;
    op.about = account->id;
    op.text = mem_str(str_of(sanction_account(account->id).who));
    op.note = note_of(call, account, timed ? 2 : 1);
    LOG(&world_of(call)->env.log, ACCOUNT_SANCTION,
        log_num("account", account->id), log_str("what", str_of(command)),
        log_num("seconds", seconds), log_num("uid", call->asker->uid));
    sanction_set(&world_of(call)->sanctions, kind, str_of(op.text), op.ts,
                 str_of(op.note));
    world_put(world_of(call), &op);
    if (kind != sanction_MUTE)
        control_end_sessions(call, account, str_of("banned"));
    return 0;
}

static int lift(struct control_call *call, const char *command, unsigned kind)
{
    struct account *account = find(call, command);
    struct store_op op = { .effect = EFFECT_LIFT, .kind = kind };

    if (!account)
        return call->answer->code;
    op.text = mem_str(str_of(sanction_account(account->id).who));
    LOG(&world_of(call)->env.log, ACCOUNT_LIFT, log_num("account", account->id),
        log_str("what", str_of(command)), log_num("uid", call->asker->uid));
    sanction_lift(&world_of(call)->sanctions, kind, str_of(op.text));
    world_put(world_of(call), &op);
    return 0;
}

int control_ban(struct control_call *call)
{
    return impose(call, "ban", sanction_ACCOUNT);
}

int control_unban(struct control_call *call)
{
    return lift(call, "unban", sanction_ACCOUNT);
}

int control_mute(struct control_call *call)
{
    return impose(call, "mute", sanction_MUTE);
}

int control_unmute(struct control_call *call)
{
    return lift(call, "unmute", sanction_MUTE);
}

/* ---- ranks ---- */

int control_rank(struct control_call *call)
{
    bool admin = str_is(call->args[1], "admin");
    struct account *account;
    struct store_op op = { .effect = EFFECT_RANK };

    if (!admin && !str_is(call->args[1], "user"))
        return answer_fail(call->answer, EX_USAGE,
                           "rank: %.*s: neither admin nor user",
                           STR_ARG(text_cut(call->args[1], 64)));
    account = find(call, "rank");
    if (!account)
        return call->answer->code;
    if (!account_is_bound(account))
        return answer_fail(call->answer, EX_NOPERM,
                           "rank: %.*s is a guest: the name may be somebody "
                           "else's tomorrow",
                           STR_ARG(account_nick(account)));
    account->rank = admin ? RANK_ADMIN : RANK_USER;
    op.kind = account->rank;
    op.account = account->id;
    LOG(&world_of(call)->env.log, ACCOUNT_RANK, log_num("account", account->id),
        log_str("rank", call->args[1]), log_num("uid", call->asker->uid));
    world_put(world_of(call), &op);
    return 0;
}

/* ---- invitations ---- */

static const struct column INVITE[] = { { "code", UNIT_NONE },
                                        { "uses", UNIT_NONE },
                                        { "until", UNIT_TIME } };

/* The nth argument as a number within bounds, or what holds without it. */
static bool take_arg(const struct control_call *call, size_t i, uint64_t max,
                     uint64_t def, uint64_t *out)
{
    *out = def;
    return call->n <= i || (control_number(call->args[i], max, out) && *out);
}

int control_invite(struct control_call *call)
{
    struct world *w = world_of(call);
    struct store_op op = { .effect = EFFECT_INVITE };
    uint8_t random[CODE_LEN];
    char code[CODE_TEXT], hash[SECURE_HASH_TEXT];
    uint64_t uses, days;

    if (!take_arg(call, 0, 10000, 1, &uses) ||
        !take_arg(call, 1, 3650, 7, &days))
        return answer_fail(call->answer, EX_USAGE,
                           "invite: up to 10000 uses, and up to 3650 days");
    w->config.random(w->config.random_ctx, random, sizeof random);
    code_text(random, code);
    code_hash(str_of(code), hash);
    op.ts = call->now.wall_ms + days * DAY_MS;
    op.kind = (unsigned)uses;
    if (!store_has_room(w->store, 1) ||
        !codes_invite(&w->codes, hash, op.ts, uses, call->now))
        return answer_fail(call->answer, EX_TEMPFAIL,
                           "invite: there are too many already");
    op.text = mem_str(str_of(hash));
    world_put(w, &op);
    sheet_begin(&call->sheet, call->answer, INVITE, 3);
    sheet_str(&call->sheet, str_of(code));
    sheet_num(&call->sheet, uses);
    sheet_num(&call->sheet, op.ts);
    sheet_facts(&call->sheet);
    return 0;
}
