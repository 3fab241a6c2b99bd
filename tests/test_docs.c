/* SPDX-License-Identifier: MIT
 *
 * Every row of every table has its item in the right manual page, and every
 * such item has its row.  Run from the root of the tree, or with $SRCDIR.
 */
#include "tests/test.h"

#include <stdbool.h>

#include "server/log.h"
#include "shared/error.h"
#include "shared/limits.h"
#include "shared/wire.h"
#include "tui/settings.h"

/* ---- two sets of lines, and what one has that the other has not ---- */

enum { SET_MAX = 1024, TEXT_MAX = 256 };

struct set {
    char *lines[SET_MAX];
    size_t n;
};

static struct set *set_new(void)
{
    struct set *set = calloc(1, sizeof *set);

    assert_non_null(set);
    return set;
}

static void set_free(struct set *set)
{
    while (set->n > 0)
        free(set->lines[--set->n]);
    free(set);
}

static void set_add(struct set *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void set_add(struct set *set, const char *format, ...)
{
    char line[TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_true(set->n < SET_MAX);
    set->lines[set->n] = strdup(line);
    assert_non_null(set->lines[set->n++]);
}

static size_t count(const struct set *set, const char *line)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++)
        n += strcmp(set->lines[i], line) == 0;
    return n;
}

/* Takes both. */
static void check_same(const char *page, struct set *table, struct set *items)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < table->n; i++) {
        if (count(items, table->lines[i]) != count(table, table->lines[i])) {
            print_error("%s has no item: %s\n", page, table->lines[i]);
            wrong++;
        }
    }
    for (size_t i = 0; i < items->n; i++) {
        if (count(table, items->lines[i]) == 0) {
            print_error("no table has what %s says: %s\n", page,
                        items->lines[i]);
            wrong++;
        }
    }
    assert_true(table->n > 0);
    set_free(table);
    set_free(items);
    assert_int_equal(wrong, 0);
}

/* ---- the items of a page ---- */

static bool starts(const char *line, const char *prefix)
{
    return strncmp(line, prefix, strlen(prefix)) == 0;
}

static FILE *page_open(const char *name)
{
    const char *root = getenv("SRCDIR");
    char path[4096];
    FILE *page;

    snprintf(path, sizeof path, "%s/man/%s", root ? root : ".", name);
    page = fopen(path, "r");
    if (!page)
        fail_msg("cannot open %s", path);
    return page;
}

/* Calls take(set, line) for each line of a section, LF cut. */
static struct set *page_read(const char *name, const char *section,
                             void (*take)(struct set *, const char *line))
{
    FILE *page = page_open(name);
    struct set *set = set_new();
    char line[TEXT_MAX];
    bool in = false;

    while (fgets(line, sizeof line, page)) {
        line[strcspn(line, "\n")] = '\0';
        if (starts(line, ".Sh "))
            in = strcmp(line + 4, section) == 0;
        else if (in)
            take(set, line);
    }
    fclose(page);
    return set;
}

/* Items as they are. */
static void take_item(struct set *set, const char *line)
{
    if (starts(line, ".It "))
        set_add(set, "%s", line + 4);
}

/* Items as they are; those of fields and values behind what they belong to. */
static void take_nested(struct set *set, const char *line)
{
    static char of[TEXT_MAX];

    if (starts(line, ".Ss Set "))
        snprintf(of, sizeof of, "%s", line + 8);
    if (starts(line, ".It Sy "))
        snprintf(of, sizeof of, "%.*s", (int)strcspn(line + 7, " "), line + 7);
    if (starts(line, ".It Va ") || starts(line, ".It Dv "))
        set_add(set, "%s: %s", of, line + 4);
    else
        take_item(set, line);
}

/* The word of an item: "Cm theme Li = ..." is theme, "Ic /me Ar" is /me. */
static void take_word(struct set *set, const char *line)
{
    if (starts(line, ".It ") && strlen(line) > 7)
        set_add(set, "%.*s", (int)strcspn(line + 7, " "), line + 7);
}

