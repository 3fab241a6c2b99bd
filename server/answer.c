/* SPDX-License-Identifier: MIT
 *
 * The answer to an operator; see answer.h.
 */
#include "server/answer.h"

#include <stdarg.h>
#include <stdlib.h>

#include "shared/mem.h"

static void open_out(struct answer *answer)
{
    answer->out = open_memstream(&answer->text, &answer->len);
    if (!answer->out)
        mem_fail();
}

void answer_begin(struct answer *answer, bool json)
{
    *answer = (struct answer){ .json = json };
    open_out(answer);
}

char *answer_take(struct answer *answer, size_t *len)
{
    char *text;

    if (fclose(answer->out))
        mem_fail();
    text = answer->text;
    *len = answer->len;
    open_out(answer);
    return text;
}

void answer_end(struct answer *answer)
{
    size_t len;

    free(answer_take(answer, &len));
    fclose(answer->out);
    free(answer->text);
    *answer = (struct answer){ .out = NULL };
}

int answer_fail(struct answer *answer, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(answer->why, sizeof answer->why, format, args);
    va_end(args);
    return code;
}
