/* SPDX-License-Identifier: MIT
 *
 * Cells as wide characters; see glyph.h.
 */
#include "tui/glyph.h"

#include <assert.h>
#include <stdint.h>

#include "shared/text.h"

static_assert(sizeof(wchar_t) >= sizeof(uint32_t), "wchar_t holds code points");

/* What looks like it in ASCII, for the punctuation that people type. */
static char likeness(uint32_t code)
{
    switch (code) {
    case 0x00a0: return ' ';
    case 0x00b7:
    case 0x2022:
    case 0x2026: return '.';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2500: return '-';
    case 0x2018:
    case 0x2019: return '\'';
    case 0x201c:
    case 0x201d: return '"';
    case 0x2502: return '|';
    default: return '?';
    }
}

/* The code points of a cell; how many, 0 when they are too many. */
static size_t take_apart(struct str s, wchar_t *out)
{
    size_t n = 0;

    while (s.len > 0) {
        uint32_t code;

        if (n == GLYPH_MAX)
            return 0;
        s = str_from(s, text_step(s, &code));
        out[n++] = (wchar_t)code;
    }
    return n;
}

static bool agrees(const wchar_t *text, size_t n, unsigned cols)
{
    if (n == 0 || wcwidth(text[0]) != (int)cols)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (wcwidth(text[i]) != 0)
            return false;
    }
    return true;
}

enum glyph glyph_of(const struct cell *cell, bool ascii, wchar_t *out)
{
    struct str text = str_bytes(cell->text, cell->len);
    uint32_t code = ' ';
    size_t n;

    if (text.len > 0)
        (void)text_step(text, &code);
    out[0] = (wchar_t)code;
    out[1] = L'\0';
    if (text.len <= 1 && code >= ' ' && code < 0x7f)
        return cell->cols == 1 ? GLYPH_WHOLE : GLYPH_SPREAD;
    if (ascii) {
        out[0] = (wchar_t)likeness(code);
        return GLYPH_SPREAD;
    }
    n = take_apart(text, out);
    if (agrees(out, n, cell->cols)) {
        out[n] = L'\0';
        return GLYPH_WHOLE;
    }
    out[0] = L'?';
    out[1] = L'\0';
    return GLYPH_ODD;
}