/* The long option of "Fl s , -server Ar HOST" or "Fl -tcp". */
static void take_option(struct set *set, const char *line)
{
    const char *name = strstr(line, " -");

    if (starts(line, ".It Fl ") && name)
        set_add(set, "%.*s", (int)strcspn(name + 2, " "), name + 2);
}

/* ---- chat-protocol(7) ---- */

static const char PROTOCOL[] = "chat-protocol.7";
static const char *const TYPES[] = { "num", "line", "text", "bin" };
static const char *const FROMS[] = { "nobody", "client", "server", "both" };
static const char *const LANES[] = { "control", "command",  "room",
                                     "bulk",    "presence", "state" };
static const char *const AFTERS[] = { "RETRY", "FINAL", "CLOSE" };

static void test_docs_has_every_message(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < WIRE_ROWS_LEN; i++) {
        const struct wire_row *row = &WIRE_ROWS[i];

        set_add(table, "Sy %s Pq %u, %s, %s", row->name, (unsigned)row->kind,
                FROMS[row->from], LANES[row->lane]);
        for (size_t k = 0; k < row->n; k++)
            set_add(table, "%s: Va %s Pq %u, %s", row->name,
                    row->fields[k].name, row->fields[k].tag,
                    TYPES[row->fields[k].type]);
    }

    check_same(PROTOCOL, table, page_read(PROTOCOL, "MESSAGES", take_nested));
    (void)state;
}

static void test_docs_has_every_record(void **state)
{
    struct set *table = set_new();
    const char *of = "";

#define RECORD(name, doc) set_add(table, "Sy %s", of = #name);
#define RFIELD(name, bytes, field, doc)                                        \
    set_add(table, "%s: Va " #field " Pq " #bytes, of);
#include "shared/messages.def"

    check_same(PROTOCOL, table, page_read(PROTOCOL, "RECORDS", take_nested));
    (void)state;
}

static void test_docs_has_every_value(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < WIRE_VALUES_LEN; i++)
        set_add(table, "%s: Dv %s Pq %u", WIRE_VALUES[i].set,
                WIRE_VALUES[i].name, WIRE_VALUES[i].code);

    check_same(PROTOCOL, table, page_read(PROTOCOL, "VALUES", take_nested));
    (void)state;
}

static void test_docs_has_every_error(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < ERR_ROWS_LEN; i++)
        set_add(table, "Er %s Pq %u, %s", ERR_ROWS[i].name,
                (unsigned)ERR_ROWS[i].code, AFTERS[ERR_ROWS[i].after]);

    check_same(PROTOCOL, table, page_read(PROTOCOL, "ERROR CODES", take_item));
    (void)state;
}

static void test_docs_has_every_limit_of_the_protocol(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < LIMIT_COUNT; i++)
        set_add(table, "Cm %s Pq %u, %s, %ju", LIMIT_ROWS[i].key,
                LIMIT_ROWS[i].code, LIMIT_ROWS[i].unit,
                (uintmax_t)LIMIT_ROWS[i].def);

    check_same(PROTOCOL, table, page_read(PROTOCOL, "LIMITS", take_item));
    (void)state;
}

/* ---- the server's pages ---- */

static void test_docs_has_every_limit_of_the_server(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_row *row = &LIMIT_ROWS[i];

        set_add(table, "Cm %s Pq %s, %ju, %ju..%ju", row->key, row->unit,
                (uintmax_t)row->def, (uintmax_t)row->min, (uintmax_t)row->max);
    }

    check_same("chat-server.conf.5", table,
               page_read("chat-server.conf.5", "LIMITS", take_item));
    (void)state;
}

struct server_option {
    const char *name;
    bool argv_only;
};

static const struct server_option SERVER_OPTIONS[] = {
#define BOTH false
#define LIVE false
#define ARGV true
#define OPTION(TYPE, field, name, letter, def, arg, min, max, where, doc)      \
    { name, where },
#include "server/options.def"
#undef BOTH
#undef LIVE
#undef ARGV
};
static const size_t SERVER_OPTIONS_LEN =
    sizeof SERVER_OPTIONS / sizeof *SERVER_OPTIONS;

static void test_docs_has_every_option_of_the_server(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < SERVER_OPTIONS_LEN; i++)
        set_add(table, "%s", SERVER_OPTIONS[i].name);

    check_same("chat-server.8", table,
               page_read("chat-server.8", "OPTIONS", take_option));
    (void)state;
}

