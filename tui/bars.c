/* SPDX-License-Identifier: MIT */
#include "tui/bars.h"

#include <stdio.h>

#include "shared/wire.h"
#include "tui/canvas.h"
#include "tui/edit.h"
#include "tui/lang.h"
#include "tui/layout.h"
#include "tui/manner.h"
#include "tui/model.h"
#include "tui/presence.h"
#include "tui/ui.h"
#include "tui/wrap.h"

enum { PART_BYTES = 512, ROOM_NAME_COLS = 16, TYPISTS = 2, PAD = 2 };

static int cols_of(const struct ui *ui, const char *text)
{
    return (int)width_of(str_of(text), &ui->rule);
}

/* ---- the topic row ---- */

/* Members that have not gone, as far as they are known. */
static unsigned long long people_on(const struct model *m,
                                    const struct room *room)
{
    unsigned long long on = 0;
    bool known = false;

    for (size_t i = 0; i < room->n_members; i++) {
        const struct person *p = model_who(m, room->members[i].account);
        unsigned state = p ? p->state : 0;
        known = known || state;
        on += state > presence_GONE || room->members[i].account == m->account;
    }
    return known ? on : room->member_count;
}

/* Why not UDP; "" when nobody minds. */
static const char *why_text(const struct model *m)
{
    if (m->path_why == PATH_BLOCKED)
        return _(" (no udp)");
    return m->path_why == PATH_DIED ? _(" (udp lost)") : "";
}

/* "tcp (no udp) 20ms  2% loss" */
static void path_text(const struct model *m, char *out, size_t cap)
{
    char name[64];
    bool online = m->link == LINK_ONLINE || m->link == LINK_SUSPECT;
    unsigned rtt = presence_bucket((m->rtt_us + 999) / 1000);

    snprintf(name, sizeof name, "%s%s", transport_name(m->transport),
             why_text(m));
    if (!online)
        snprintf(out, cap, "%s", "");
    else if (m->rtt_us == 0)
        snprintf(out, cap, "%s", name);
    else if (m->loss >= 10)
        snprintf(out, cap, _("%s %ums  %u%% loss"), name, rtt,
                 (unsigned)m->loss / 10);
    else
        snprintf(out, cap, "%s %ums", name, rtt);
}

/* " [invite-only, slow 10s]" behind the name. */
static int draw_manner(struct canvas *c, const struct room *room,
                       struct span at)
{
    char words[PART_BYTES / 2], text[PART_BYTES];

    manner_short(&room->manner, words, sizeof words);
    if (!*words)
        return at.col;
    snprintf(text, sizeof text, "[%s]", words);
    return canvas_text(c, span(at.row, at.col + 1, at.limit), STYLE_bar_mention,
                       str_of(text));
}

void bars_topic(const struct model *m, const struct ui *ui,
                const struct layout *l, struct canvas *c)
{
    char on[64] = "", path[PART_BYTES], right[2 * PART_BYTES];
    const struct room *room = model_here(m);
    int edge = l->left + l->width;

    canvas_fill(c, span(0, l->left, edge), STYLE_bar, ' ');
    path_text(m, path, sizeof path);
    if (room)
        snprintf(on, sizeof on, _("%llu on"), people_on(m, room));
    snprintf(right, sizeof right, "%s%s%s%s%s", on, on[0] ? "  " : "", path,
             path[0] ? "  " : "", _("F1 help"));
    int at = edge - 1 - cols_of(ui, right);
    if (at < l->left + l->width / 2)
        at = edge;
    canvas_text(c, span(0, at, edge - 1), STYLE_bar, str_of(right));
    if (!room)
        return;
    int col = canvas_text(c, span(0, l->left + 1, at - PAD), STYLE_bar_unread,
                          str_of(room->name));
    col = draw_manner(c, room, span(0, col, at - PAD));
    canvas_text(c, span(0, col + PAD, at - PAD), STYLE_bar,
                str_of(room->topic));
}

/* ---- the status row ---- */

/* "ana, bob typing"; empty when nobody is. */
static void typing_text(const struct model *m, struct now now, char *out,
                        size_t cap)
{
    const struct room *room = model_here(m);
    const char *names[TYPISTS] = { NULL };
    unsigned n = 0;

    for (size_t i = 0; room && i < room->n_members; i++) {
        const struct member *member = &room->members[i];
        const struct person *p = model_who(m, member->account);
        if (!p || member->typing_until <= now.mono_us)
            continue;
        if (n < TYPISTS)
            names[n] = p->nick;
        n++;
    }
    if (n == 0)
        snprintf(out, cap, "%s", "");
    else if (n == 1)
        snprintf(out, cap, _("%.40s typing"), names[0]);
    else if (n == TYPISTS)
        snprintf(out, cap, _("%.40s, %.40s typing"), names[0], names[1]);
    else
        snprintf(out, cap, _("%u people typing"), n);
}

