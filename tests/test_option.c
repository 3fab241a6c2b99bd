/* SPDX-License-Identifier: MIT */
#include "shared/option.h"

#include "shared/rng.h"
#include "shared/width.h"
#include "tests/test.h"

struct settings {
    bool verbose, quick, version;
    uint64_t port, rate;
    char *name, *path;
    unsigned colour;
};

static const struct option_row ROWS[] = {
    { "verbose", 'v', false, OPTION_FLAG, offsetof(struct settings, verbose),
      NULL, NULL, "say more", 0, 0 },
    { "quick", 'q', false, OPTION_FLAG, offsetof(struct settings, quick), "yes",
      NULL, "be quick", 0, 0 },
    { "port", 'p', false, OPTION_NUMBER, offsetof(struct settings, port),
      "8555", "PORT", "listen on PORT", 1, 65535 },
    { "rate", 0, false, OPTION_NUMBER, offsetof(struct settings, rate), NULL,
      "N", "any number", 0, UINT64_MAX },
    { "name", 'n', false, OPTION_STRING, offsetof(struct settings, name), NULL,
      "NAME", "what to be called", 0, 0 },
    { "path", 0, false, OPTION_STRING, offsetof(struct settings, path),
      "/tmp/x", "PATH",
      "where things are kept, told at such length that it cannot possibly "
      "stand on a single row of the help",
      0, 0 },
    { "colour", 'c', false, OPTION_CHOICE, offsetof(struct settings, colour),
      "green", "red|green|blue", "which one", 0, 0 },
    { "version", 0, true, OPTION_FLAG, offsetof(struct settings, version), NULL,
      NULL, "print the version", 0, 0 },
};

static const struct option_table TABLE = { .rows = ROWS,
                                           .n = sizeof ROWS / sizeof *ROWS };

struct fixture {
    struct settings settings;
    struct option_error error;
    char *argv[16];
    int argc, rest;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (!f)
        return -1;
    option_defaults(&TABLE, &f->settings);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < f->argc; i++)
        free(f->argv[i]);
    option_free(&TABLE, &f->settings);
    free(f);
    return 0;
}

/* Words separated by single spaces; "''" is an empty one. */
static int parse(struct fixture *f, const char *line)
{
    char *copy = strdup(line), *at = NULL;

    for (int i = 0; i < f->argc; i++)
        free(f->argv[i]);
    f->argc = 0;
    for (char *w = strtok_r(copy, " ", &at); w; w = strtok_r(NULL, " ", &at))
        f->argv[f->argc++] = strdup(strcmp(w, "''") == 0 ? "" : w);
    f->argv[f->argc] = NULL;
    free(copy);
    return option_argv(&TABLE, &f->settings, f->argv, &f->rest, &f->error);
}

static int parse_file(struct fixture *f, struct str text)
{
    return option_file(&TABLE, &f->settings, "x.conf", text, &f->error);
}

static void expect_error(const struct fixture *f, const char *part)
{
    if (!strstr(f->error.text, part))
        print_error("\"%s\" lacks \"%s\"\n", f->error.text, part);
    assert_non_null(strstr(f->error.text, part));
}

static void test_option_defaults_fill_every_field(void **state)
{
    struct fixture *f = *state;

    assert_false(f->settings.verbose);
    assert_true(f->settings.quick);
    assert_int_equal(f->settings.port, 8555);
    assert_int_equal(f->settings.rate, 0);
    assert_string_equal(f->settings.name, "");
    assert_string_equal(f->settings.path, "/tmp/x");
    assert_int_equal(f->settings.colour, 1);
}

/* ---- the command line ---- */

static void test_option_argv_takes_every_form(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog --port=1 --name ann"), 0);
    assert_int_equal(f->settings.port, 1);
    assert_string_equal(f->settings.name, "ann");
    assert_int_equal(parse(f, "prog -p2 -n bob -c blue"), 0);
    assert_int_equal(f->settings.port, 2);
    assert_string_equal(f->settings.name, "bob");
    assert_int_equal(f->settings.colour, 2);
    assert_int_equal(parse(f, "prog -vp 3 --quick=no"), 0);
    assert_true(f->settings.verbose);
    assert_false(f->settings.quick);
    assert_int_equal(f->settings.port, 3);
    assert_int_equal(parse(f, "prog --version"), 0);
    assert_true(f->settings.version);
}

static void test_option_argv_takes_empty_values(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog --path="), 0);
    assert_string_equal(f->settings.path, "");
    assert_int_equal(parse(f, "prog --name x --path '' op"), 0);
    assert_string_equal(f->settings.path, "");
    assert_int_equal(f->rest, 5);
}

