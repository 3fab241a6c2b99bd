/* SPDX-License-Identifier: MIT
 *
 * The engine for option tables; see option.h.  A value reaches a field by one
 * way only, assign(), whether it comes from a default, a file or argv.
 */
#include "shared/option.h"

#include <assert.h>
#include <libintl.h>
#include <stdarg.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "shared/text.h"

/* English where the program has set up no translation, as in the server. */
#define _(text) gettext(text)

enum { HINT_MAX = 32 }; /* bytes; longer names are not worth a guess */

/* Write *error, the place first: "--name: ", "FILE:LINE: name: ". */
static int fail(struct option_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(struct option_error *error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return -1;
}

static void *field(const struct option_row *row, void *settings)
{
    return (char *)settings + row->offset;
}

static const void *const_field(const struct option_row *row,
                               const void *settings)
{
    return (const char *)settings + row->offset;
}

static const struct option_row *find(const struct option_table *table,
                                     struct str name)
{
    for (size_t i = 0; i < table->n; i++) {
        if (str_is(name, table->rows[i].name))
            return &table->rows[i];
    }
    return NULL;
}

static const struct option_row *find_letter(const struct option_table *table,
                                            char letter)
{
    for (size_t i = 0; i < table->n; i++) {
        if (letter && table->rows[i].letter == letter)
            return &table->rows[i];
    }
    return NULL;
}

/* ---- a guess at what was meant ---- */

/* Edit distance; both at most HINT_MAX bytes. */
static size_t distance(struct str a, struct str b)
{
    size_t line[HINT_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        line[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = line[0];

        line[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (a.ptr[i - 1] != b.ptr[j - 1]);

            diagonal = line[j];
            best = line[j] + 1 < best ? line[j] + 1 : best;
            line[j] = line[j - 1] + 1 < best ? line[j - 1] + 1 : best;
        }
    }
    return line[b.len];
}

/* The name most like this one, or NULL when none is. */
static const char *nearest(const struct option_table *table, struct str name)
{
    size_t best = name.len < 4 ? 2 : 3; /* one or two slips of the finger */
    const char *found = NULL;

    for (size_t i = 0; name.len <= HINT_MAX && i < table->n; i++) {
        struct str other = str_of(table->rows[i].name);
        size_t d = other.len <= HINT_MAX ? distance(name, other) : best;

        if (d < best) {
            best = d;
            found = other.ptr;
        }
    }
    return found;
}

static int unknown(const struct option_table *table, const char *dashes,
                   struct str name, struct option_error *error)
{
    const char *hint = nearest(table, name);
    struct str cut = text_cut(name, 64);

    if (hint)
        return fail(error, _("%s%.*s: not known; did you mean %s%s?"), dashes,
                    STR_ARG(cut), dashes, hint);
    return fail(error, _("%s%.*s: not known"), dashes, STR_ARG(cut));
}

/* ---- values ---- */

static bool parse_flag(struct str value, bool *out)
{
    static const char *const WORDS[] = { "no", "yes", "off",   "on",
                                         "0",  "1",   "false", "true" };

    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (str_is(value, WORDS[i])) {
            *out = i % 2;
            return true;
        }
    }
    return false;
}

static bool parse_number(struct str value, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < value.len; i++) {
        unsigned digit = (unsigned)value.ptr[i] - '0';

        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return value.len > 0;
}

/* The choice of a number in "a|b|c"; empty when there are not so many. */
static struct str choice(const char *list, unsigned index)
{
    for (; index > 0; index--) {
        list = strchr(list, '|');
        if (!list)
            return str_of(NULL);
        list++;
    }
    return str_bytes(list, strcspn(list, "|"));
}

static bool parse_choice(const char *list, struct str value, unsigned *out)
{
    for (unsigned i = 0; choice(list, i).len; i++) {
        if (str_eq(choice(list, i), value)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Put a value into its field; `what` names the option in the error. */
static int assign(const struct option_row *row, void *settings,
                  struct str value, const char *what,
                  struct option_error *error)
{
    struct str cut = text_cut(value, 64);
    void *to = field(row, settings);
    uint64_t n;

    switch (row->type) {
    case OPTION_FLAG:
        if (!parse_flag(value, to))
            return fail(error, _("%s: \"%.*s\" is not yes or no"), what,
                        STR_ARG(cut));
        return 0;
    case OPTION_NUMBER:
        if (!parse_number(value, &n))
            return fail(error, _("%s: \"%.*s\" is not a number"), what,
                        STR_ARG(cut));
        if (n < row->min || n > row->max)
            return fail(error, _("%s: %.*s is not within %llu..%llu"), what,
                        STR_ARG(cut), (unsigned long long)row->min,
                        (unsigned long long)row->max);
        *(uint64_t *)to = n;
        return 0;
    case OPTION_STRING:
        free(*(char **)to);
        *(char **)to = mem_str(value);
        return 0;
    case OPTION_CHOICE:
        if (!parse_choice(row->arg, value, to))
            return fail(error, _("%s: \"%.*s\" is not one of %s"), what,
                        STR_ARG(cut), row->arg);
        return 0;
    }
    return -1;
}

void option_defaults(const struct option_table *table, void *settings)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct option_row *row = &table->rows[i];
        struct option_error error;
        void *to = field(row, settings);

        switch (row->type) {
        case OPTION_FLAG: *(bool *)to = false; break;
        case OPTION_NUMBER: *(uint64_t *)to = 0; break;
        case OPTION_STRING: *(char **)to = mem_str(str_of("")); break;
        case OPTION_CHOICE: *(unsigned *)to = 0; break;
        }
        if (row->def) {
            int err =
                assign(row, settings, str_of(row->def), row->name, &error);

            assert(err == 0); /* a default that its own row refuses */
            (void)err;
        }
    }
}

int option_set(const struct option_table *table, void *settings,
               struct str name, struct str value, struct option_error *error)
{
    const struct option_row *row = find(table, name);

    if (!row)
        return unknown(table, "", name, error);
    if (row->argv_only)
        return fail(error, _("%s: only for the command line"), row->name);
    return assign(row, settings, value, row->name, error);
}

void option_get(const struct option_row *row, const void *settings, char *out,
                size_t cap)
{
    const void *from = const_field(row, settings);
    const char *text;
    struct str s;

    switch (row->type) {
    case OPTION_FLAG:
        snprintf(out, cap, "%s", *(const bool *)from ? "yes" : "no");
        break;
    case OPTION_NUMBER:
        snprintf(out, cap, "%llu", (unsigned long long)*(const uint64_t *)from);
        break;
    case OPTION_STRING:
        text = *(char *const *)from;
        snprintf(out, cap, "%s", text ? text : "");
        break;
    case OPTION_CHOICE:
        s = choice(row->arg, *(const unsigned *)from);
        snprintf(out, cap, "%.*s", STR_ARG(s));
        break;
    }
}

void option_free(const struct option_table *table, void *settings)
{
    for (size_t i = 0; i < table->n; i++) {
        char **to = field(&table->rows[i], settings);

        if (table->rows[i].type == OPTION_STRING) {
            free(*to);
            *to = NULL;
        }
    }
}

/* ---- the file ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str trim(struct str s)
{
    while (s.len && is_space(s.ptr[0]))
        s = str_from(s, 1);
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* One line without its LF. */
static int file_line(const struct option_table *table, void *settings,
                     struct str line, struct option_error *error)
{
    const char *equals;
    size_t at;

    if (line.len > OPTION_LINE_MAX)
        return fail(error, _("longer than %d bytes"), OPTION_LINE_MAX);
    line = trim(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return 0;
    if (!text_is_clean(line, TEXT_LINES))
        return fail(error, _("holds a control character or is not UTF-8"));
    equals = memchr(line.ptr, '=', line.len);
    if (!equals)
        return fail(error, _("not of the form: key = value"));
    at = (size_t)(equals - line.ptr);
    return option_set(table, settings, trim(str_bytes(line.ptr, at)),
                      trim(str_from(line, at + 1)), error);
}

int option_file(const struct option_table *table, void *settings,
                const char *file, struct str text, struct option_error *error)
{
    if (text.len > OPTION_FILE_MAX)
        return fail(error, _("%s: larger than %d bytes"), file,
                    OPTION_FILE_MAX);
    if (str_starts(text, str_of("\xEF\xBB\xBF"))) /* some editors' mark */
        text = str_from(text, 3);
    for (unsigned number = 1; text.len; number++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        struct option_error what;

        if (file_line(table, settings, str_bytes(text.ptr, len), &what))
            return fail(error, "%.100s:%u: %.140s", file, number, what.text);
        text = str_from(text, len + 1);
    }
    return 0;
}

/* ---- the command line ---- */

/* Where reading argv stands. */
struct argv {
    const struct option_table *table;
    void *settings;
    struct option_error *error;
    char **at; /* the next word, NULL at the end */
};

/* The argument of an option that had none in its own word. */
static int next_word(struct argv *a, const struct option_row *row,
                     const char *what, struct str *value)
{
    if (!*a->at)
        return fail(a->error, _("%s: needs an argument: %s"), what,
                    row->arg ? row->arg : "VALUE");
    *value = str_of(*a->at++);
    return 0;
}

/* --name, --name=value, --name value */
static int take_long(struct argv *a, const char *word)
{
    size_t len = strcspn(word + 2, "=");
    struct str name = { word + 2, len }, value = { "yes", 3 };
    const struct option_row *row = find(a->table, name);
    char what[80];

    if (!row)
        return unknown(a->table, "--", name, a->error);
    snprintf(what, sizeof what, "--%s", row->name);
    if (word[2 + len] == '=')
        value = str_of(word + 3 + len);
    else if (row->type != OPTION_FLAG && next_word(a, row, what, &value))
        return -1;
    return assign(row, a->settings, value, what, a->error);
}

/* -x, -x value, -xvalue, and -xyz for flags x and y */
static int take_short(struct argv *a, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const struct option_row *row = find_letter(a->table, *letter);
        struct str value = { "yes", 3 };
        char what[] = { '-', *letter, '\0' };

        if (!row)
            return fail(a->error, _("%.64s: not known; see --help"), word);
        if (row->type == OPTION_FLAG) {
            if (assign(row, a->settings, value, what, a->error))
                return -1;
            continue;
        }
        value = str_of(letter + 1);
        if (value.len == 0 && next_word(a, row, what, &value))
            return -1;
        return assign(row, a->settings, value, what, a->error);
    }
    return 0;
}

/* The next word that is no operand, with what it takes from the ones behind. */
static int take_option(struct argv *a)
{
    const char *word = *a->at++;

    return word[1] == '-' ? take_long(a, word) : take_short(a, word);
}

/* Room for as many words as there are. */
static char **room_for(char **words)
{
    size_t n = 0;

    while (words[n])
        n++;
    return mem_new(n + 1, sizeof *words);
}

static bool is_option(const struct option_table *table, const char *word)
{
    bool is_number = word[0] == '-' && word[1] >= '0' && word[1] <= '9';

    return word[0] == '-' && word[1] && !(table->takes_numbers && is_number);
}

int option_argv(const struct option_table *table, void *settings, char **argv,
                int *rest, struct option_error *error)
{
    struct argv a = { table, settings, error, *argv ? argv + 1 : argv };
    char **options = a.at; /* options move up to here */
    char **operands = room_for(a.at);
    size_t n = 0;
    int err = 0;

    while (!err && *a.at) {
        char **from = a.at;

        if (strcmp(*from, "--") == 0) {
            *options++ = *a.at++;
            while (*a.at)
                operands[n++] = *a.at++;
        } else if (is_option(table, *from)) {
            err = take_option(&a);
            while (from < a.at)
                *options++ = *from++;
        } else {
            operands[n++] = *a.at++;
        }
    }
    if (!err) {
        memcpy(options, operands, n * sizeof *operands);
        *rest = (int)(options - argv);
    }
    free(operands);
    return err;
}
