/* SPDX-License-Identifier: MIT
 *
 * Who may do what; see permit.h.
 */
#include "server/permit.h"

#include "server/account.h"
#include "server/room.h"
#include "shared/wire.h"

static const bool PERMITS[ACT_COUNT][STANDINGS] = {
#define PERMIT(ACT, doc, ...) [ACT_##ACT] = { __VA_ARGS__ },
#include "server/permits.def"
};

static const bool DIRECTS[ACT_COUNT] = {
#define PERMIT(ACT, ...)
#define DIRECT(ACT) [ACT_##ACT] = true,
#include "server/permits.def"
};

const char *const STANDING_NAMES[STANDINGS] = {
    "outsider", "banned", "muted", "member", "moderator", "owner", "admin"
};

/* Of a member, whatever they are on the server. */
static enum standing of_member(const struct room *room, const struct member *m,
                               struct now now)
{
    switch (m->role) {
    case role_OWNER: return AS_OWNER;
    case role_MODERATOR: return AS_MODERATOR;
    default: break;
    }
    return sanction_find(&room->rules.sanctions, sanction_MUTE,
                         sanction_account(m->account->id).who, now)
               ? AS_MUTED
               : AS_MEMBER;
}

static const struct member *member_of(const struct room *room,
                                      const struct account *account)
{
    const struct member *m = room_member(room, account->id);

    return m && m->will ? m : NULL;
}

static bool is_banned(const struct room *room, const struct account *account,
                      struct now now)
{
    return sanction_find(&room->rules.sanctions, sanction_ACCOUNT,
                         sanction_account(account->id).who, now) ||
           sanctions_have_key(&room->rules.sanctions, &account->credentials,
                              now);
}

enum standing permit_standing(const struct room *room,
                              const struct account *account, struct now now)
{
    const struct member *m = member_of(room, account);

    if (account->rank == RANK_ADMIN && room->kind != room_DIRECT)
        return AS_ADMIN;
    if (m)
        return of_member(room, m, now);
    return is_banned(room, account, now) ? AS_BANNED : AS_OUTSIDER;
}

bool permit(const struct room *room, const struct account *account,
            enum act act, struct now now)
{
    const struct member *m = member_of(room, account);

    if (room->kind == room_DIRECT)
        return m && DIRECTS[act];
    return PERMITS[act][permit_standing(room, account, now)] ||
           (m && PERMITS[act][of_member(room, m, now)]);
}

bool permit_as(enum standing standing, enum act act)
{
    return PERMITS[act][standing];
}

bool permit_over(const struct room *room, const struct account *actor,
                 const struct account *target, struct now now)
{
    enum standing actors = permit_standing(room, actor, now);

    return actor == target || actors > permit_standing(room, target, now);
}
