/* SPDX-License-Identifier: MIT
 *
 * Commands that keep order in a room.
 */
#include <string.h>

#include "shared/now.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/lang.h"
#include "tui/manner.h"
#include "tui/model.h"

enum { MODE_BYTES = 1024 };

/* The nick of an argument, without the @ that may stand before it. */
static struct str nick_of(struct str word)
{
    return word.len && word.ptr[0] == '@' ? str_from(word, 1) : word;
}

/* Give an order for the current room; nick may be empty. */
static void give(struct chat *chat, struct order *order, struct now now)
{
    const struct room *room = talking_room(chat, now);

    if (!room)
        return;
    order->room = str_of(room->name);
    client_order(chat->client, order, now);
}

/* "10m", "2h", "3d": seconds; false: the word is no time. */
static bool time_of(struct str word, uint64_t *seconds)
{
    uint64_t each = word.len ? time_unit_s(word.ptr[word.len - 1]) : 0, n;

    if (!each || !number_of(str_bytes(word.ptr, word.len - 1), 36500, &n))
        return false;
    *seconds = n * each;
    return true;
}

void command_kick(struct chat *chat, const struct args *args, struct now now)
{
    struct order order = { .kind = KIND_KICK, .nick = nick_of(args->v[0]) };

    if (args->n > 1)
        order.text = args->v[1];
    give(chat, &order, now);
}

/* NICK [TIME] [TEXT], the last one with all that follows. */
static void sanction(struct chat *chat, const struct args *args, unsigned kind,
                     struct now now)
{
    struct order order = { .kind = KIND_SANCTION,
                           .nick = nick_of(args->v[0]),
                           .set = kind };
    struct str rest = args->n > 1 ? args->v[1] : str_of(NULL), first;
    uint64_t n;

    order.text = rest;
    first = str_word(&rest);
    if (first.len && number_of(first, UINT32_MAX, &n)) {
        model_notice(
            chat->model, NULL, now,
            _("%.*s of what? 30s, 10m, 2h or 3d; without it, for good"),
            STR_ARG(first));
        return;
    }
    if (time_of(first, &order.num))
        order.text = rest;
    give(chat, &order, now);
}

void command_mute(struct chat *chat, const struct args *args, struct now now)
{
    sanction(chat, args, sanction_MUTE, now);
}

void command_ban(struct chat *chat, const struct args *args, struct now now)
{
    const struct room *room = talking_room(chat, now);

    if (!room)
        return;
    if (args->n)
        sanction(chat, args, sanction_ACCOUNT, now);
    else if (can_ask(chat, now))
        client_sanctions(chat->client, str_of(room->name), now);
}

void command_bankey(struct chat *chat, const struct args *args, struct now now)
{
    sanction(chat, args, sanction_KEY, now);
}

void command_banaddress(struct chat *chat, const struct args *args,
                        struct now now)
{
    sanction(chat, args, sanction_ADDRESS, now);
}

static void lift(struct chat *chat, const struct args *args, bool mute,
                 struct now now)
{
    struct order order = { .kind = KIND_LIFT,
                           .nick = nick_of(args->v[0]),
                           .set = mute };

    if (args->n > 1)
        order.text = args->v[1];
    give(chat, &order, now);
}

void command_unban(struct chat *chat, const struct args *args, struct now now)
{
    lift(chat, args, false, now);
}

void command_unmute(struct chat *chat, const struct args *args, struct now now)
{
    lift(chat, args, true, now);
}

void command_invite(struct chat *chat, const struct args *args, struct now now)
{
    struct order order = { .kind = KIND_INVITE, .nick = nick_of(args->v[0]) };

    give(chat, &order, now);
}

void command_role(struct chat *chat, const struct args *args, struct now now)
{
    size_t role = choice_of(args->v[1], "member|moderator|owner");
    struct order order = { .kind = KIND_ROLE,
                           .nick = nick_of(args->v[0]),
                           .set = (unsigned)role + role_MEMBER };

    if (role == SIZE_MAX)
        model_notice(chat->model, NULL, now,
                     _("a role is member, moderator or owner"));
    else
        give(chat, &order, now);
}

/* ---- how the room is ---- */

/* A number that may be off. */
static bool number_or_off(struct str word, uint64_t max, uint64_t *num)
{
    *num = 0;
    return str_is(word, "off") || number_of(word, max, num);
}

/* What the words mean; false: nothing. */
static bool mode_of(const struct args *args, struct order *order)
{
    size_t access = choice_of(args->v[0], "open|invite|secret");
    size_t what = choice_of(args->v[0], "topic|slow|most|key");
    struct str value = args->n > 1 ? args->v[1] : str_of(NULL);
    size_t who = choice_of(value, "members|moderators");

    if (access != SIZE_MAX && args->n == 1) {
        order->set = mode_ACCESS;
        order->num = access + access_OPEN;
        return true;
    }
    if (what == SIZE_MAX || args->n < 2)
        return false;
    order->set = (unsigned)mode_LOCKED << what;
    order->num = who;
    if (what == 0)
        return who != SIZE_MAX;
    if (what == 3)
        order->text = str_is(value, "off") ? str_of(NULL) : value;
    return what == 3 || number_or_off(value, 86400, &order->num);
}

static void tell_mode(struct chat *chat, struct now now)
{
    const struct room *room = talking_room(chat, now);
    char text[MODE_BYTES];

    if (!room)
        return;
    manner_long(room, now, text, sizeof text);
    model_notice(chat->model, NULL, now, "%s: %s", room->name, text);
}

void command_room(struct chat *chat, const struct args *args, struct now now)
{
    struct order order = { .kind = KIND_ROOM_MODE };

    if (args->n == 0) {
        tell_mode(chat, now);
        return;
    }
    if (mode_of(args, &order)) {
        give(chat, &order, now);
        return;
    }
    model_notice(chat->model, NULL, now,
                 _("/room open, invite or secret; topic members|moderators; "
                   "slow SECONDS|off; most N|off; key WORD|off"));
}
