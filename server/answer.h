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
    char *text;           /* what was written there; see answer_take */
    size_t len;           /* bytes of it */
    char why[ANSWER_WHY]; /* one line, or empty */
};

void answer_begin(struct answer *, bool json);
void answer_end(struct answer *);

/* What was written since the last call, *len bytes; owner frees. */
char *answer_take(struct answer *, size_t *len);

/* Say why not, and return the code. */
int answer_fail(struct answer *, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
