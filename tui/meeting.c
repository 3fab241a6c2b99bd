/* SPDX-License-Identifier: MIT
 *
 * Meeting a server: before a word is said it has to prove a key, and the key
 * has to be the right one.
 */
#include <stdio.h>
#include <sysexits.h>

#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/trust.h"

/* It is not the right one, or nobody knows: stay away until the person says. */
static void turn_away(struct client *c, enum verdict verdict,
                      const struct secure_peer *peer, const char *why,
                      struct now now)
{
    bool asks = trust_asks(c->config.trust);

    conn_pause(c, trust_brief(c->config.trust), now);
    if (verdict == VERDICT_ASK)
        model_ask(c->model, why, &peer->key, now);
    else if (c->config.once || !asks)
        client_die(c, EX_NOPERM, "%s", why);
    else
        model_notice(c->model, NULL, now, "%s", why);
}

/* Whether a server that has proved its key may be spoken to. */
static bool is_trusted(struct client *c, const struct secure_peer *peer,
                       struct now now)
{
    char why[JUDGE_TEXT] = "";
    enum verdict verdict;

    if (!c->config.trust)
        return true;
    verdict = trust_judge(c->config.trust, peer, why, sizeof why);
    if (verdict == VERDICT_ASK || verdict == VERDICT_REFUSE) {
        turn_away(c, verdict, peer, why, now);
        return false;
    }
    if (*why)
        model_notice(c->model, NULL, now, "%s", why);
    return true;
}

void meeting_check(struct client *c, struct conn *conn, struct now now)
{
    struct secure_peer peer;

    if (conn->phase != CONN_SHAKING || !link_is_open(conn->link))
        return;
    if (link_peer_secure(conn->link, &peer) && !is_trusted(c, &peer, now))
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
