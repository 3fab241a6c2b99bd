/* SPDX-License-Identifier: MIT */
#include "tui/client_impl.h"
#include "tui/trust.h"

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
