/* SPDX-License-Identifier: MIT
 *
 * A line on the operator's console: its words lie where they should, and said
 * again they are the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/words.h"
#include "shared/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

/* All words again, as a line; owner frees. */
static char *say(const struct words *words, size_t *len)
{
    size_t cap = 1;
    char *line;

    *len = 0;
    for (size_t i = 0; i < words->n; i++)
        cap += 2 * words->word[i].len + 3;
    line = mem_new(cap, 1);
    for (size_t i = 0; i < words->n; i++) {
        size_t n = words_quote(words->word[i], line + *len, cap - *len);

        check(n > 0);
        *len += n;
        line[(*len)++] = ' ';
    }
    return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct words words, again;
    const char *why;
    char *line;
    size_t len;

    if (words_parse(&words, str_bytes(data, size), &why) == 0) {
        line = say(&words, &len);
        check(words_parse(&again, str_bytes(line, len), &why) == 0);
        check(again.n == words.n);
        for (size_t i = 0; i < words.n; i++)
            check(str_eq(again.word[i], words.word[i]));
        words_free(&again);
        free(line);
    } else {
        check(why && *why);
    }
    words_free(&words);
    return 0;
}
