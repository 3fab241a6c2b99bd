/* SPDX-License-Identifier: MIT
 *
 * How a connection becomes somebody's, and how it stops being.
 */
#ifndef SERVER_LOGIN_H
#define SERVER_LOGIN_H

#include <stdint.h>

#include "shared/error.h"
#include "shared/now.h"
#include "shared/str.h"

struct session;
struct world;

/* The connection is no longer anybody's. reason: value set reason. */
void login_leave(struct world *, struct session *, unsigned reason, struct now);

/* What a session is told when it is closed. */
struct farewell {
    enum err code;
    uint64_t retry_ms;
    unsigned cause;  /* value set reason, in BYE */
    unsigned reason; /* value set reason, what others see */
    struct str text; /* for people; empty: that of the code */
};

/* Say BYE, leave, and close once the output has drained. */
void login_close(struct world *, struct session *, const struct farewell *,
                 struct now);

/* Close without a word: the other side has said it, or is not there. */
void login_drain(struct world *, struct session *, unsigned reason, struct now);

#endif