static void test_docs_has_every_setting_of_the_server(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < SERVER_OPTIONS_LEN; i++) {
        if (!SERVER_OPTIONS[i].argv_only)
            set_add(table, "%s", SERVER_OPTIONS[i].name);
    }

    check_same("chat-server.conf.5", table,
               page_read("chat-server.conf.5", "GENERAL KEYS", take_word));
    (void)state;
}

static void test_docs_has_every_counter(void **state)
{
    struct set *table = set_new();

#define METRIC(name, TYPE, doc) set_add(table, #name);
#define HISTOGRAM(name, doc)    set_add(table, #name);
#include "server/metrics.def"

    check_same("chat-server.8", table,
               page_read("chat-server.8", "COUNTERS", take_word));
    (void)state;
}

static void test_docs_has_every_event_of_the_log(void **state)
{
    struct set *table = set_new();

    static const struct {
        const char *name;
        enum log_level level;
    } EVENTS[] = {

#define LOG_EVENT(NAME, name, LEVEL) { name, LEVEL_##LEVEL },
#include "server/log_events.def"
    };

    for (size_t i = 0; i < LOG_EVENTS; i++)
        set_add(table, "Sy %s Pq %s", EVENTS[i].name,
                LOG_LEVEL_NAMES[EVENTS[i].level]);

    check_same("chat-server.8", table,
               page_read("chat-server.8", "LOG", take_item));
    (void)state;
}

/* ---- the operator's page ---- */

static void test_docs_has_every_option_of_the_operator(void **state)
{
    struct set *table = set_new();

#define OPTION(TYPE, field, name, letter, def, arg, doc)                       \
    set_add(table, "%s", name);
#include "server/chatctl_options.def"

    check_same("chatctl.8", table,
               page_read("chatctl.8", "OPTIONS", take_option));
    (void)state;
}

/* A word of a heading: what is on paper, and how many brackets stay open. */
static void add_word(char *usage, const char *word, int *open)
{
    size_t len = strlen(usage);
    bool is_first = len == 0 || usage[len - 1] == '[' || *word == ']';

    if (strcmp(word, "Ar") == 0)
        return;
    if (strcmp(word, "Op") == 0 || strcmp(word, "Oo") == 0) {
        strcat(usage, is_first ? "[" : " [");
        *open += word[1] == 'p'; /* to the end of the line */
    } else if (strcmp(word, "Oc") == 0) {
        strcat(usage, "]");
    } else {
        strcat(usage, is_first ? "" : " ");
        strcat(usage, word);
    }
}

/* "Ic kick Ar SESSION | NICK Op Ar REASON" as it is shown. */
static void take_usage(struct set *set, const char *line)
{
    char usage[TEXT_MAX] = "", word[TEXT_MAX];
    int open = 0, len;

    if (!starts(line, ".It Ic "))
        return;
    for (line += 7; sscanf(line, "%255s%n", word, &len) == 1; line += len)
        add_word(usage, word, &open);
    while (open-- > 0)
        strcat(usage, "]");
    set_add(set, "%s", usage);
}

/* "NICK|SESSION" is "NICK | SESSION". */
static void space_out(const char *args, char *out)
{
    for (; *args; args++) {
        if (*args == '|')
            out = strcpy(out, " | ") + 3;
        else
            *out++ = *args;
    }
    *out = '\0';
}

static void test_docs_has_every_command_of_the_operator(void **state)
{
    struct set *table = set_new();
    char args[TEXT_MAX];

#define CONTROL(name, run, usage, min, max, doc)                               \
    space_out(usage, args);                                                    \
    set_add(table, "%s%s%s", name, *args ? " " : "", args);
#include "server/controls.def"

    check_same("chatctl.8", table,
               page_read("chatctl.8", "COMMANDS", take_usage));
    (void)state;
}

/* ---- the client's pages ---- */

static void test_docs_has_every_option_of_the_client(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < SETTINGS_TABLE.n; i++)
        set_add(table, "%s", SETTINGS_TABLE.rows[i].name);

    check_same("chat-tui.1", table,
               page_read("chat-tui.1", "OPTIONS", take_option));
    (void)state;
}

