/* SPDX-License-Identifier: MIT
 *
 * EDGE: ncurses, used for what it is best at, the fewest bytes from one
 * picture to the next.  It writes into the sink, reads nothing, and knows no
 * signal and no size but what it is told here.
 */
#include "tui/screen.h"

#include <assert.h>
#include <langinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* ncurses has a struct screen of its own. */
#define NCURSES_NOMACROS
#define screen curses_screen
#include <curses.h>
#undef screen

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/canvas.h"
#include "tui/glyph.h"
#include "tui/key.h"
#include "tui/lang.h"
#include "tui/stage.h"
#include "tui/terminfo.h"
#include "tui/tty.h"

enum { BRIGHT_BLUE = 12, PAIRS = 16, TITLE_MAX = 120, ALL_ROWS = -2 };

/* Columns of the last row that ncurses may shift to fill the last one. */
enum { CORNER = 3 };

struct screen {
    struct tty *tty;
    enum look look;
    struct stage stage;
    int cols, rows;
    struct cell *shown; /* what the terminal shows; owned */
    unsigned *odd;      /* per row: cells drawn past ncurses; owned */
    int cursor_col, cursor_row;
    bool repaint; /* nothing of it is known to be there */
    bool ascii;
    bool corner;        /* the last cell of all can be written */
    bool paired[PAIRS]; /* colour pairs made */
    char about[80];
};

/* ---- from ncurses to the tty ---- */

/* Hand on what ncurses has written since the last time. */
static void carry(struct screen *s)
{
    (void)tty_write(s->tty, sink_take(&s->stage.sink));
}

/* ---- colours ---- */

/* The look of a cell in the colours that the terminal has. */
static struct ink ink_of(const struct screen *s, const struct cell *cell)
{
    struct ink ink = theme_ink(s->look, (enum style)cell->style);

    if (!has_colors())
        ink.colour = INK_DEFAULT;
    if (ink.colour == COLOR_BLUE && s->look == LOOK_DARK &&
        COLORS > BRIGHT_BLUE)
        ink.colour = BRIGHT_BLUE; /* the plain one is unreadable on black */
    return ink;
}

/* The pair of a colour on the terminal's own background, made on demand. */
static short pair_of(struct screen *s, int colour)
{
    short pair = (short)(colour + 1);

    assert(pair >= 0 && pair < PAIRS);
    if (colour == INK_DEFAULT || s->paired[pair])
        return pair;
    if (init_pair(pair, (short)colour, -1) == ERR)
        (void)init_pair(pair, (short)colour, COLOR_BLACK);
    s->paired[pair] = true;
    return pair;
}

static attr_t attrs_of(unsigned ink)
{
    attr_t attrs = A_NORMAL;

    if (ink & INK_BOLD)
        attrs |= A_BOLD;
    if (ink & INK_DIM)
        attrs |= A_DIM;
    if (ink & INK_REVERSE)
        attrs |= A_REVERSE;
    if (ink & INK_UNDERLINE)
        attrs |= A_UNDERLINE;
    return attrs;
}

/* ---- canvas to ncurses ---- */

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->len == b->len && a->cols == b->cols && a->style == b->style &&
           memcmp(a->text, b->text, a->len) == 0;
}

static struct cell *shown_at(const struct screen *s, int row, int col)
{
    return &s->shown[(size_t)row * (size_t)s->cols + (size_t)col];
}

/*
 * The cell as ncurses shall have it.  Where the last column of the last row
 * cannot be written without scrolling (tmux is one such terminal), ncurses
 * inserts it from the left, which tears wide characters: they are odd there.
 */
static enum glyph glyph_at(const struct screen *s, int row, int col,
                           wchar_t *out)
{
    const struct cell *cell = shown_at(s, row, col);
    enum glyph glyph = glyph_of(cell, s->ascii, out);

    if (glyph != GLYPH_WHOLE || cell->cols < 2 || s->corner ||
        row < s->rows - 1 || col < s->cols - CORNER)
        return glyph;
    out[0] = L'?';
    out[1] = L'\0';
    return GLYPH_ODD;
}

static bool is_odd(const struct screen *s, int row, int col)
{
    wchar_t text[GLYPH_MAX + 1];

    return shown_at(s, row, col)->cols > 0 &&
           glyph_at(s, row, col, text) == GLYPH_ODD;
}

