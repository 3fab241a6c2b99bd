/* SPDX-License-Identifier: MIT
 *
 * The inside of the door: hub.c (life, deadlines, the turn), hub_door.c (who
 * comes and who goes) and hub_in.c (what they say).  Nobody else includes this.
 */
#ifndef SERVER_HUB_IMPL_H
#define SERVER_HUB_IMPL_H

#include "server/admit.h"
#include "server/doze.h"
#include "server/hub.h"
#include "server/login.h"
#include "server/session.h"

struct hub {
    struct world *w;
    struct admit *admit;
    struct list strangers; /* greeting over UDP, longest first */
    struct list dozers;    /* DORMANT, longest first */
    struct map beds;       /* the same by device id */
    size_t dirty_at;       /* how far hub_dirty has come */
    uint64_t reap_at_us, idle_since_us;
    bool more; /* the last turn left something to do at once */
    bool closing;
};

/* ---- hub.c ---- */

/* Set the next deadline of a session anew. */
void hub_arm(struct session *, struct now);

/* Its queue may be shorter now: what waited for that goes on. */
void hub_drained(struct session *, struct now);

/* ---- hub_door.c ---- */

/* It is over with it: the edge closes and buries it. */
void hub_die(struct hub *, struct session *, unsigned reason, struct now);

/* It is DORMANT now. */
void hub_lie_down(struct hub *, struct session *);

/* It will not be any more. */
void hub_get_up(struct hub *, struct session *);

/* Its client has come back as another session, which is READY. */
void hub_supersede(struct hub *, const struct session *, struct now);

/* Its handshake is over, well or not. */
void hub_shaken(struct hub *, struct session *);

/* ---- hub_in.c ---- */

/* After anything was done for a session. */
void hub_look_after(struct hub *, struct session *, struct now);

/* The link is of no more use: err says why. */
void hub_broken(struct hub *, struct session *, int err, struct now);

#endif