static void test_docs_has_every_setting_of_the_client(void **state)
{
    struct set *table = set_new();

    for (size_t i = 0; i < SETTINGS_TABLE.n; i++) {
        if (!SETTINGS_TABLE.rows[i].argv_only)
            set_add(table, "%s", SETTINGS_TABLE.rows[i].name);
    }

    check_same("chat-tui.conf.5", table,
               page_read("chat-tui.conf.5", "KEYS", take_word));
    (void)state;
}

static void test_docs_has_every_command(void **state)
{
    struct set *table = set_new();

#define COMMAND(name, args, min, max, match, run, help)                        \
    set_add(table, "/" #name);
#include "tui/commands.def"

    check_same("chat-tui.1", table,
               page_read("chat-tui.1", "COMMANDS", take_word));
    (void)state;
}

/* ".Ic /leave ." that is no command of its own. */
static void take_alias(struct set *set, const char *line)
{
    static const char *const COMMAND_NAMES[] = {
#define COMMAND(name, args, min, max, match, run, help) #name,
#include "tui/commands.def"
    };
    int len;

    if (!starts(line, ".Ic /"))
        return;
    len = (int)strcspn(line + 5, " ");
    for (size_t i = 0; i < sizeof COMMAND_NAMES / sizeof(char *); i++) {
        if (strncmp(line + 5, COMMAND_NAMES[i], (size_t)len) == 0 &&
            COMMAND_NAMES[i][len] == '\0')
            return;
    }
    set_add(set, "%.*s", len, line + 5);
}

static void test_docs_has_every_alias(void **state)
{
    struct set *table = set_new();

#define ALIAS(name, of) set_add(table, #name);
#include "tui/commands.def"

    check_same("chat-tui.1", table,
               page_read("chat-tui.1", "COMMANDS", take_alias));
    (void)state;
}

/* "Ic C-b , Left": several keys of one item. */
static void take_keys(struct set *set, const char *line)
{
    if (!starts(line, ".It Ic "))
        return;
    for (line += 7; *line; line += strspn(line, " ,")) {
        int len = (int)strcspn(line, " ");

        set_add(set, "%.*s", len, line);
        line += len;
    }
}

static void test_docs_has_every_key(void **state)
{
    struct set *table = set_new();

#define KEY(name, function, help)  set_add(table, "%s", name);
#define EDIT(name, function, help) set_add(table, "%s", name);
#include "tui/keys.def"

    check_same("chat-tui.1", table, page_read("chat-tui.1", "KEYS", take_keys));
    (void)state;
}

static void test_docs_has_every_style(void **state)
{
    struct set *table = set_new();

#define STYLE(name, dark, light, attrs, doc) set_add(table, #name);
#include "tui/styles.def"

    check_same("chat-tui.conf.5", table,
               page_read("chat-tui.conf.5", "COLOURS", take_word));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docs_has_every_message),
        cmocka_unit_test(test_docs_has_every_record),
        cmocka_unit_test(test_docs_has_every_value),
        cmocka_unit_test(test_docs_has_every_error),
        cmocka_unit_test(test_docs_has_every_limit_of_the_protocol),
        cmocka_unit_test(test_docs_has_every_limit_of_the_server),
        cmocka_unit_test(test_docs_has_every_option_of_the_server),
        cmocka_unit_test(test_docs_has_every_setting_of_the_server),
        cmocka_unit_test(test_docs_has_every_counter),
        cmocka_unit_test(test_docs_has_every_event_of_the_log),
        cmocka_unit_test(test_docs_has_every_option_of_the_operator),
        cmocka_unit_test(test_docs_has_every_command_of_the_operator),
        cmocka_unit_test(test_docs_has_every_option_of_the_client),
        cmocka_unit_test(test_docs_has_every_setting_of_the_client),
        cmocka_unit_test(test_docs_has_every_command),
        cmocka_unit_test(test_docs_has_every_alias),
        cmocka_unit_test(test_docs_has_every_key),
        cmocka_unit_test(test_docs_has_every_style),
    };

    return RUN(tests);
}
