/* SPDX-License-Identifier: MIT */
#include "tui/command.h"

#include <string.h>

#include "shared/text.h"
#include "shared/wire.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/lang.h"
#include "tui/manner.h"
#include "tui/model.h"

enum { PREFIX = false, WHOLE = true };

enum { NAME_BYTES = 32, USAGE_COLS = 24, MUTE_BYTES = 128 };

const struct command_row COMMANDS[] = {
#define COMMAND(name, usage, min, max, match, function, text)                  \
    { #name, usage, min, max, match, function, text },
#include "tui/commands.def"
};

const size_t COMMANDS_LEN = sizeof COMMANDS / sizeof COMMANDS[0];

const struct alias_row ALIASES[] = {
#define ALIAS(name, of) { #name, #of },
#include "tui/commands.def"
};

const size_t ALIASES_LEN = sizeof ALIASES / sizeof ALIASES[0];

/* ---- words ---- */

void narrow(struct str text, char *out, size_t cap)
{
    enum { FULL_FIRST = 0xff01, FULL_LAST = 0xff5e, TO_ASCII = 0xfee0 };

    size_t len = 0;
    while (text.len > 0) {
        char utf8[4];
        uint32_t cp;
        text = str_from(text, text_step(text, &cp));
        if (cp >= FULL_FIRST && cp <= FULL_LAST)
            cp -= TO_ASCII;
        size_t n = text_put(cp, utf8);
        if (len + n >= cap)
            break;
        memcpy(out + len, utf8, n);
        len += n;
    }
    out[len] = '\0';
}

bool number_of(struct str text, uint64_t max, uint64_t *out)
{
    char digits[NAME_BYTES];
    uint64_t n = 0;

    narrow(text, digits, sizeof digits);
    for (const char *at = digits; *at; at++) {
        if (*at < '0' || *at > '9' || n > max)
            return false;
        n = n * 10 + (uint64_t)(*at - '0');
    }
    *out = n;
    return digits[0] && n <= max;
}

size_t choice_of(struct str text, const char *choices)
{
    char word[NAME_BYTES];
    size_t index = 0;

    narrow(text, word, sizeof word);
    for (struct str rest = str_of(choices); rest.len > 0; index++) {
        size_t end = 0;
        while (end < rest.len && rest.ptr[end] != '|')
            end++;
        if (str_is(str_bytes(rest.ptr, end), word))
            return index;
        rest = str_from(rest, end + 1);
    }
    return SIZE_MAX;
}

/* Bytes of the blank at the front: a space, or the one of an IME. */
static size_t blank_at(struct str s)
{
    static const char WIDE[] = "\xe3\x80\x80"; /* U+3000 */

    if (s.len > 0 && s.ptr[0] == ' ')
        return 1;
    return str_starts(s, str_of(WIDE)) ? sizeof WIDE - 1 : 0;
}

static struct str skip_blanks(struct str s)
{
    while (blank_at(s))
        s = str_from(s, blank_at(s));
    return s;
}

/* The word at the front; *rest gets what follows it, blanks skipped. */
static struct str first_word(struct str s, struct str *rest)
{
    size_t end = 0;

    while (end < s.len && !blank_at(str_from(s, end)) && s.ptr[end] != '\n')
        end++;
    *rest = skip_blanks(str_from(s, end));
    return str_bytes(s.ptr, end);
}

static struct str trim_end(struct str s)
{
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\n'))
        s.len--;
    return s;
}

/* Split into at most `max` arguments; false when there are more or too few. */
static bool split(struct str text, const struct command_row *row,
                  struct args *args)
{
    struct str rest = trim_end(skip_blanks(text));

    *args = (struct args){ 0 };
    while (rest.len > 0) {
        if (args->n == row->max)
            return false;
        if (args->n + 1 == row->max) {
            args->v[args->n++] = rest;
            break;
        }
        args->v[args->n++] = first_word(rest, &rest);
    }
    return args->n >= row->min;
}

/* ---- finding ---- */

static const struct command_row *row_named(const char *name)
{
    for (size_t i = 0; i < COMMANDS_LEN; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

/* The row of exactly that name or alias. */
static const struct command_row *find_exact(const char *name)
{
    for (size_t i = 0; i < ALIASES_LEN; i++)
        if (strcmp(ALIASES[i].name, name) == 0)
            return row_named(ALIASES[i].of);
    return row_named(name);
}

const struct command_row *command_find(struct str name, bool *several)
{
    char word[NAME_BYTES];
    const struct command_row *found = NULL;
    bool many = false;

    narrow(name, word, sizeof word);
    size_t len = strlen(word);
    const struct command_row *exact = find_exact(word);
    for (size_t i = 0; !exact && len && i < COMMANDS_LEN + ALIASES_LEN; i++) {
        bool alias = i >= COMMANDS_LEN;
        const char *full =
            alias ? ALIASES[i - COMMANDS_LEN].name : COMMANDS[i].name;
        if (strncmp(full, word, len) != 0)
            continue;
        const struct command_row *row = find_exact(full);
        many = many || (found && found != row);
        found = row;
    }
    if (several)
        *several = many;
    if (exact)
        return exact;
    return many ? NULL : found;
}

/* ---- running ---- */

static void tell_usage(struct chat *chat, const struct command_row *row,
                       struct now now)
{
    model_notice(chat->model, NULL, now, _("usage: /%s %s -- %s"), row->name,
                 row->args, lang_text(row->help));
}

/* A command, without its slash. */
static bool run(struct chat *chat, struct str line, struct now now)
{
    struct str rest, name = first_word(line, &rest);
    char word[NAME_BYTES];
    struct args args;
    bool several;

    if (name.len < line.len && line.ptr[name.len] == '\n')
        rest = str_from(line, name.len + 1);
    const struct command_row *row = command_find(name, &several);
    if (!row) {
        model_notice(chat->model, NULL, now,
                     several ? _("/%.*s could be several commands; see /help")
                             : _("/%.*s is no command; see /help"),
                     STR_ARG(text_cut(name, NAME_BYTES)));
        return false;
    }
    narrow(name, word, sizeof word);
    if (row->whole && !find_exact(word)) {
        model_notice(chat->model, NULL, now, _("/%s must be typed in full"),
                     row->name);
        return false;
    }
    if (!split(rest, row, &args)) {
        tell_usage(chat, row, now);
        return false;
    }
    row->run(chat, &args, now);
    return true;
}

/* Bytes of the slash at the front: '/', or U+FF0F of an IME; 0 for none. */
static size_t slash_at(struct str s)
{
    static const char WIDE[] = "\xef\xbc\x8f";

    if (s.len > 0 && s.ptr[0] == '/')
        return 1;
    return str_starts(s, str_of(WIDE)) ? sizeof WIDE - 1 : 0;
}

bool command_is(struct str line)
{
    size_t slash = slash_at(skip_blanks(line));

    return slash > 0 && !slash_at(str_from(skip_blanks(line), slash));
}

struct room *talking_room(struct chat *chat, struct now now)
{
    struct room *room = model_current(chat->model);

    if (!room)
        model_notice(chat->model, NULL, now,
                     _("you are in no room: /join #NAME enters one"));
    else if (room->leaving || (!room->joined && !room->wanted))
        model_notice(chat->model, NULL, now,
                     _("you are not in %s any more: /join %s enters it again"),
                     room->name, room->name);
    else
        return room;
    return NULL;
}

bool can_ask(struct chat *chat, struct now now)
{
    bool can = chat->model->link >= LINK_ONLINE;

    if (!can)
        model_notice(chat->model, NULL, now,
                     _("not connected: only the server knows that"));
    return can;
}

/* While offline nobody knows: then the server decides. */
struct room *speaking_room(struct chat *chat, struct now now)
{
    struct room *room = talking_room(chat, now);
    char why[MUTE_BYTES];

    if (!room || chat->model->link != LINK_ONLINE ||
        !station_is_mute(&room->station))
        return room;
    manner_mute(room, now, why, sizeof why);
    model_notice(chat->model, room, now, _("not sent: %s"), why);
    return NULL;
}

static bool say(struct chat *chat, struct str text, struct now now)
{
    struct room *room = speaking_room(chat, now);

    if (room && !client_has_room(chat->client)) {
        model_notice(chat->model, room, now,
                     _("not taken: too many lines wait to be sent"));
        return false;
    }
    return room && chat_say(chat, room, event_MESSAGE, text, now) > 0;
}

bool command_run(struct chat *chat, struct str line, struct now now)
{
    struct str text = trim_end(line);
    size_t slash = slash_at(text);

    if (str_is(text, "QUIT")) {
        chat_quit(chat, reason_QUIT, str_of(NULL), now);
        return true;
    }
    if (slash && slash_at(str_from(text, slash)))
        return say(chat, str_from(text, slash), now);
    if (slash)
        return run(chat, str_from(text, slash), now);
    if (command_is(text)) {
        model_notice(chat->model, NULL, now,
                     _("not sent: a blank stands before the slash"));
        return false;
    }
    return text.len == 0 || say(chat, line, now);
}

void command_help(FILE *out)
{
    for (size_t i = 0; i < COMMANDS_LEN; i++) {
        const struct command_row *row = &COMMANDS[i];
        int len = fprintf(out, "/%s %s", row->name, row->args);
        fprintf(out, "%*s  %s\n", len < USAGE_COLS ? USAGE_COLS - len : 0, "",
                lang_text(row->help));
    }
}