static void test_option_argv_moves_operands_last(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog one -v two --port 5 - three"), 0);
    assert_int_equal(f->rest, 4);
    assert_string_equal(f->argv[1], "-v");
    assert_string_equal(f->argv[2], "--port");
    assert_string_equal(f->argv[3], "5");
    assert_string_equal(f->argv[4], "one");
    assert_string_equal(f->argv[5], "two");
    assert_string_equal(f->argv[6], "-");
    assert_string_equal(f->argv[7], "three");
}

static void test_option_argv_may_take_numbers_as_operands(void **state)
{
    const struct option_table table = { ROWS, TABLE.n, .takes_numbers = true };
    char words[4][8] = { "prog", "-5", "-v", "-x" };
    char *argv[] = { words[0], words[1], words[2], NULL, NULL };
    struct fixture *f = *state;

    assert_int_equal(
        option_argv(&table, &f->settings, argv, &f->rest, &f->error), 0);
    assert_int_equal(f->rest, 2);
    assert_string_equal(argv[2], "-5");
    argv[3] = words[3];
    assert_int_equal(
        option_argv(&table, &f->settings, argv, &f->rest, &f->error), -1);
    assert_int_equal(parse(f, "prog -5"), -1);
}

static void test_option_argv_stops_at_two_dashes(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog a -- --port -x"), 0);
    assert_int_equal(f->rest, 2);
    assert_string_equal(f->argv[1], "--");
    assert_string_equal(f->argv[2], "a");
    assert_string_equal(f->argv[3], "--port");
    assert_string_equal(f->argv[4], "-x");
    assert_int_equal(f->settings.port, 8555);
}

static void test_option_argv_takes_dashes_as_a_value(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog --name --port"), 0);
    assert_string_equal(f->settings.name, "--port");
}

static void test_option_argv_of_nothing_is_fine(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog"), 0);
    assert_int_equal(f->rest, 1);
    assert_int_equal(parse(f, ""), 0);
    assert_int_equal(f->rest, 0);
}

static void test_option_argv_says_what_is_wrong(void **state)
{
    static const struct {
        const char *line, *error;
    } CASES[] = {
        { "prog --prot 1", "--prot: not known; did you mean --port?" },
        { "prog --colour=pink", "--colour: \"pink\" is not one of red|green" },
        { "prog --port 0", "--port: 0 is not within 1..65535" },
        { "prog --port 65536", "is not within" },
        { "prog --port 12a", "\"12a\" is not a number" },
        { "prog --port=", "\"\" is not a number" },
        { "prog --port -1", "\"-1\" is not a number" },
        { "prog --rate 18446744073709551616", "is not a number" },
        { "prog --port", "--port: needs an argument: PORT" },
        { "prog -n", "-n: needs an argument: NAME" },
        { "prog --verbose=maybe", "--verbose: \"maybe\" is not yes or no" },
        { "prog -z", "-z: not known" },
        { "prog --absolutely-nothing-like-it", "like-it: not known" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(parse(f, CASES[i].line), -1);
        expect_error(f, CASES[i].error);
    }
    assert_null(strstr(f->error.text, "did you mean"));
}

static void test_option_numbers_reach_their_limits(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse(f, "prog --rate 18446744073709551615 -p 65535"), 0);
    assert_true(f->settings.rate == UINT64_MAX);
    assert_int_equal(f->settings.port, 65535);
}

/* ---- the file ---- */

static void test_option_file_takes_keys(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse_file(f, S("\xEF\xBB\xBF# comment\n\n"
                                     "  port=99\r\n"
                                     "name =  Ann of #lobby = x \t\n"
                                     "verbose = on\n"
                                     "quick = false\n"
                                     "colour = red")),
                     0);
    assert_int_equal(f->settings.port, 99);
    assert_string_equal(f->settings.name, "Ann of #lobby = x");
    assert_true(f->settings.verbose);
    assert_false(f->settings.quick);
    assert_int_equal(f->settings.colour, 0);
}

static void test_option_file_lets_the_last_one_count(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(parse_file(f, S("name = a\nname = b\n")), 0);
    assert_string_equal(f->settings.name, "b");
}