/* How the connection is, and what waits for it. */
static enum style link_text(const struct model *m, struct now now, char *out,
                            size_t cap)
{
    const char *why = m->trouble ? m->trouble : _("offline");
    uint64_t left = m->retry_at > now.mono_us ? m->retry_at - now.mono_us : 0;

    switch (m->link) {
    case LINK_OFFLINE:
        if (m->retry_at && m->retry_at != NEVER)
            snprintf(out, cap, _("%.200s, again in %llu s"), why,
                     (unsigned long long)((left + 999999) / 1000000));
        else
            snprintf(out, cap, "%.200s", why);
        return STYLE_bar_trouble;
    case LINK_CONNECTING:
        snprintf(out, cap, "%s", _("connecting"));
        return STYLE_bar_trouble;
    case LINK_GREETING:
        snprintf(out, cap, "%s", _("entering"));
        return STYLE_bar;
    case LINK_SUSPECT:
        snprintf(out, cap, "%s", _("server silent"));
        return STYLE_bar_trouble;
    case LINK_ONLINE: break;
    }
    left = m->held_us > now.mono_us ? m->held_us - now.mono_us : 0;
    if (m->queued && left)
        snprintf(out, cap, _("%zu unsent, slow mode: %llu s"), m->queued,
                 (unsigned long long)((left + 999999) / 1000000));
    else if (m->queued)
        snprintf(out, cap, _("%zu unsent"), m->queued);
    else
        snprintf(out, cap, "%s", m->away ? _("away") : _("ok"));
    return STYLE_bar;
}

static enum style room_style(const struct room *room)
{
    if (room->mentions)
        return STYLE_bar_mention;
    return room->unread ? STYLE_bar_unread : STYLE_bar;
}

/* "3 #ops 12" into a span, whole or not at all. */
static int draw_room(struct canvas *c, const struct ui *ui, struct span at,
                     size_t number, const struct room *room)
{
    char text[PART_BYTES], count[32] = "";
    struct str name = width_cut(str_of(room->name), ROOM_NAME_COLS, &ui->rule);

    if (room->unread)
        snprintf(count, sizeof count, " %u%s", room->unread,
                 room->mentions ? "!" : "");
    snprintf(text, sizeof text, "%zu %.*s%s", number, STR_ARG(name), count);
    if (at.col + cols_of(ui, text) > at.limit)
        return at.col;
    return canvas_text(c, at, room_style(room), str_of(text)) + PAD;
}

/* The current room, those with something new, then the quiet ones. */
static void draw_rooms(struct canvas *c, const struct model *m,
                       const struct ui *ui, const struct layout *l, int limit)
{
    char text[PART_BYTES];
    const struct room *here = model_here(m);
    int col = 1;

    if (!here)
        return;
    struct str name = width_cut(str_of(here->name), ROOM_NAME_COLS, &ui->rule);
    snprintf(text, sizeof text, "[%zu %.*s]", m->current + 1, STR_ARG(name));
    col = canvas_text(c, span(l->status, col, limit), STYLE_bar_unread,
                      str_of(text)) +
          1;
    for (int quiet = 0; quiet < 2; quiet++) {
        for (size_t i = 0; i < m->n_rooms && col < limit; i++) {
            const struct room *room = m->rooms[i];
            if (i != m->current && (room->unread == 0) == quiet &&
                (!quiet || l->rooms == 0))
                col =
                    draw_room(c, ui, span(l->status, col, limit), i + 1, room);
        }
    }
}

/* The question that is to be answered; NULL when there is none. */
static const char *question(const struct model *m, const struct ui *ui)
{
    if (m->question.open)
        return _("Trust this key?  y: yes  n: no");
    if (ui->mode != UI_ASK)
        return NULL;
    return ui->ask == ASK_QUIT
               ? _("Leave chat?  y: yes  n: no")
               : _("Send all these lines?  y: send  n: go on editing");
}

void bars_status(const struct model *m, const struct ui *ui,
                 const struct layout *l, struct canvas *c, struct now now)
{
    char typing[PART_BYTES], state[PART_BYTES], path[PART_BYTES];
    const char *ask = question(m, ui);

    if (l->status < 0)
        return;
    canvas_fill(c, span(l->status, 0, l->cols), STYLE_bar, ' ');
    if (ask) {
        canvas_text(c, span(l->status, 1, l->cols), STYLE_bar_mention,
                    str_of(ask));
        return;
    }
    enum style style = link_text(m, now, state, sizeof state);
    int col = l->cols - 1 - cols_of(ui, state);
    if (col < 1)
        col = 1;
    canvas_text(c, span(l->status, col, l->cols - 1), style, str_of(state));
    if (!l->topic) {
        path_text(m, path, sizeof path);
        int width = cols_of(ui, path);
        if (width && col - width - PAD > l->cols / 2) {
            col -= width + PAD;
            canvas_text(c, span(l->status, col, l->cols), STYLE_bar,
                        str_of(path));
        }
    }
    typing_text(m, now, typing, sizeof typing);
    int width = cols_of(ui, typing);
    if (width && col - width - PAD > l->cols / 3) {
        col -= width + PAD;
        canvas_text(c, span(l->status, col, l->cols), STYLE_bar,
                    str_of(typing));
    }
    draw_rooms(c, m, ui, l, col - 1);
}

