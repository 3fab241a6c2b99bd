/* SPDX-License-Identifier: MIT
 *
 * --help out of an option table; see option.h.
 */
#include "shared/option.h"

#include "shared/width.h"

enum {
    HELP_COLS = 79,  /* some terminals wrap when column 80 is written */
    LABEL_COLS = 32, /* longer labels have their text on the next line */
    LABEL_MAX = 128, /* bytes */
    DOC_MAX = 512,
};

/* "  -x, --name ARG"; returns its length. */
static size_t label(const struct option_row *row, char *out)
{
    char letter[] = { '-', row->letter, ',', '\0' };
    const char *arg = row->type != OPTION_FLAG && row->arg ? row->arg : "";

    snprintf(out, LABEL_MAX, "  %3s --%s%s%s", row->letter ? letter : "",
             row->name, *arg ? " " : "", arg);
    return strlen(out);
}

static void print_spaces(FILE *to, size_t n)
{
    fprintf(to, "%*s", (int)n, "");
}

/* The part of text that goes on one row of so many cells. */
static struct str first_row(struct str text, size_t cols)
{
    const struct width_rule rule = { false, false };
    struct str row = width_cut(text, cols, &rule);
    size_t len = row.len;

    if (row.len == text.len)
        return row;
    while (len > 0 && text.ptr[len] != ' ')
        len--;
    if (len > 0)
        row.len = len; /* else it has no spaces: Chinese, or one long word */
    return row;
}

/* Text in the columns from indent on, where the cursor stands. */
static void print_wrapped(FILE *to, struct str text, size_t indent)
{
    for (;;) {
        struct str row = first_row(text, HELP_COLS - indent);

        fprintf(to, "%.*s\n", STR_ARG(row));
        text = str_from(text, row.len);
        while (text.len && text.ptr[0] == ' ')
            text = str_from(text, 1);
        if (text.len == 0)
            return;
        print_spaces(to, indent);
    }
}

static void print_row(const struct option_row *row, FILE *to, size_t indent,
                      const char *(*translate)(const char *))
{
    const char *doc = translate ? translate(row->doc) : row->doc;
    char text[DOC_MAX], name[LABEL_MAX];
    size_t len = label(row, name);

    if (row->type != OPTION_FLAG && row->def && *row->def)
        snprintf(text, sizeof text, "%s [%s]", doc, row->def);
    else
        snprintf(text, sizeof text, "%s", doc);
    fputs(name, to);
    if (len + 2 > indent) {
        fputc('\n', to);
        len = 0;
    }
    print_spaces(to, indent - len);
    print_wrapped(to, str_of(text), indent);
}

void option_help(const struct option_table *table, FILE *to,
                 const char *(*translate)(const char *))
{
    size_t indent = 0;

    for (size_t i = 0; i < table->n; i++) {
        char text[LABEL_MAX];
        size_t len = label(&table->rows[i], text);

        if (len > indent && len <= LABEL_COLS)
            indent = len;
    }
    for (size_t i = 0; i < table->n; i++)
        print_row(&table->rows[i], to, indent + 2, translate);
}
