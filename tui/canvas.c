/* SPDX-License-Identifier: MIT */
#include "tui/canvas.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"

static const struct cell BLANK = { .len = 1, .cols = 1, .text = " " };

void canvas_init(struct canvas *c, const struct width_rule *rule)
{
    *c = (struct canvas){ .cursor_col = -1, .cursor_row = -1, .rule = rule };
}

void canvas_fini(struct canvas *c)
{
    free(c->cells);
    c->cells = NULL;
    c->cols = c->rows = 0;
}

void canvas_resize(struct canvas *c, int cols, int rows)
{
    c->cols = cols > 0 ? cols : 1;
    c->rows = rows > 0 ? rows : 1;
    c->cells = mem_resize(c->cells, (size_t)c->cols * (size_t)c->rows,
                          sizeof *c->cells);
    canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
    size_t n = (size_t)c->cols * (size_t)c->rows;

    for (size_t i = 0; i < n; i++)
        c->cells[i] = BLANK;
    c->cursor_col = c->cursor_row = -1;
}

static struct cell *row_cells(const struct canvas *c, int row)
{
    return &c->cells[(size_t)row * (size_t)c->cols];
}

/* What is left of a wide character half of which is overwritten goes. */
static void split(struct cell *cells, int cols, int col)
{
    if (col > 0 && col < cols && cells[col].cols == 0) {
        cells[col - 1] = BLANK;
        cells[col] = BLANK;
    }
}

static void put(struct cell *cells, int total, int col, struct cell cell)
{
    split(cells, total, col);
    split(cells, total, col + cell.cols);
    cells[col] = cell;
    if (cell.cols == 2)
        cells[col + 1] = (struct cell){ .style = cell.style };
}

/* The cell of a cluster of `cols` cells. */
static struct cell cell_of(const struct canvas *c, struct str cluster,
                           unsigned cols, enum style style)
{
    char form[64];
    struct cell cell = { .cols = cols & 3u, .style = (uint8_t)style };
    size_t len = width_reduce(cluster, c->rule, form, sizeof form);
    struct str kept = text_cut(str_bytes(form, len), CELL_BYTES);

    if (kept.len == 0 || (unsigned char)kept.ptr[0] <= ' ')
        kept = str_of(cols == 2 ? "  " : " ");
    cell.len = (uint8_t)kept.len;
    memcpy(cell.text, kept.ptr, kept.len);
    return cell;
}

int canvas_text(struct canvas *c, struct span at, enum style style,
                struct str text)
{
    int limit = at.limit < c->cols ? at.limit : c->cols;
    int col = at.col;

    if (at.row < 0 || at.row >= c->rows || col < 0)
        return col;
    struct cell *cells = row_cells(c, at.row);
    while (text.len > 0) {
        unsigned cols;
        size_t len = width_cluster(text, c->rule, &cols);
        struct str cluster = str_bytes(text.ptr, len);
        text = str_from(text, len);
        if (cols == 0)
            continue;
        if (col + (int)cols > limit)
            break;
        put(cells, c->cols, col, cell_of(c, cluster, cols, style));
        col += (int)cols;
    }
    return col;
}

void canvas_fill(struct canvas *c, struct span at, enum style style, char ch)
{
    struct cell cell = BLANK;

    cell.style = (uint8_t)style;
    cell.text[0] = ch;
    if (at.row < 0 || at.row >= c->rows)
        return;
    for (int col = at.col > 0 ? at.col : 0; col < at.limit && col < c->cols;
         col++)
        put(row_cells(c, at.row), c->cols, col, cell);
}

static bool is_blank(const struct cell *cell)
{
    return cell->cols == 1 && cell->len == 1 && cell->text[0] == ' ';
}

void canvas_dump(const struct canvas *c, FILE *file)
{
    for (int row = 0; row < c->rows; row++) {
        const struct cell *cells = row_cells(c, row);
        int end = c->cols;
        while (end > 0 && is_blank(&cells[end - 1]))
            end--;
        for (int col = 0; col < end; col++)
            fwrite(cells[col].text, 1, cells[col].len, file);
        fputc('\n', file);
    }
}
