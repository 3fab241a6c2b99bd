/* SPDX-License-Identifier: MIT */
#include "tui/amend.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/kind.h"
#include "shared/mem.h"
#include "shared/react.h"
#include "shared/wire.h"
#include "tui/history.h"

enum { REACTS_MAX = 2048 }; /* bytes; a server allows fewer */

bool amend_is_hidden(const struct line *line)
{
    return line->kind == LINE_EVENT &&
           (line->event == event_EDIT || line->event == event_REDACT ||
            line->event == event_REACT);
}

bool amend_is_change(const struct line *line)
{
    return amend_is_hidden(line) ||
           (line->kind == LINE_EVENT && line->event == event_PIN);
}

bool amend_is_talk(const struct line *line)
{
    return line->kind == LINE_EVENT && kind_is_talk(line->event);
}

static void set(struct history *h, struct line *line, char **field,
                struct str text)
{
    h->bytes -= history_cost(line);
    free(*field);
    *field = text.len ? mem_str(text) : NULL;
    h->bytes += history_cost(line);
}

static void set_text(struct history *h, struct line *line, struct str text)
{
    char *fresh = mem_str(text);

    h->bytes -= history_cost(line);
    free(line->text);
    line->text = fresh;
    h->bytes += history_cost(line);
}

/* A change that is not in the line as it came. */
static bool is_about(const struct line *change, const struct line *line)
{
    return change->seq > line->as_of && change->ref == line->seq &&
           amend_is_change(change);
}

/* Nothing is left of what it said, nor of what it was made to say. */
static void take_back(struct history *h, struct line *line, size_t index)
{
    set(h, line, &line->reacts, str_of(NULL));
    set(h, line, &line->reacts_then, str_of(NULL));
    line->edited = line->pinned = 0;
    line->mention = false;
    for (size_t i = index + 1; i < h->n; i++)
        if (h->lines[i].event == event_EDIT && h->lines[i].seq &&
            h->lines[i].ref == line->seq)
            set_text(h, &h->lines[i], str_of(NULL));
}

/* Count anew from the line as it came: the order of signs is that of seq. */
static void count(struct history *h, struct line *line, size_t index)
{
    char old[REACTS_MAX], new[REACTS_MAX];
    struct str list = str_of(line->reacts_then);

    if (list.len >= sizeof old)
        return;
    for (size_t i = index + 1; i < h->n; i++) {
        const struct line *change = &h->lines[i];
        struct str sign = str_of(change->text);

        if (change->event != event_REACT || sign.len < 2 ||
            !is_about(change, line) || list.len + sign.len + 24 > sizeof new)
            continue;
        list.len = react_change(list, str_from(sign, 1), sign.ptr[0] == '-',
                                new, sizeof new);
        memcpy(old, new, list.len);
        list.ptr = old;
    }
    set(h, line, &line->reacts, list);
    line->serial = ++h->serial;
}

static void apply(struct history *h, size_t index, const struct line *change)
{
    struct line *line = &h->lines[index];

    switch (change->event) {
    case event_EDIT:
        if (line->by)
            break;
        line->edited = change->seq;
        set_text(h, line, str_of(change->text));
        break;
    case event_REDACT:
        if (line->by)
            break;
        set_text(h, line, str_of(change->text));
        set(h, line, &line->by, str_of(change->nick));
        break;
    case event_PIN:
        line->pinned = *change->text == '-' ? 0 : change->seq;
        break;
    default: break;
    }
    line->serial = ++h->serial;
}

/* All changes held of a line. */
static void settle_line(struct history *h, size_t index)
{
    struct line *line = &h->lines[index];

    for (size_t i = index + 1; i < h->n; i++)
        if (is_about(&h->lines[i], line))
            apply(h, index, &h->lines[i]);
    if (line->by)
        take_back(h, line, index);
    else
        count(h, line, index);
}

void amend_settle(struct history *h, size_t index)
{
    const struct line *line = &h->lines[index];
    size_t target;

    if (amend_is_change(line)) {
        h->amended = true;
        target = history_find(h, line->ref);
        if (target < index && amend_is_talk(&h->lines[target]))
            settle_line(h, target);
    } else if (h->amended && amend_is_talk(line)) {
        settle_line(h, index);
    }
}
