/* SPDX-License-Identifier: MIT */
#include "tui/phrase.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/react.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/amend.h"
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

/* "10m", "3d"; empty: for good. */
static void span_of(struct str seconds, char *out, size_t cap)
{
    static const unsigned EACH[] = { 60, 60, 24, 1 };
    unsigned long long n = 0;
    size_t i = 0;

    for (size_t k = 0; k < seconds.len && k < 12; k++)
        n = n * 10 + (unsigned char)(seconds.ptr[k] - '0') % 10;
    while (i < 3 && n && n % EACH[i] == 0)
        n /= EACH[i++];
    *out = '\0';
    if (n == 0)
        return;
    switch (i) {
    case 0: snprintf(out, cap, _(" for %llu s"), n); break;
    case 1: snprintf(out, cap, _(" for %llu min"), n); break;
    case 2: snprintf(out, cap, _(" for %llu h"), n); break;
    default: snprintf(out, cap, _(" for %llu d"), n); break;
    }
}

static const char *role_text(struct str role)
{
    if (str_is(role, "owner"))
        return _("an owner");
    return str_is(role, "moderator") ? _("a moderator") : _("a member");
}

/* One person keeps order with another: "WHOM [SECONDS|ROLE] [WHY]". */
static void order_text(unsigned event, const char *nick, struct str text,
                       char *out, size_t cap)
{
    struct str whom = str_word(&text);
    char span[64] = "", why[TEXT_MAX + 8] = "";

    if (event == event_BAN || event == event_MUTE)
        span_of(str_word(&text), span, sizeof span);
    if (text.len && event != event_ROLE)
        snprintf(why, sizeof why, " (%.*s)", STR_ARG(text));
    switch (event) {
    case event_KICK:
        snprintf(out, cap, _("%s threw %.*s out%s"), nick, STR_ARG(whom), why);
        break;
    case event_BAN:
        snprintf(out, cap, _("%s banned %.*s%s%s"), nick, STR_ARG(whom), span,
                 why);
        break;
    case event_UNBAN:
        snprintf(out, cap, _("%s lets %.*s in again%s"), nick, STR_ARG(whom),
                 why);
        break;
    case event_MUTE:
        snprintf(out, cap, _("%s muted %.*s%s%s"), nick, STR_ARG(whom), span,
                 why);
        break;
    case event_UNMUTE:
        snprintf(out, cap, _("%s lets %.*s talk again%s"), nick, STR_ARG(whom),
                 why);
        break;
    case event_ROLE:
        snprintf(out, cap, _("%s made %.*s %s"), nick, STR_ARG(whom),
                 role_text(text));
        break;
    default:
        snprintf(out, cap, _("%s invited %.*s"), nick, STR_ARG(whom));
        break;
    }
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
    case event_EDIT:
        snprintf(out, cap, _("%s edited: %.*s"), nick, STR_ARG(text));
        break;
    case event_REDACT:
        if (text.len)
            snprintf(out, cap, _("%s took a message back (%.*s)"), nick,
                     STR_ARG(text));
        else
            snprintf(out, cap, _("%s took a message back"), nick);
        break;
    case event_PIN:
        snprintf(out, cap,
                 str_is(text, "-") ? _("%s unpinned a message")
                                   : _("%s pinned a message"),
                 nick);
        break;
    case event_REACT:
        snprintf(out, cap, _("%s reacted: %.*s"), nick, STR_ARG(text));
        break;
    case event_MODE:
        snprintf(out, cap, _("%s changed the room: %.*s"), nick, STR_ARG(text));
        break;
    case event_KICK:
    case event_BAN:
    case event_UNBAN:
    case event_MUTE:
    case event_UNMUTE:
    case event_ROLE:
    case event_INVITE: order_text(line->event, nick, text, out, cap); break;
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

/* What stands where somebody took a message back. */
static void tombstone(struct phrase *p, const struct line *line)
{
    struct str why = text_cut(str_of(line->text), TEXT_MAX / 2);
    struct str by = text_cut(str_of(line->by), NAME_MAX_BYTES);

    if (why.len)
        snprintf(p->buffer, sizeof p->buffer, _("(taken back by %.*s: %.*s)"),
                 STR_ARG(by), STR_ARG(why));
    else
        snprintf(p->buffer, sizeof p->buffer, _("(taken back by %.*s)"),
                 STR_ARG(by));
    p->body = str_of(p->buffer);
    p->body_style = STYLE_notice;
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
    if (!amend_is_talk(line)) {
        event_text(line, p->buffer, sizeof p->buffer);
        p->body = str_of(p->buffer);
        return;
    }
    p->label = nick;
    p->label_style = nick_style;
    p->body_style = line->mention ? STYLE_mention : STYLE_text;
    if (line->by) {
        tombstone(p, line);
    } else if (line->event == event_ACTION) {
        snprintf(p->before, sizeof p->before, "%.*s ",
                 STR_ARG(text_cut(nick, NAME_MAX_BYTES)));
        p->prefix = str_of(p->before);
        p->label = str_of("*");
        p->body_style = line->mention ? STYLE_mention : STYLE_action;
    }
}

void phrase_inline(struct phrase *p, const struct line *line)
{
    bool action = line->event == event_ACTION;

    phrase_of(p, line);
    p->label = str_of("");
    if (!amend_is_talk(line)) {
        p->prefix = str_of("-- ");
        p->prefix_style = STYLE_notice;
        return;
    }
    snprintf(p->before, sizeof p->before, "%s%.*s%s", action ? "* " : "",
             STR_ARG(text_cut(str_of(line->nick), NAME_MAX_BYTES)),
             action ? " " : ": ");
    p->prefix = str_of(p->before);
}

/* Add to a row that is never longer than PHRASE_BYTES. */
static size_t add(char *out, size_t len, const char *before, struct str text)
{
    int more = snprintf(out + len, PHRASE_BYTES - len, "%s%.*s", before,
                        STR_ARG(text));

    return more > 0 && (size_t)more < PHRASE_BYTES - len ? len + (size_t)more
                                                         : len;
}

size_t phrase_behind(const struct line *line, char out[PHRASE_BYTES])
{
    struct str list = str_of(line->reacts), key;
    size_t len = 0;
    uint64_t n;

    if (line->by || !amend_is_talk(line))
        return 0;
    if (line->edited)
        len = add(out, len, " ", str_of(_("(edited)")));
    if (line->pinned)
        len = add(out, len, " ", str_of(_("(pinned)")));
    while (react_next(&list, &key, &n)) {
        char count[32];

        snprintf(count, sizeof count, " %" PRIu64, n);
        len = add(out, len, "  ", key);
        len = add(out, len, n > 1 ? count : "", str_of(""));
    }
    return len;
}

size_t phrase_quote(const struct line *line, char out[PHRASE_BYTES])
{
    enum { QUOTE_BYTES = 300 };

    struct phrase p;
    size_t len;

    if (!line)
        return add(out, 0, "> ", str_of(_("an earlier message")));
    phrase_of(&p, line);
    for (len = 0; len < p.body.len && p.body.ptr[len] != '\n';)
        len++;
    p.body.len = len;
    len = add(out, 0, "> ",
              text_cut(str_of(line->nick ? line->nick : "--"), NAME_MAX_BYTES));
    return add(out, len, ": ", text_cut(p.body, QUOTE_BYTES));
}
