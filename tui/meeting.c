/* SPDX-License-Identifier: MIT
 *
 * Meeting a server: before a word is said it has to prove a key, and the key
 * has to be the right one.
 */
#include <stdio.h>
#include <sysexits.h>

#include "shared/dgram.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/trust.h"

/* It is not the right one, or nobody knows: stay away until the person says. */
static void turn_away(struct client *c, const struct conn *conn,
                      enum verdict verdict, const char *why, struct now now)
{
    bool asks = trust_asks(c->config.trust);
    struct secure_peer peer = { 0 };

    if (conn == &c->side && c->main.phase == CONN_READY) {
        /* Not the one we talk with: that one is none the worse for it. */
        model_notice(c->model, NULL, now, "%s", why);
        if (conn->by_itself)
            race_shun(c, now);
        else
            conn_drop_side(c, trust_brief(c->config.trust), now);
        return;
    }
    link_peer_secure(conn->link, &peer);
    conn_pause(c, trust_brief(c->config.trust), now);
    if (verdict == VERDICT_ASK)
        model_ask(c->model, why, &peer.key, now);
    else if (c->config.once || !asks)
        client_die(c, EX_NOPERM, "%s", why);
    else
        model_notice(c->model, NULL, now, "%s", why);
}

/* Whether a server that has proved its key may be spoken to. */
static bool is_trusted(struct client *c, const struct conn *conn,
                       const struct secure_peer *peer, struct now now)
{
    char why[JUDGE_TEXT] = "";
    enum verdict verdict;

    if (!c->config.trust)
        return true;
    verdict = trust_judge(c->config.trust, peer, why, sizeof why);
    if (verdict == VERDICT_ASK || verdict == VERDICT_REFUSE) {
        turn_away(c, conn, verdict, why, now);
        return false;
    }
    if (*why)
        model_notice(c->model, NULL, now, "%s", why);
    return true;
}

/*
 * Whether anything has come back.  A handshake shows it, and so does a stream
 * that is connected; a datagram link in clear text is open before it has sent
 * a byte.
 */
static bool is_answered(const struct conn *conn)
{
    struct dgram_stats stats;

    return link_is_secure(conn->link) ||
           !link_dgram_stats(conn->link, &stats) || stats.received > 0;
}

void meeting_check(struct client *c, struct conn *conn, struct now now)
{
    struct secure_peer peer;

    if (conn->phase != CONN_SHAKING || !link_is_open(conn->link))
        return;
    if (c->config.pick == PICK_AUTO && !is_answered(conn)) {
        greeting_hail(c, conn, now);
        return;
    }
    if (link_peer_secure(conn->link, &peer) && !is_trusted(c, conn, &peer, now))
        return;
    conn->phase = CONN_PROVED;
    race_proved(c, conn, now);
}

void client_trust_answer(struct client *c, bool yes, struct now now)
{
    struct question *q = &c->model->question;
    char why[JUDGE_TEXT] = "";

    if (!c->config.trust || !q->pending)
        return;
    if (yes)
        trust_accept(c->config.trust, &q->key, why, sizeof why);
    else
        trust_deny(c->config.trust, why, sizeof why);
    question_close(q, yes);
    if (*why)
        model_notice(c->model, NULL, now, "%s", why);
    c->model->dirty = true;
    if (yes)
        client_reconnect(c, now);
}
