/* SPDX-License-Identifier: MIT
 *
 * Columns; see sheet.h.  JSON is written as it comes; text waits until the
 * widths are known.
 */
#include "server/sheet.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/answer.h"
#include "server/log.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/width.h"

enum {
    NUMBER_MAX = 40, /* bytes of a number in any form */
    CELL_MAX = 1024, /* bytes of text that are shown */
    GAP = 2          /* blanks between columns */
};

static const struct width_rule PLAIN = { false, false };

void sheet_begin(struct sheet *sheet, struct answer *answer,
                 const struct column *columns, size_t n)
{
    assert(n > 0 && n <= SHEET_COLUMNS);
    *sheet = (struct sheet){ .answer = answer, .columns = columns, .n = n };
}

void sheet_end(struct sheet *sheet)
{
    free(sheet->cells);
    *sheet = (struct sheet){ .cells = NULL };
}

/* ---- one cell ---- */

static const char *const KEY_ENDS[] = {
    [UNIT_SECONDS] = "_s", [UNIT_MS] = "_ms", [UNIT_BYTES] = "_bytes",
    [UNIT_NONE] = "",      [UNIT_TIME] = "",
};

/* As it stands in JSON, quotes and all. */
static void put_json(struct sheet *sheet, const char *value)
{
    const struct column *column = &sheet->columns[sheet->at];

    fprintf(sheet->answer->out, "%s\"%s%s\":%s%s", sheet->at ? "," : "{",
            column->name, KEY_ENDS[column->unit], value,
            sheet->at + 1 == sheet->n ? "}\n" : "");
}

static void put_text(struct sheet *sheet, struct str value)
{
    size_t width = width_of(value, &PLAIN), *most = &sheet->widths[sheet->at];
    void *cells = sheet->cells;

    mem_grow(&cells, &sheet->cap, sheet->len + value.len + 1, 1);
    sheet->cells = cells;
    memcpy(sheet->cells + sheet->len, value.ptr, value.len);
    sheet->cells[sheet->len + value.len] = '\0';
    sheet->len += value.len + 1;
    if (*most < width)
        *most = width;
}

static void next(struct sheet *sheet)
{
    sheet->at = (sheet->at + 1) % sheet->n;
}

void sheet_none(struct sheet *sheet)
{
    if (sheet->answer->json)
        put_json(sheet, "null");
    else
        put_text(sheet, str_of("-"));
    next(sheet);
}

/* Clean text in quotes; returns out. */
static const char *quote(struct str text, char *out)
{
    size_t len = 0;

    out[len++] = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            out[len++] = '\\';
        out[len++] = text.ptr[i];
    }
    out[len++] = '"';
    out[len] = '\0';
    return out;
}

void sheet_str(struct sheet *sheet, struct str text)
{
    char clean[3 * CELL_MAX], quoted[2 * sizeof clean + 3];
    struct str value = { clean, text_strict(text_cut(text, CELL_MAX), clean,
                                            sizeof clean) };

    if (sheet->answer->json)
        put_json(sheet, quote(value, quoted));
    else
        put_text(sheet, value.len ? value : str_of("-"));
    next(sheet);
}

/* 41s, 12m03s, 3h25m, 5d04h */
static void spell_seconds(uint64_t s, char *out)
{
    uint64_t m = s / 60, h = m / 60, d = h / 24;

    if (d)
        snprintf(out, NUMBER_MAX, "%" PRIu64 "d%02" PRIu64 "h", d, h % 24);
    else if (h)
        snprintf(out, NUMBER_MAX, "%" PRIu64 "h%02" PRIu64 "m", h, m % 60);
    else if (m)
        snprintf(out, NUMBER_MAX, "%" PRIu64 "m%02" PRIu64 "s", m, s % 60);
    else
        snprintf(out, NUMBER_MAX, "%" PRIu64 "s", s);
}

/* 1023, 1.0K, 17.3M; what is less than a tenth is cut */
static void spell_bytes(uint64_t n, char *out)
{
    static const char UNITS[] = "KMGTPE";
    size_t unit = 0;

    if (n < 1024) {
        snprintf(out, NUMBER_MAX, "%" PRIu64, n);
        return;
    }
    for (; n >= UINT64_C(1024) * 1024; unit++)
        n /= 1024;
    snprintf(out, NUMBER_MAX, "%" PRIu64 ".%" PRIu64 "%c", n / 1024,
             n % 1024 * 10 / 1024, UNITS[unit]);
}

static void spell(enum unit unit, uint64_t n, char *out)
{
    switch (unit) {
    case UNIT_SECONDS: spell_seconds(n, out); break;
    case UNIT_BYTES: spell_bytes(n, out); break;
    case UNIT_MS: snprintf(out, NUMBER_MAX, "%" PRIu64 "ms", n); break;
    case UNIT_TIME: log_time(n, out); break;
    case UNIT_NONE: snprintf(out, NUMBER_MAX, "%" PRIu64, n); break;
    }
}

void sheet_num(struct sheet *sheet, uint64_t n)
{
    enum unit unit = sheet->columns[sheet->at].unit;
    char text[NUMBER_MAX], quoted[2 * NUMBER_MAX + 3];

    if (unit == UNIT_TIME || !sheet->answer->json)
        spell(unit, n, text);
    else
        spell(UNIT_NONE, n, text);
    if (!sheet->answer->json)
        put_text(sheet, str_of(text));
    else
        put_json(sheet, unit == UNIT_TIME ? quote(str_of(text), quoted) : text);
    next(sheet);
}

/* ---- all of them ---- */

/* The last of a line is not padded. */
static void print(FILE *to, const char *cell, size_t width, bool last)
{
    size_t is = width_of(str_of(cell), &PLAIN);

    fprintf(to, "%s%*s", cell, last ? 0 : (int)(width - is + GAP),
            last ? "\n" : "");
}

static void print_headings(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->n; i++) {
        const char *name = sheet->columns[i].name;

        if (sheet->widths[i] < strlen(name))
            sheet->widths[i] = strlen(name);
        print(sheet->answer->out, name, sheet->widths[i], i + 1 == sheet->n);
    }
}

void sheet_rows(struct sheet *sheet)
{
    assert(sheet->at == 0);
    if (sheet->answer->json)
        return;
    if (!sheet->headed)
        print_headings(sheet);
    sheet->headed = true;
    for (size_t at = 0, i = 0; at < sheet->len; i = (i + 1) % sheet->n) {
        const char *cell = sheet->cells + at;

        print(sheet->answer->out, cell, sheet->widths[i], i + 1 == sheet->n);
        at += strlen(cell) + 1;
    }
    sheet->len = 0;
}

void sheet_facts(struct sheet *sheet)
{
    const char *cell = sheet->cells;
    size_t width = 0;

    assert(sheet->at == 0);
    if (sheet->answer->json)
        return;
    for (size_t i = 0; i < sheet->n; i++) {
        size_t len = strlen(sheet->columns[i].name);

        width = len > width ? len : width;
    }
    for (size_t i = 0; i < sheet->n; i++) {
        fprintf(sheet->answer->out, "%-*s%s\n", (int)(width + GAP),
                sheet->columns[i].name, cell);
        cell += strlen(cell) + 1;
    }
    sheet->len = 0;
}
