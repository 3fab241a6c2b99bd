/* SPDX-License-Identifier: MIT */
#include "tui/question.h"

#include <stdlib.h>

#include "shared/mem.h"

void question_open(struct question *q, const char *text,
                   const struct fingerprint *key, struct now now)
{
    free(q->text);
    *q = (struct question){ .open = true,
                            .pending = true,
                            .since = now.mono_us,
                            .text = mem_str(str_of(text)),
                            .key = *key };
}

void question_close(struct question *q, bool settled)
{
    q->open = false;
    if (!settled)
        return;
    free(q->text);
    q->text = NULL;
    q->pending = false;
}

bool question_is_read(const struct question *q, struct now now)
{
    return q->open && now.mono_us - q->since >= QUESTION_US;
}