/* Tell ncurses of one cell. */
static void put_cell(struct screen *s, int row, int col)
{
    const struct cell *cell = shown_at(s, row, col);
    struct ink ink = ink_of(s, cell);
    wchar_t text[GLYPH_MAX + 1];
    int times = cell->cols;
    cchar_t c;

    if (glyph_at(s, row, col, text) == GLYPH_WHOLE)
        times = 1;
    (void)setcchar(&c, text, attrs_of(ink.attrs), pair_of(s, ink.colour), NULL);
    for (int i = 0; i < times && col + i < s->cols; i++)
        (void)mvadd_wch(row, col + i, &c);
}

/* Tell ncurses what is new in a row; true when anything is. */
static bool put_row(struct screen *s, int row, const struct cell *cells)
{
    struct cell *shown = shown_at(s, row, 0);
    bool changed = false;

    for (int col = 0; col < s->cols; col++) {
        if (!s->repaint && same_cell(&cells[col], &shown[col]))
            continue;
        changed = true;
        shown[col] = cells[col];
        if (shown[col].cols > 0)
            put_cell(s, row, col);
    }
    if (!changed)
        return false;
    s->odd[row] = 0;
    for (int col = 0; col < s->cols; col++)
        s->odd[row] += is_odd(s, row, col);
    return true;
}

/* Put the cursor where the canvas wants it; true when that is news. */
static bool put_cursor(struct screen *s, const struct canvas *c)
{
    int col = c->cursor_col, row = c->cursor_row;
    bool news;

    if (col < 0 || row < 0 || col >= s->cols || row >= s->rows)
        col = row = -1;
    news = s->repaint || col != s->cursor_col || row != s->cursor_row;
    if (s->repaint || (col < 0) != (s->cursor_col < 0))
        (void)curs_set(col >= 0);
    s->cursor_col = col;
    s->cursor_row = row;
    /* Drawing has moved it; hidden, it waits where the next line appears. */
    (void)move(row < 0 ? s->rows - 1 : row, col < 0 ? 0 : col);
    return news;
}

/* ---- cells that ncurses would misplace ---- */

/*
 * ncurses holds '?' in the columns of an odd cell, so that it keeps account of
 * them and scrolls them along.  The cell itself is written over them, placed
 * by absolute moves on both sides: whatever width the terminal gives it,
 * nothing else on the row shifts.
 */
static void draw_cell(struct screen *s, int row, int col,
                      const struct cell *cell)
{
    char text[3 * CELL_BYTES];
    size_t len =
        text_strict(str_bytes(cell->text, cell->len), text, sizeof text);

    terminfo_move(s->stage.sink.file, row, col);
    terminfo_ink(s->stage.sink.file, ink_of(s, cell));
    (void)fwrite(text, 1, len, s->stage.sink.file);
}

static void draw_odd_row(struct screen *s, int row)
{
    static const struct cell BLANK = { .len = 2, .cols = 2, .text = "  " };
    const struct cell *cells = shown_at(s, row, 0);

    for (int col = 0; col < s->cols; col++) {
        int next = col + cells[col].cols;
        struct cell blank = BLANK;

        if (!is_odd(s, row, col))
            continue;
        blank.len = cells[col].cols;
        blank.style = cells[col].style;
        draw_cell(s, row, col, &blank);
        draw_cell(s, row, col, &cells[col]);
        if (next < s->cols && cells[next].len > 0 && !is_odd(s, row, next))
            draw_cell(s, row, next, &cells[next]);
    }
}

/*
 * Draw the odd cells of every row that ncurses may have written into: all when
 * more than one changed, as they may have been scrolled; and the one with the
 * cursor, as it moves a short way by writing what it believes to be there.
 *   only     the row that changed; -1 for none, all rows for ALL_ROWS
 */
static void draw_odd(struct screen *s, int only)
{
    int cursor = getcury(stdscr);
    bool drawn = false;

    for (int row = 0; row < s->rows; row++) {
        if (s->odd[row] == 0 ||
            (only != ALL_ROWS && row != only && row != cursor))
            continue;
        draw_odd_row(s, row);
        drawn = true;
    }
    if (!drawn)
        return;
    /* Back to what ncurses believes: it leaves a frame with plain looks. */
    terminfo_ink(s->stage.sink.file, (struct ink){ INK_DEFAULT, 0 });
    terminfo_move(s->stage.sink.file, cursor, getcurx(stdscr));
    (void)fflush(s->stage.sink.file);
}

/* ---- painting ---- */

static void resize(struct screen *s, int cols, int rows)
{
    size_t n = (size_t)cols * (size_t)rows;

    s->cols = cols;
    s->rows = rows;
    s->shown = mem_resize(s->shown, n, sizeof *s->shown);
    memset(s->shown, 0, n * sizeof *s->shown);
    s->odd = mem_resize(s->odd, (size_t)rows, sizeof *s->odd);
    memset(s->odd, 0, (size_t)rows * sizeof *s->odd);
    (void)resize_term(rows, cols);
    s->repaint = true;
}

