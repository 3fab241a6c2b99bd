/* SPDX-License-Identifier: MIT
 *
 * What an operator's command comes to: lines of output, or one that says why
 * not, and an exit code.
 */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { ANSWER_WHY = 512 };

struct answer {
    bool json;            /* output for programs: one object a line */
    int code;             /* of sysexits; 0: done */
    FILE *out;            /* in memory */
    char *text;           /* what was written there, after answer_end; owned */
    size_t len;           /* bytes of it */
    char why[ANSWER_WHY]; /* one line, or empty */
};

void answer_begin(struct answer *, bool json);

/* Nothing is written any more. */
void answer_end(struct answer *);
void answer_free(struct answer *);

/* Say why not, and return the code. */
int answer_fail(struct answer *, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
