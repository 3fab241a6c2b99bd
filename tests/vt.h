/* SPDX-License-Identifier: MIT
 *
 * A small terminal for tests: as much of xterm as ncurses makes use of.  An
 * unknown sequence ends the test, so that nothing is taken for granted.
 */
#ifndef TESTS_VT_H
#define TESTS_VT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/str.h"
#include "shared/text.h"

enum { VT_COLS = 200, VT_ROWS = 100, VT_BYTES = 32 };

struct vt_cell {
    char text[VT_BYTES]; /* terminated; "" right of a wide character */
    bool wide;
};

struct vt {
    int cols, rows, row, col, top, bottom;
    int saved_row, saved_col;
    bool wrap; /* a character has been put into the last column */
    bool alternate, hidden, paste;
    bool spoilt; /* something was drawn outside the alternate screen */
    int last_row, last_col; /* of the last character, for marks and REP */
    char last[VT_BYTES];
    int (*width)(uint32_t); /* what this terminal thinks */
    struct vt_cell cells[VT_ROWS][VT_COLS];
};

static inline void vt_die(const char *what, struct str s)
{
    fprintf(stderr, "vt: %s: ", what);
    for (size_t i = 0; i < s.len && i < 24; i++)
        fprintf(stderr, s.ptr[i] < ' ' ? "\\x%02x" : "%c",
                (unsigned char)s.ptr[i]);
    fputc('\n', stderr);
    abort();
}

static inline void vt_blank(struct vt *t, int row, int from, int to)
{
    t->spoilt |= !t->alternate;
    for (int col = from; col < to && col < t->cols; col++)
        t->cells[row][col] = (struct vt_cell){ .text = " " };
}

static inline void vt_init(struct vt *t, int cols, int rows,
                           int (*width)(uint32_t))
{
    memset(t, 0, sizeof *t);
    t->cols = cols;
    t->rows = rows;
    t->bottom = rows;
    t->width = width;
    for (int row = 0; row < rows; row++)
        vt_blank(t, row, 0, cols);
    t->spoilt = false;
}

/* The size changed; what was there is anybody's guess: rubbish. */
static inline void vt_resize(struct vt *t, int cols, int rows)
{
    t->cols = cols;
    t->rows = rows;
    t->top = 0;
    t->bottom = rows;
    t->row = t->col = 0;
    t->wrap = false;
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++)
            t->cells[row][col] = (struct vt_cell){ .text = "#" };
    }
}

/* Move rows from..bottom-1 by n (up for n > 0); blank what comes in. */
static inline void vt_scroll(struct vt *t, int from, int n)
{
    int height = t->bottom - from, count = n < 0 ? -n : n;

    for (; count > 0 && height > 0; count--) {
        if (n > 0)
            memmove(t->cells[from], t->cells[from + 1],
                    (size_t)(height - 1) * sizeof t->cells[0]);
        else
            memmove(t->cells[from + 1], t->cells[from],
                    (size_t)(height - 1) * sizeof t->cells[0]);
        vt_blank(t, n > 0 ? t->bottom - 1 : from, 0, t->cols);
    }
}

static inline void vt_down(struct vt *t)
{
    if (t->row + 1 == t->bottom)
        vt_scroll(t, t->top, 1);
    else if (t->row + 1 < t->rows)
        t->row++;
}

/* Whatever a new character cuts in half goes. */
static inline void vt_halve(struct vt *t, int row, int col)
{
    if (col < t->cols && t->cells[row][col].text[0] == '\0' && col > 0) {
        vt_blank(t, row, col - 1, col);
        vt_blank(t, row, col, col + 1);
    }
}

static inline void vt_put(struct vt *t, const char *text, int width)
{
    t->spoilt |= !t->alternate;
    if (t->wrap || t->col + width > t->cols) {
        t->col = 0;
        vt_down(t);
        t->wrap = false;
    }
    vt_halve(t, t->row, t->col);
    vt_halve(t, t->row, t->col + width);
    snprintf(t->cells[t->row][t->col].text, VT_BYTES, "%s", text);
    t->cells[t->row][t->col].wide = width == 2;
    if (width == 2)
        t->cells[t->row][t->col + 1] = (struct vt_cell){ .text = "" };
    t->last_row = t->row;
    t->last_col = t->col;
    snprintf(t->last, VT_BYTES, "%s", text);
    t->col += width;
    t->wrap = t->col >= t->cols;
    if (t->wrap)
        t->col = t->cols - 1;
}

static inline void vt_char(struct vt *t, struct str bytes, uint32_t code)
{
    struct vt_cell *last = &t->cells[t->last_row][t->last_col];
    int width = t->width(code);
    char text[8];

    snprintf(text, sizeof text, "%.*s", STR_ARG(bytes));
    if (width > 0)
        vt_put(t, text, width);
    else
        snprintf(last->text + strlen(last->text), VT_BYTES - strlen(last->text),
                 "%s", text);
}

static inline void vt_shift(struct vt *t, int n)
{
    struct vt_cell *row = t->cells[t->row];
    int count = n < 0 ? -n : n, left = t->cols - t->col - count;

    if (left < 0)
        left = 0;
    if (n > 0) { /* ICH */
        memmove(&row[t->cols - left], &row[t->col], (size_t)left * sizeof *row);
        vt_blank(t, t->row, t->col, t->cols - left);
    } else { /* DCH */
        memmove(&row[t->col], &row[t->cols - left], (size_t)left * sizeof *row);
        vt_blank(t, t->row, t->col + left, t->cols);
    }
}

