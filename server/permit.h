/* SPDX-License-Identifier: MIT
 *
 * Who may do what: permits.def, asked.
 */
#ifndef SERVER_PERMIT_H
#define SERVER_PERMIT_H

#include <stdbool.h>

#include "shared/now.h"

struct account;
struct room;

enum act {

#define PERMIT(ACT, ...) ACT_##ACT,
#include "server/permits.def"
    ACT_COUNT
};

/* As what somebody acts in a room, by rising rank. */
enum standing {
    AS_OUTSIDER,
    AS_BANNED,
    AS_MUTED,
    AS_MEMBER,
    AS_MODERATOR,
    AS_OWNER,
    AS_ADMIN,
    STANDINGS
};

extern const char *const STANDING_NAMES[STANDINGS];

enum standing permit_standing(const struct room *, const struct account *,
                              struct now);

/* Whether somebody may; a member acts as such where an admin may not. */
bool permit(const struct room *, const struct account *, enum act, struct now);

/* What the table says. */
bool permit_as(enum standing, enum act);

/* Whether somebody may do such a thing to somebody else: not to their equal. */
bool permit_over(const struct room *, const struct account *actor,
                 const struct account *target, struct now);

#endif
