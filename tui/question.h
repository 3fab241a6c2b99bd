/* SPDX-License-Identifier: MIT
 *
 * A question that only the person can answer: whether the key of a server is
 * the right one.  On a full screen it takes the keys until it is answered.
 */
#ifndef TUI_QUESTION_H
#define TUI_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/secure.h"

enum {
    QUESTION_US = 1000 * 1000 /* no answer so early: it was meant for the line
                                 that was being typed */
};

struct question {
    bool open;      /* to be answered, shown on a full screen */
    bool pending;   /* not settled: /trust can still say yes */
    uint64_t since; /* mono_us when it was opened */
    char *text;     /* lines; owned, NULL when neither */
    struct fingerprint key;
};

void question_open(struct question *, const char *text,
                   const struct fingerprint *key, struct now);

/* Off the screen; settled: it cannot be answered any more. */
void question_close(struct question *, bool settled);

/* Whether an answer now can be one to it. */
bool question_is_read(const struct question *, struct now);

#endif