/* ---- the input ---- */

/* A one-line input with its own prompt: searches and the switcher. */
static void draw_query(struct canvas *c, const struct layout *l,
                       const char *prompt, struct str query)
{
    int col = canvas_text(c, span(l->input, 0, l->cols), STYLE_prompt,
                          str_of(prompt));

    col = canvas_text(c, span(l->input, col + 1, l->cols), STYLE_input, query);
    c->cursor_row = l->input;
    c->cursor_col = col < l->cols ? col : l->cols - 1;
}

/* What was typed before and holds the needle, behind the needle. */
static void draw_recall(struct canvas *c, const struct edit *edit,
                        const struct layout *l)
{
    struct str match = edit_search_match(edit);

    draw_query(c, l, _("recall:"), str_bytes(edit->query, edit->query_len));
    for (size_t i = 0; i < match.len; i++)
        if (match.ptr[i] == '\n')
            match.len = i;
    canvas_text(c, span(l->input, c->cursor_col + PAD, l->cols), STYLE_found,
                match);
}

static void draw_draft(struct canvas *c, const struct ui *ui,
                       const struct edit *edit, const struct layout *l)
{
    char line[4096];
    size_t width = (size_t)(l->cols - l->prompt);
    struct str rest = edit_text(edit);
    struct wrap_place cursor = wrap_place(rest, edit->cursor, width, &ui->rule);
    size_t first = cursor.row >= (size_t)l->input_rows
                       ? cursor.row - (size_t)l->input_rows + 1
                       : 0;
    bool more = true;

    for (size_t i = 0; more && i < first + (size_t)l->input_rows; i++) {
        struct str row = wrap_next_edit(&rest, width, &ui->rule, &more);
        if (i < first)
            continue;
        size_t len = wrap_expand(row, &ui->rule, line, sizeof line);
        canvas_text(c, span(l->input + (int)(i - first), l->prompt, l->cols),
                    STYLE_input, str_bytes(line, len));
    }
    c->cursor_row = l->input + (int)(cursor.row - first);
    c->cursor_col = l->prompt + (int)cursor.col;
    if (c->cursor_col >= l->cols)
        c->cursor_col = l->cols - 1;
}

/* How much of a password is typed, and nothing of what. */
static void draw_secret(struct canvas *c, const struct edit *edit,
                        const struct layout *l)
{
    static const char STARS[] = "********************************";
    size_t most = sizeof STARS - 1;

    draw_query(c, l, _("new password:"),
               str_bytes(STARS, edit->len < most ? edit->len : most));
}

/* "@ana> ", as what we are in the room. */
static void draw_prompt(struct canvas *c, const struct model *m,
                        const struct layout *l)
{
    const struct room *room = model_here(m);
    char mark[2] = " ";
    int col = 0;

    if (room)
        mark[0] = station_mark(&room->station);
    if (*mark != ' ')
        col = canvas_text(c, span(l->input, 0, l->prompt - 2), STYLE_prompt,
                          str_of(mark));
    col = canvas_text(c, span(l->input, col, l->prompt - 2), STYLE_prompt,
                      str_of(m->nick));
    canvas_text(c, span(l->input, col, l->prompt), STYLE_prompt, str_of("> "));
}

/* Where nothing may be said, and nothing is typed yet: that. */
static void draw_mute(struct canvas *c, const struct model *m,
                      const struct edit *edit, const struct layout *l)
{
    const struct room *room = model_here(m);

    if (room && edit->len == 0 && station_is_mute(&room->station))
        canvas_text(c, span(l->input, l->prompt, l->cols), STYLE_notice,
                    str_of(_("you may only listen here")));
}

void bars_input(const struct model *m, const struct ui *ui,
                const struct edit *edit, const struct layout *l,
                struct canvas *c)
{
    struct str needle = str_bytes(ui->query.text, ui->query.len);

    if (l->input < 0)
        return;
    if (ui->mode == UI_FIND) {
        draw_query(c, l, ui->query.failed ? _("not found:") : _("search:"),
                   needle);
    } else if (ui->mode == UI_SWITCH) {
        draw_query(c, l, _("go to:"), needle);
    } else if (edit->searching) {
        draw_recall(c, edit, l);
    } else if (edit->secret) {
        draw_secret(c, edit, l);
    } else {
        draw_prompt(c, m, l);
        draw_draft(c, ui, edit, l);
        draw_mute(c, m, edit, l);
    }
}
