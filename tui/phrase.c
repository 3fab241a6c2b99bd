/* SPDX-License-Identifier: MIT */
#include "tui/phrase.h"

#include <stdint.h>
#include <stdio.h>

#include "shared/bounds.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/history.h"
#include "tui/lang.h"

enum { TEXT_MAX = 1024 }; /* of a topic or a reason, bytes shown */

enum style phrase_nick_style(struct str nick)
{
    char fold[4 * NAME_MAX_BYTES];
    size_t len = text_fold(nick, fold, sizeof fold);
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)fold[i]) * 16777619u;
    return (enum style)(STYLE_nick0 + (hash ^ hash >> 15) % 6);
}

/* What happened, in words; for all but talk. */
static void event_text(const struct line *line, char *out, size_t cap)
{
    const char *nick = line->nick;
    struct str text = text_cut(str_of(line->text), TEXT_MAX);

    switch (line->event) {
    case event_JOIN: snprintf(out, cap, _("%s joined"), nick); break;
    case event_PART:
        if (text.len)
            snprintf(out, cap, _("%s left (%.*s)"), nick, STR_ARG(text));
        else
            snprintf(out, cap, _("%s left"), nick);
        break;
    case event_TOPIC:
        if (text.len)
            snprintf(out, cap, _("%s set the topic: %.*s"), nick,
                     STR_ARG(text));
        else
            snprintf(out, cap, _("%s cleared the topic"), nick);
        break;
    case event_NICK:
        snprintf(out, cap, _("%s is now known as %.*s"), nick, STR_ARG(text));
        break;
    default:
        snprintf(out, cap, _("%s did something this program does not know"),
                 nick);
        break;
    }
}

static void set_mark(struct phrase *p, const struct line *line)
{
    static const char MARKS[] = { [LINE_QUEUED] = '.',
                                  [LINE_SENT] = '>',
                                  [LINE_STORED] = ' ',
                                  [LINE_FAILED] = '!' };

    p->mark = MARKS[line->state];
    p->mark_style = line->state == LINE_FAILED ? STYLE_failed : STYLE_queued;
}

static bool is_talk(const struct line *line)
{
    return line->kind == LINE_EVENT &&
           (line->event == event_MESSAGE || line->event == event_ACTION ||
            line->event == event_NOTICE);
}

void phrase_of(struct phrase *p, const struct line *line)
{
    struct str nick = str_of(line->nick);
    enum style nick_style = line->own ? STYLE_own : phrase_nick_style(nick);

    set_mark(p, line);
    p->prefix = str_of("");
    p->prefix_style = nick_style;
    p->label = str_of("--");
    p->label_style = p->body_style = STYLE_notice;
    p->body = str_of(line->text);
    if (line->kind == LINE_NOTICE)
        return;
    if (!is_talk(line)) {
        event_text(line, p->buffer, sizeof p->buffer);
        p->body = str_of(p->buffer);
        return;
    }
    p->label = nick;
    p->label_style = nick_style;
    p->body_style = line->mention ? STYLE_mention : STYLE_text;
    if (line->event == event_ACTION) {
        snprintf(p->buffer, sizeof p->buffer, "%.*s ",
                 STR_ARG(text_cut(nick, NAME_MAX_BYTES)));
        p->prefix = str_of(p->buffer);
        p->label = str_of("*");
        p->body_style = line->mention ? STYLE_mention : STYLE_action;
    }
}

void phrase_inline(struct phrase *p, const struct line *line)
{
    bool action = line->event == event_ACTION;

    phrase_of(p, line);
    p->label = str_of("");
    if (!is_talk(line)) {
        p->prefix = str_of("-- ");
        p->prefix_style = STYLE_notice;
        return;
    }
    snprintf(p->buffer, sizeof p->buffer, "%s%.*s%s", action ? "* " : "",
             STR_ARG(text_cut(str_of(line->nick), NAME_MAX_BYTES)),
             action ? " " : ": ");
    p->prefix = str_of(p->buffer);
}