/* Count on nothing: not even on the scroll region, as the terminal may have
 * heard of a new size before it read what we sent for the old one. */
static void start_anew(struct screen *s)
{
    terminfo_region(s->stage.sink.file, s->rows);
    (void)fflush(s->stage.sink.file);
    (void)erase();
    (void)clearok(curscr, TRUE);
}

bool screen_show(struct screen *s, const struct canvas *c)
{
    int changed = 0, last = -1;
    bool moved;

    if (tty_busy(s->tty))
        return false;
    if (c->cols != s->cols || c->rows != s->rows)
        resize(s, c->cols, c->rows);
    if (s->repaint)
        start_anew(s);
    for (int row = 0; row < s->rows; row++) {
        if (!put_row(s, row, &c->cells[(size_t)row * (size_t)s->cols]))
            continue;
        changed++;
        last = row;
    }
    moved = put_cursor(s, c);
    if (changed == 0 && !moved)
        return true;
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
    draw_odd(s, changed > 1 ? ALL_ROWS : last);
    s->repaint = false;
    carry(s);
    tty_probe(s->tty);
    return true;
}

void screen_redraw(struct screen *s)
{
    s->repaint = true;
}

void screen_look(struct screen *s, enum look look)
{
    if (s->look == look)
        return;
    s->look = look;
    memset(s->paired, 0, sizeof s->paired);
    s->repaint = true;
}

/* ---- entering and leaving ---- */

static void release(struct screen *s)
{
    stage_stop(&s->stage);
    free(s->shown);
    free(s->odd);
    free(s);
}

/* ncurses changes to the alternate screen with its first picture, here an empty
 * one: nothing may be written before, as it would be left behind. */
static void enter(struct screen *s)
{
    tty_enter(s->tty);
    (void)doupdate();
    carry(s);
    s->repaint = true;
}

struct screen *screen_open(struct tty *tty, enum look look, char *error,
                           size_t cap)
{
    struct screen *s = mem_new(1, sizeof *s);
    const char *charset = nl_langinfo(CODESET);
    char restore[256];
    int cols, rows;

    tty_size(tty, &cols, &rows);
    if (!stage_start(&s->stage, cols, rows, error, cap)) {
        release(s);
        return NULL;
    }
    s->tty = tty;
    s->look = look;
    s->ascii = strcmp(charset, "UTF-8") != 0;
    s->corner = terminfo_string("rmam") != NULL;
    snprintf(s->about, sizeof s->about, _("%s, %d colours, %.20s"),
             s->stage.type, has_colors() ? COLORS : 0, charset);
    resize(s, cols, rows);
    tty_set_restore(
        tty, str_bytes(restore, terminfo_restore(restore, sizeof restore)));
    enter(s);
    return s;
}

void screen_close(struct screen *s)
{
    if (!s)
        return;
    screen_leave(s);
    release(s);
}

void screen_leave(struct screen *s)
{
    if (!isendwin()) {
        (void)endwin();
        carry(s);
    }
    tty_leave(s->tty);
}

void screen_enter(struct screen *s)
{
    if (!isendwin())
        (void)endwin(); /* stopped unawares: everything is in doubt */
    enter(s);
}

/* ---- the rest of the terminal ---- */

void screen_bell(struct screen *s)
{
    (void)tty_write(s->tty, str_of("\a"));
}

void screen_title(struct screen *s, struct str title)
{
    char bytes[TITLE_MAX + 8] = "\033]2;";
    size_t len = strlen(bytes);

    if (!terminfo_has_title())
        return;
    len += text_strict(text_cut(title, TITLE_MAX), bytes + len, TITLE_MAX);
    bytes[len++] = '\a';
    (void)tty_write(s->tty, str_bytes(bytes, len));
}

void screen_learn(const struct screen *s, struct keys *keys)
{
    (void)s;
    terminfo_learn(keys);
}

bool screen_brackets(const struct screen *s)
{
    (void)s;
    return terminfo_brackets();
}

bool screen_ask_width(struct screen *s)
{
    const char *ask = terminfo_string("u7");

    return !s->ascii && ask && strcmp(ask, "\033[6n") == 0 &&
           tty_write(s->tty, str_of("\033[H\xe2\x80\x9c\033[6n\033[H\033[K"));
}

bool screen_is_wide(const struct key *report)
{
    return report->type == KT_REPORT && report->code == REPORT_CURSOR &&
           report->args[1] == 3;
}

const char *screen_describe(const struct screen *s)
{
    return s->about;
}