static inline int vt_clamp(int n, int most)
{
    return n < 0 ? 0 : n > most ? most : n;
}

static inline void vt_go(struct vt *t, int row, int col)
{
    t->spoilt |= !t->alternate;
    t->row = vt_clamp(row, t->rows - 1);
    t->col = vt_clamp(col, t->cols - 1);
    t->wrap = false;
}

static inline void vt_erase_display(struct vt *t, int how)
{
    for (int row = how == 2 ? 0 : t->row + 1; row < t->rows; row++)
        vt_blank(t, row, 0, t->cols);
    if (how == 0)
        vt_blank(t, t->row, t->col, t->cols);
}

static inline void vt_mode(struct vt *t, int mode, bool on)
{
    if (mode == 1049 || mode == 47)
        t->alternate = on;
    else if (mode == 25)
        t->hidden = !on;
    else if (mode == 2004)
        t->paste = on;
}

/* A control sequence without prefix; false when it is unknown. */
static inline bool vt_csi(struct vt *t, char final, const int *v)
{
    int n = v[0] ? v[0] : 1;

    switch (final) {
    case 'A': vt_go(t, t->row - n, t->col); break;
    case 'B': vt_go(t, t->row + n, t->col); break;
    case 'C': vt_go(t, t->row, t->col + n); break;
    case 'D': vt_go(t, t->row, t->col - n); break;
    case 'G': vt_go(t, t->row, n - 1); break;
    case 'd': vt_go(t, n - 1, t->col); break;
    case 'H': vt_go(t, n - 1, (v[1] ? v[1] : 1) - 1); break;
    case 'J': vt_erase_display(t, v[0]); break;
    case 'K':
        vt_blank(t, t->row, v[0] == 0 ? t->col : 0,
                 v[0] == 1 ? t->col + 1 : t->cols);
        break;
    case 'X': vt_blank(t, t->row, t->col, t->col + n); break;
    case 'P': vt_shift(t, -n); break;
    case '@': vt_shift(t, n); break;
    case 'L': vt_scroll(t, t->row, -n); break;
    case 'M': vt_scroll(t, t->row, n); break;
    case 'S': vt_scroll(t, t->top, n); break;
    case 'T': vt_scroll(t, t->top, -n); break;
    case 'Z': vt_go(t, t->row, (t->col - 1) / 8 * 8); break;
    case 'r':
        t->top = n - 1;
        t->bottom = v[1] && v[1] < t->rows ? v[1] : t->rows;
        vt_go(t, 0, 0);
        break;
    case 'b':
        for (; n > 0; n--)
            vt_put(t, t->last, 1);
        break;
    case 'm':
    case 'n':
    case 't':
    case 'l':
    case 'h': break;
    default: return false;
    }
    return true;
}

/* A control sequence; bytes used. */
static inline size_t vt_sequence(struct vt *t, struct str s)
{
    bool private = s.len > 2 && (s.ptr[2] == '?' || s.ptr[2] == '!');
    size_t i = private ? 3 : 2, n = 0;
    int v[16] = { 0 };

    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= ';'; i++) {
        if (s.ptr[i] == ';')
            n++;
        else if (n < 16)
            v[n] = v[n] * 10 + (s.ptr[i] - '0');
    }
    if (i >= s.len || n >= 16)
        vt_die("cut off", s);
    for (size_t k = 0; private && k <= n; k++)
        vt_mode(t, v[k], s.ptr[i] == 'h');
    if (!private && !vt_csi(t, s.ptr[i], v))
        vt_die("unknown", s);
    return i + 1;
}

static inline void vt_reverse_index(struct vt *t)
{
    if (t->row == t->top)
        vt_scroll(t, t->top, -1);
    else
        vt_go(t, t->row - 1, t->col);
}

/* A sequence that begins with ESC; bytes used. */
static inline size_t vt_escape(struct vt *t, struct str s)
{
    const char *end;

    switch (s.len > 1 ? s.ptr[1] : 0) {
    case '[': return vt_sequence(t, s);
    case ']':
        end = memchr(s.ptr, '\a', s.len);
        return end ? (size_t)(end - s.ptr) + 1 : s.len;
    case '(':
    case ')': return 3;
    case 'D': vt_down(t); return 2;
    case 'M': vt_reverse_index(t); return 2;
    case '7':
        t->saved_row = t->row;
        t->saved_col = t->col;
        return 2;
    case '8': vt_go(t, t->saved_row, t->saved_col); return 2;
    case '=':
    case '>': return 2;
    default: vt_die("unknown", s); return s.len;
    }
}

/* Show bytes; whole sequences only. */
static inline void vt_feed(struct vt *t, struct str s)
{
    while (s.len > 0) {
        uint32_t code;
        size_t n = 1;

        switch (s.ptr[0]) {
        case '\033': n = vt_escape(t, s); break;
        case '\r': vt_go(t, t->row, 0); break;
        case '\n':
            t->wrap = false;
            vt_down(t);
            break;
        case '\b': vt_go(t, t->row, t->col - 1); break;
        case '\t': vt_go(t, t->row, (t->col / 8 + 1) * 8); break;
        case '\a':
        case '\017': break;
        default:
            if ((unsigned char)s.ptr[0] < ' ' || s.ptr[0] == 0x7f)
                vt_die("control", s);
            n = text_step(s, &code);
            vt_char(t, str_bytes(s.ptr, n), code);
        }
        s = str_from(s, n);
    }
}

#endif