static void test_option_file_says_where_it_is_wrong(void **state)
{
    static const struct {
        const char *text, *error;
    } CASES[] = {
        { "\n\nprot = 1", "x.conf:3: prot: not known; did you mean port?" },
        { "port", "x.conf:1: not of the form: key = value" },
        { "port = x", "x.conf:1: port: \"x\" is not a number" },
        { "version = yes", "version: only for the command line" },
        { "name = a\x1b[m", "control character" },
        { "name = \xff", "not UTF-8" },
        { "= x", "x.conf:1: : not known" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(parse_file(f, str_of(CASES[i].text)), -1);
        expect_error(f, CASES[i].error);
    }
    assert_int_equal(parse_file(f, S("name = a\0b")), -1);
}

static void test_option_file_is_bounded(void **state)
{
    static char big[OPTION_FILE_MAX + 1];
    struct fixture *f = *state;

    memset(big, '\n', sizeof big);
    assert_int_equal(parse_file(f, str_bytes(big, sizeof big)), -1);
    expect_error(f, "larger than");
    assert_int_equal(parse_file(f, str_bytes(big, OPTION_FILE_MAX)), 0);
    memset(big, 'x', OPTION_LINE_MAX + 1);
    assert_int_equal(parse_file(f, str_bytes(big, OPTION_LINE_MAX + 1)), -1);
    expect_error(f, "longer than");
}

static void test_option_file_survives_garbage(void **state)
{
    struct fixture *f = *state;
    struct rng rng = { test_seed(21) };

    for (int round = 0; round < 5000; round++) {
        static const char CHARS[] = "port=name \n#\r\t0123\xff\x01\xc3";
        char text[80];

        for (size_t i = 0; i < sizeof text; i++)
            text[i] = CHARS[rng_below(&rng, sizeof CHARS)];
        parse_file(f, str_bytes(text, sizeof text));
    }
}

/* ---- both ---- */

static void test_option_get_is_what_set_takes(void **state)
{
    static const char *const VALUES[] = { "yes", "no", "77",   "123456",
                                          "Ann", "/",  "blue", NULL };
    struct fixture *f = *state;

    for (size_t i = 0; VALUES[i]; i++) {
        char text[64];

        assert_int_equal(option_set(&TABLE, &f->settings, str_of(ROWS[i].name),
                                    str_of(VALUES[i]), &f->error),
                         0);
        option_get(&ROWS[i], &f->settings, text, sizeof text);
        assert_string_equal(text, VALUES[i]);
    }
}

static const char *chinese(const char *text)
{
    return strcmp(text, "say more") == 0
               ? "说得更多，多到这一行怎么也放不下，所以必须换行，接着再说很多"
                 "很多，直到第三行"
               : text;
}

static char *help(const char *(*translate)(const char *))
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    option_help(&TABLE, to, translate);
    fclose(to);
    return text;
}

static void test_option_help_is_aligned(void **state)
{
    char *text = help(NULL);

    (void)state;
    assert_string_equal(
        text,
        "  -v, --verbose                say more\n"
        "  -q, --quick                  be quick\n"
        "  -p, --port PORT              listen on PORT [8555]\n"
        "      --rate N                 any number\n"
        "  -n, --name NAME              what to be called\n"
        "      --path PATH              where things are kept, told at such "
        "length that\n"
        "                               it cannot possibly stand on a single "
        "row of the\n"
        "                               help [/tmp/x]\n"
        "  -c, --colour red|green|blue  which one [green]\n"
        "      --version                print the version\n");
    free(text);
}

static void test_option_help_fits_80_columns(void **state)
{
    const struct width_rule rule = { false, false };
    char *text = help(chinese), *at = NULL;

    (void)state;
    assert_non_null(strstr(text, "第三行"));
    for (char *l = strtok_r(text, "\n", &at); l; l = strtok_r(NULL, "\n", &at))
        assert_true(width_of(str_of(l), &rule) < 80);
    free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest TESTS[] = {
    TEST(test_option_defaults_fill_every_field),
    TEST(test_option_argv_takes_every_form),
    TEST(test_option_argv_takes_empty_values),
    TEST(test_option_argv_moves_operands_last),
    TEST(test_option_argv_may_take_numbers_as_operands),
    TEST(test_option_argv_stops_at_two_dashes),
    TEST(test_option_argv_takes_dashes_as_a_value),
    TEST(test_option_argv_of_nothing_is_fine),
    TEST(test_option_argv_says_what_is_wrong),
    TEST(test_option_numbers_reach_their_limits),
    TEST(test_option_file_takes_keys),
    TEST(test_option_file_lets_the_last_one_count),
    TEST(test_option_file_says_where_it_is_wrong),
    TEST(test_option_file_is_bounded),
    TEST(test_option_file_survives_garbage),
    TEST(test_option_get_is_what_set_takes),
    TEST(test_option_help_is_aligned),
    TEST(test_option_help_fits_80_columns),
};

int main(void)
{
    return RUN(TESTS);
}
