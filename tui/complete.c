/* SPDX-License-Identifier: MIT */
#include "tui/complete.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/bounds.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "tui/command.h"
#include "tui/edit.h"
#include "tui/model.h"

enum { FOLD_BYTES = 4 * NAME_MAX_BYTES, WORD_BYTES = NAME_MAX_BYTES + 4 };

/* A member who fits, with the place of what they said last. */
struct speaker {
    uint64_t spoke;
    const char *nick;
};

static void drop_words(struct completion *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->words[i]);
    c->n = 0;
    free(c->typed);
    c->typed = NULL;
}

void complete_fini(struct completion *c)
{
    drop_words(c);
    free(c->words);
    *c = (struct completion){ 0 };
}

/* Whether a name begins with what was typed, as people see it. */
static bool begins(struct str name, struct str typed)
{
    char a[FOLD_BYTES], b[FOLD_BYTES];
    size_t len_a = text_fold(name, a, sizeof a);
    size_t len_b = text_fold(text_cut(typed, NAME_MAX_BYTES), b, sizeof b);

    return (typed.len == 0 || len_b > 0) &&
           str_starts(str_bytes(a, len_a), str_bytes(b, len_b));
}

static void add(struct completion *c, const char *before, const char *name,
                const char *after)
{
    char word[WORD_BYTES + NAME_MAX_BYTES];

    snprintf(word, sizeof word, "%s%s%s", before, name, after);
    void *words = c->words;
    mem_grow(&words, &c->cap, c->n + 1, sizeof *c->words);
    c->words = words;
    c->words[c->n++] = mem_str(str_of(word));
}

/* ---- candidates ---- */

static void add_commands(struct completion *c, struct str typed)
{
    struct str name = str_from(typed, typed.ptr[0] == '/' ? 1 : 3);

    for (size_t i = 0; i < COMMANDS_LEN; i++)
        if (begins(str_of(COMMANDS[i].name), name))
            add(c, "/", COMMANDS[i].name, " ");
    for (size_t i = 0; i < ALIASES_LEN; i++)
        if (begins(str_of(ALIASES[i].name), name))
            add(c, "/", ALIASES[i].name, " ");
}

static void add_rooms(struct completion *c, const struct model *m,
                      struct str typed)
{
    for (size_t i = 0; i < m->n_rooms; i++)
        if (begins(str_of(m->rooms[i]->name), typed))
            add(c, "", m->rooms[i]->name, " ");
}

static int later_first(const void *a, const void *b)
{
    const struct speaker *x = a, *y = b;

    if (x->spoke != y->spoke)
        return x->spoke > y->spoke ? -1 : 1;
    return strcmp(x->nick, y->nick);
}

/* People of the room; `at` is "@" when that was typed before the name. */
static void add_people(struct completion *c, const struct model *m,
                       struct str typed, const char *at, const char *after)
{
    const struct room *room = model_here(m);
    size_t n = 0;

    if (!room)
        return;
    struct speaker *found = mem_new(room->n_members + 1, sizeof *found);
    for (size_t i = 0; i < room->n_members; i++) {
        const struct member *member = &room->members[i];
        const struct person *p = model_who(m, member->account);
        if (p && p->account != m->account && begins(str_of(p->nick), typed))
            found[n++] = (struct speaker){ member->spoke, p->nick };
    }
    qsort(found, n, sizeof *found, later_first);
    for (size_t i = 0; i < n; i++)
        add(c, at, found[i].nick, after);
    free(found);
}

static bool is_slash(struct str s)
{
    return str_starts(s, str_of("/")) || str_starts(s, str_of("\xef\xbc\x8f"));
}

static void find_words(struct completion *c, const struct model *m,
                       struct str typed, bool first)
{
    if (first && is_slash(typed)) {
        add_commands(c, typed);
    } else if (typed.len > 0 && typed.ptr[0] == '#') {
        add_rooms(c, m, typed);
    } else if (typed.len > 0 && typed.ptr[0] == '@') {
        add_people(c, m, str_from(typed, 1), "@", " ");
    } else {
        add_people(c, m, typed, "", first ? ": " : " ");
    }
}

/* ---- stepping ---- */

/* Where the word before the cursor begins. */
static size_t word_start(const struct edit *edit)
{
    size_t at = edit->cursor;

    while (at > 0 && edit->text[at - 1] != ' ' && edit->text[at - 1] != '\n')
        at--;
    return at;
}

static bool begin(struct completion *c, struct edit *edit,
                  const struct model *m)
{
    drop_words(c);
    c->from = word_start(edit);
    c->to = edit->cursor;
    struct str typed = str_from(text_cut(edit_text(edit), c->to), c->from);
    c->typed = mem_str(typed);
    find_words(c, m, typed, c->from == 0);
    c->at = c->n;
    return c->n > 0;
}

bool complete_step(struct completion *c, struct edit *edit,
                   const struct model *m, bool back)
{
    bool goes_on = c->typed && c->serial == edit->serial;

    if (!goes_on && !begin(c, edit, m))
        return false;
    if (back)
        c->at = c->at == 0 ? c->n : c->at - 1;
    else
        c->at = c->at >= c->n ? 0 : c->at + 1;
    if (c->at == c->n && c->n == 1)
        c->at = 0;
    struct str word = str_of(c->at == c->n ? c->typed : c->words[c->at]);
    edit_replace(edit, c->from, c->to, word);
    c->to = c->from + word.len;
    c->serial = edit->serial;
    return true;
}
