/* SPDX-License-Identifier: MIT
 *
 * The answer to an operator; see answer.h.
 */
#include "server/answer.h"

#include <stdarg.h>
#include <stdlib.h>

#include "shared/mem.h"

void answer_begin(struct answer *answer, bool json)
{
    *answer = (struct answer){ .json = json };
    answer->out = open_memstream(&answer->text, &answer->len);
    if (!answer->out)
        mem_fail();
}

void answer_end(struct answer *answer)
{
    if (answer->out && fclose(answer->out))
        mem_fail();
    answer->out = NULL;
}

void answer_free(struct answer *answer)
{
    answer_end(answer);
    free(answer->text);
    answer->text = NULL;
}

int answer_fail(struct answer *answer, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(answer->why, sizeof answer->why, format, args);
    va_end(args);
    return code;
}
