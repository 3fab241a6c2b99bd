/* SPDX-License-Identifier: MIT
 *
 * Commands that say who may be here as what; see control.h.
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

struct str control_nick(struct str word)
{
    return str_starts(word, str_of("@")) ? str_from(word, 1) : word;
}

int control_account(struct control_call *call, const char *command,
                    struct str nick, struct account **account)
{
    nick = control_nick(nick);
    *account = world_account_named(world_of(call), nick);
    if (*account)
        return 0;
    return answer_fail(call->answer, EX_NOUSER,
                       "%s: %.*s: nobody has that name", command,
                       STR_ARG(text_cut(nick, 64)));
}

int control_room(struct control_call *call, const char *command,
                 struct str name, struct room **room)
{
    *room = world_room_named(world_of(call), name);
    if (*room)
        return 0;
    return answer_fail(call->answer, EX_NOUSER, "%s: %.*s: no such room",
                       command, STR_ARG(text_cut(name, 64)));
}

int control_may_put(struct control_call *call, const char *command, size_t ops)
{
    const struct store *store = world_of(call)->store;

    if (!store_has_room(store, ops))
        return answer_fail(call->answer, EX_TEMPFAIL, "%s: the store is busy",
                           command);
    return 0;
}

/* ---- ranks ---- */

const char *control_rank_word(const struct account *account)
{
    if (account->rank == RANK_ADMIN)
        return "admin";
    return account_is_bound(account) ? "user" : "guest";
}

int control_rank(struct control_call *call)
{
    bool admin = str_is(call->args[1], "admin");
    struct account *account;
    struct store_op op = { .effect = EFFECT_RANK };
    int code;

    if (!admin && !str_is(call->args[1], "user"))
        return answer_fail(call->answer, EX_USAGE,
                           "rank: %.*s: neither admin nor user",
                           STR_ARG(text_cut(call->args[1], 64)));
    code = control_account(call, "rank", call->args[0], &account);
    if (!code)
        code = control_may_put(call, "rank", 2);
    if (code)
        return code;
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

/* The nth argument, or what holds without it; 0, or a sentence. */
static int take_arg(struct control_call *call, size_t i, const char *name,
                    uint64_t max, uint64_t *out)
{
    uint64_t n;

    if (call->n <= i)
        return 0;
    if (!control_number(call->args[i], max, &n) || n == 0)
        return answer_fail(call->answer, EX_USAGE,
                           "invite: %.*s: %s is a number from 1 to %" PRIu64,
                           STR_ARG(text_cut(call->args[i], 64)), name, max);
    *out = n;
    return 0;
}

/* Whether anybody could use a code: 0, or a sentence. */
static int may_invite(struct control_call *call)
{
    if (world_of(call)->policy.registration != REGISTRATION_CLOSED)
        return 0;
    return answer_fail(call->answer, EX_UNAVAILABLE,
                       "invite: registration is closed, and no code opens it; "
                       "see registration in chat-server.conf(5)");
}

int control_invite(struct control_call *call)
{
    struct world *w = world_of(call);
    struct store_op op = { .effect = EFFECT_INVITE };
    uint8_t random[CODE_LEN];
    char code[CODE_TEXT], hash[SECURE_HASH_TEXT];
    uint64_t uses = 1, days = 7;
    int fault = may_invite(call);

    if (!fault)
        fault = take_arg(call, 0, "USES", 10000, &uses);
    if (!fault)
        fault = take_arg(call, 1, "DAYS", 3650, &days);
    if (fault)
        return fault;
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
