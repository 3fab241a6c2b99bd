/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <locale.h>
#include <wchar.h>

#include <uv.h>

#include "shared/rng.h"
#include "tests/pty.h"
#include "tests/vt.h"
#include "tui/canvas.h"
#include "tui/key.h"
#include "tui/screen.h"
#include "tui/terminfo.h"
#include "tui/tty.h"

/* A mark that no screen sends: the bytes before it are the frame. */
#define MARK "\033]777;mark\a"

/* As the terminals that draw emoji sequences and new emoji wide. */
static int width_modern(uint32_t code)
{
    if (code == 0x2764 || code == 0x1fae8)
        return 2;
    return wcwidth((wchar_t)code);
}

/* As those that go by an old table. */
static int width_old(uint32_t code)
{
    return code == 0x1fae8 ? 1 : wcwidth((wchar_t)code);
}

/* As the terminals of people who read Chinese. */
static int width_east(uint32_t code)
{
    return code == 0x201c || code == 0x2026 ? 2 : width_modern(code);
}

struct world {
    uv_loop_t loop;
    struct pty *pty;
    struct tty *tty;
    struct screen *screen;
    struct width_rule rule;
    struct canvas canvas;
    struct vt vt;
};

static struct world *world_on(const char *term, int cols, int rows,
                              int (*width)(uint32_t))
{
    struct world *w = calloc(1, sizeof *w);
    struct tty_events events = { 0 };
    char error[200] = "";
    int saved;

    assert_non_null(w);
    setenv("TERM", term, 1);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->pty = pty_open(cols, rows);
    saved = pty_attach(w->pty);
    w->tty = tty_open(&w->loop, &events, error, sizeof error);
    pty_release(saved);
    assert_string_equal(error, "");
    w->screen = screen_open(w->tty, LOOK_DARK, error, sizeof error);
    assert_string_equal(error, "");
    w->rule.full_emoji = true;
    w->rule.ambiguous_wide = width == width_east;
    canvas_init(&w->canvas, &w->rule);
    canvas_resize(&w->canvas, cols, rows);
    vt_init(&w->vt, cols, rows, width);
    return w;
}

static struct world *world_new(int cols, int rows, int (*width)(uint32_t))
{
    return world_on("xterm-256color", cols, rows, width);
}

static void world_free(struct world *w)
{
    canvas_fini(&w->canvas);
    screen_close(w->screen);
    tty_close(w->tty);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    pty_close(w->pty);
    free(w);
}

/* What the terminal has been sent until now, shown on it; bytes it was. */
static long arrive(struct world *w)
{
    long n;

    assert_true(tty_write(w->tty, str_of(MARK)));
    n = pty_await(w->pty, MARK);
    assert_true(n >= 0);
    vt_feed(&w->vt, str_bytes(w->pty->text, (size_t)n));
    pty_forget(w->pty);
    return n;
}

static long show(struct world *w)
{
    assert_true(screen_show(w->screen, &w->canvas));
    return arrive(w);
}

/* Whether the terminal shows a cell; the right half of an odd one may be
 * blank, where the terminal takes it for narrow. */
static bool shows(const struct vt_cell *vt, const struct cell *cell)
{
    struct str text = str_bytes(cell->text, cell->len);

    if (cell->cols == 0)
        return vt->text[0] == '\0' || strcmp(vt->text, " ") == 0;
    return str_is(text, vt->text);
}

static bool is_shown(struct world *w, char *why, size_t cap)
{
    struct canvas *c = &w->canvas;

    for (int row = 0; row < c->rows; row++) {
        for (int col = 0; col < c->cols; col++) {
            const struct cell *cell = &c->cells[row * c->cols + col];
            const struct vt_cell *vt = &w->vt.cells[row][col];

            if (shows(vt, cell))
                continue;
            snprintf(why, cap, "row %d col %d: \"%s\" instead of \"%.*s\"", row,
                     col, vt->text, cell->len, cell->text);
            return false;
        }
    }
    if (w->vt.hidden != (c->cursor_col < 0)) {
        snprintf(why, cap, "cursor hidden %d", w->vt.hidden);
        return false;
    }
    if (c->cursor_col >= 0 &&
        (w->vt.row != c->cursor_row || w->vt.col != c->cursor_col)) {
        snprintf(why, cap, "cursor at %d,%d instead of %d,%d", w->vt.row,
                 w->vt.col, c->cursor_row, c->cursor_col);
        return false;
    }
    return true;
}

static void check_shown(struct world *w)
{
    char why[200];

    if (!is_shown(w, why, sizeof why))
        fail_msg("%s", why);
}

/* ---- a room with messages, input row and status row ---- */

static void draw_row(struct world *w, int row, const char *text)
{
    canvas_fill(&w->canvas, span(row, 0, w->canvas.cols), STYLE_text, ' ');
    canvas_text(&w->canvas, span(row, 0, w->canvas.cols), STYLE_text,
                str_of(text));
}

static void draw_room(struct world *w, int newest, int typed)
{
    struct canvas *c = &w->canvas;
    char text[100];

    canvas_clear(c);
    for (int row = 0; row < c->rows - 2; row++) {
        int number = newest - (c->rows - 3 - row);

        snprintf(text, sizeof text, "10:%02d li-wei  line %d of many%s",
                 number % 60, number, number % 3 ? "" : " \xe4\xb8\xad");
        draw_row(w, row, text);
    }
    canvas_fill(c, span(c->rows - 2, 0, c->cols), STYLE_bar, '=');
    canvas_fill(c, span(c->rows - 1, 0, typed), STYLE_input, 'x');
    c->cursor_row = c->rows - 1;
    c->cursor_col = typed;
}

static void test_screen_shows_what_is_on_the_canvas(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    show(w);

    assert_true(w->vt.alternate);
    assert_true(w->vt.paste);
    check_shown(w);
    world_free(w);
}

static void test_screen_is_silent_when_nothing_changes(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    show(w);
    for (int i = 0; i < 10; i++) {
        draw_room(w, 100, 3);
        assert_int_equal(show(w), 0);
    }
    world_free(w);
}

static void test_screen_key_costs_two_bytes_at_most(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    show(w);
    for (int typed = 4; typed < 60; typed++) {
        draw_room(w, 100, typed);
        assert_in_range(show(w), 1, 2);
    }
    check_shown(w);
    world_free(w);
}

static void test_screen_message_is_scrolled_by_the_terminal(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    show(w);
    for (int newest = 101; newest < 140; newest++) {
        draw_room(w, newest, 3);
        assert_in_range(show(w), 30, 100);
        check_shown(w);
    }
    world_free(w);
}

static void test_screen_redraws_everything_when_asked(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    show(w);
    vt_resize(&w->vt, 80, 24); /* rubbish */
    screen_redraw(w->screen);
    assert_true(show(w) > 500);

    check_shown(w);
    world_free(w);
}

static void test_screen_follows_a_resize(void **state)
{
    static const int SIZES[][2] = { { 1, 1 },     { 120, 40 }, { 20, 5 },
                                    { 200, 100 }, { 2, 50 },   { 80, 24 } };
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    show(w);
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++) {
        canvas_resize(&w->canvas, SIZES[i][0], SIZES[i][1]);
        vt_resize(&w->vt, SIZES[i][0], SIZES[i][1]);
        canvas_clear(&w->canvas);
        for (int row = 0; row < SIZES[i][1]; row++)
            draw_row(w, row, "some \xe4\xb8\xad\xe6\x96\x87 text");
        w->canvas.cursor_col = w->canvas.cursor_row = 0;
        show(w);
        check_shown(w);
    }
    world_free(w);
}

static void test_screen_ignores_lines_and_columns(void **state)
{
    struct world *w;

    (void)state;
    setenv("LINES", "5", 1);
    setenv("COLUMNS", "11", 1);
    w = world_new(80, 24, width_modern);
    draw_room(w, 100, 3);
    show(w);
    check_shown(w);
    world_free(w);
    unsetenv("LINES");
    unsetenv("COLUMNS");
}

/* Clusters that wcwidth, the terminal and we measure differently. */
static void check_odd(int (*width)(uint32_t))
{
    struct world *w = world_new(60, 10, width);

    for (int newest = 0; newest < 40; newest++) {
        char text[200];

        for (int row = 0; row < 8; row++) {
            int n = newest + row;

            snprintf(text, sizeof text, "%d %s|%s|%s%s|end", n,
                     n % 3 ? "\xe2\x9d\xa4\xef\xb8\x8f" : "a",
                     n % 2 ? "\xf0\x9f\xab\xa8" : "\xe4\xb8\xad",
                     n % 5 ? "\xe2\x80\x9c" : "\xe2\x80\xa6",
                     n % 7 ? "" : "\xe2\x9d\xa4\xef\xb8\x8f\xf0\x9f\xab\xa8");
            draw_row(w, row, text);
        }
        w->canvas.cursor_row = 9;
        w->canvas.cursor_col = newest;
        show(w);
        check_shown(w);
    }
    world_free(w);
}

static void test_screen_keeps_rows_straight_behind_odd_cells(void **state)
{
    (void)state;
    check_odd(width_modern);
    check_odd(width_old);
    check_odd(width_east);
}

static void test_screen_takes_an_odd_cell_away(void **state)
{
    struct world *w = world_new(40, 5, width_modern);

    (void)state;
    draw_row(w, 1, "a\xe2\x9d\xa4\xef\xb8\x8f z");
    show(w);
    check_shown(w);
    draw_row(w, 1, "a   z");
    show(w);
    check_shown(w);
    draw_row(w, 1, "a\xf0\x9f\xab\xa8 z");
    show(w);
    check_shown(w);
    draw_row(w, 1, "a\xe2\x9d\xa4\xef\xb8\x8f z");
    show(w);
    check_shown(w);
    world_free(w);
}

/* ---- random pictures ---- */

static void scribble(struct world *w, struct rng *rng)
{
    static const char *const BITS[] = {
        "word",
        " ",
        "  ",
        "\xe4\xb8\xad\xe6\x96\x87",
        "e\xcc\x81",
        "x",
        "\xe2\x9d\xa4\xef\xb8\x8f",
        "\xf0\x9f\xab\xa8",
        "\xe2\x80\x9c",
        "123456",
        "\xed\x95\x9c",
        "                    ",
    };
    struct canvas *c = &w->canvas;
    int row = (int)rng_below(rng, (uint64_t)c->rows);
    int col = (int)rng_below(rng, (uint64_t)c->cols);

    for (uint64_t n = 1 + rng_below(rng, 12); n > 0; n--) {
        size_t bit = (size_t)rng_below(rng, sizeof BITS / sizeof *BITS);

        col = canvas_text(c, span(row, col, c->cols),
                          (enum style)rng_below(rng, STYLE_COUNT),
                          str_of(BITS[bit]));
    }
}

/* Move some rows up or down, as a new message or the wheel does. */
static void shift(struct world *w, struct rng *rng)
{
    struct canvas *c = &w->canvas;
    size_t cols = (size_t)c->cols, row = cols * sizeof *c->cells;
    int top = (int)rng_below(rng, (uint64_t)c->rows);
    int bottom = top + (int)rng_below(rng, (uint64_t)(c->rows - top));

    if (bottom <= top)
        return;
    struct cell *first = &c->cells[(size_t)top * cols];
    if (rng_below(rng, 2))
        memmove(first, first + cols, (size_t)(bottom - top) * row);
    else
        memmove(first + cols, first, (size_t)(bottom - top) * row);
}

static void change(struct world *w, struct rng *rng)
{
    static const int SIZES[][2] = { { 40, 12 }, { 7, 20 }, { 90, 30 } };
    size_t size;

    switch (rng_below(rng, 40)) {
    case 0:
        size = (size_t)rng_below(rng, sizeof SIZES / sizeof *SIZES);
        canvas_resize(&w->canvas, SIZES[size][0], SIZES[size][1]);
        screen_redraw(w->screen);
        vt_resize(&w->vt, SIZES[size][0], SIZES[size][1]);
        break;
    case 1: screen_redraw(w->screen); break;
    case 2: screen_look(w->screen, (enum look)rng_below(rng, 3)); break;
    case 3: canvas_clear(&w->canvas); break;
    case 4:
    case 5:
    case 6:
    case 7: shift(w, rng); break;
    default: scribble(w, rng); break;
    }
}

static void check_random(const char *term, uint64_t seed, int rounds,
                         int (*width)(uint32_t))
{
    struct world *w = world_on(term, 40, 12, width);
    struct rng rng = { seed };
    char why[200];

    for (int round = 0; round < rounds; round++) {
        for (uint64_t n = 1 + rng_below(&rng, 4); n > 0; n--)
            change(w, &rng);
        w->canvas.cursor_col = (int)rng_below(&rng, 7) - 1;
        w->canvas.cursor_row = w->canvas.cursor_col < 0 ? -1 : 3;
        show(w);
        if (!is_shown(w, why, sizeof why))
            fail_msg("SEED=%llu on %s, round %d: %s", (unsigned long long)seed,
                     term, round, why);
    }
    world_free(w);
}

static void test_screen_shows_any_picture_after_any_other(void **state)
{
    uint64_t seed = test_seed(4711);

    (void)state;
    check_random("xterm-256color", seed, 1500, width_modern);
    check_random("xterm-256color", seed + 1, 1500, width_old);
    check_random("xterm-256color", seed + 2, 1500, width_east);
}

static void test_screen_does_so_on_other_terminals(void **state)
{
    static const char *const TERMS[] = { "xterm",  "tmux-256color",
                                         "screen", "screen-256color",
                                         "linux",  "rxvt",
                                         "vt220" };
    uint64_t seed = test_seed(42);

    (void)state;
    for (size_t i = 0; i < sizeof TERMS / sizeof *TERMS; i++)
        check_random(TERMS[i], seed + i, 300, width_modern);
}

/* ---- the rest ---- */

static void test_screen_speaks_ascii_where_it_must(void **state)
{
    struct world *w;

    (void)state;
    setlocale(LC_ALL, "C");
    w = world_new(40, 5, width_modern);
    draw_row(w, 1,
             "\xe2\x80\x9chi\xe2\x80\x9d \xe4\xb8\xad e\xcc\x81 a\xe2\x80\xa6");
    show(w);
    draw_row(w, 1, "\"hi\" ?? ? a.");
    check_shown(w);
    assert_false(screen_ask_width(w->screen));
    world_free(w);
    setlocale(LC_ALL, "C.UTF-8");
}

static void test_screen_leaves_the_terminal_as_it_was(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    draw_room(w, 100, 3);
    w->canvas.cursor_col = -1;
    show(w);
    assert_true(w->vt.hidden);
    screen_leave(w->screen);
    arrive(w);
    assert_false(w->vt.alternate);
    assert_false(w->vt.paste);
    assert_false(w->vt.hidden);

    vt_resize(&w->vt, 80, 24);
    screen_enter(w->screen);
    show(w);

    assert_true(w->vt.alternate);
    assert_true(w->vt.paste);
    check_shown(w);
    screen_leave(w->screen);
    arrive(w);
    assert_false(w->vt.alternate);
    world_free(w);
}

/* What is drawn outside would be left on the shell's screen. */
static void test_screen_draws_on_the_alternate_screen_only(void **state)
{
    struct world *w = world_new(80, 24, width_modern);

    (void)state;
    assert_true(screen_ask_width(w->screen));
    arrive(w);
    draw_room(w, 100, 3);
    show(w);
    assert_false(w->vt.spoilt);

    for (int i = 0; i < 2; i++) {
        screen_leave(w->screen);
        arrive(w);
        w->vt.spoilt = false; /* the cursor goes to the last row */
        screen_enter(w->screen);
        show(w);
        assert_false(w->vt.spoilt);
    }
    world_free(w);
}

static void test_screen_asks_how_wide_a_quotation_mark_is(void **state)
{
    struct world *w = world_new(80, 24, width_modern);
    struct key narrow = { KT_REPORT, .code = REPORT_CURSOR, .args = { 1, 2 } };
    struct key wide = { KT_REPORT, .code = REPORT_CURSOR, .args = { 1, 3 } };
    struct key other = { KT_REPORT, .code = REPORT_OTHER, .args = { 1, 3 } };

    (void)state;
    arrive(w);
    assert_true(screen_ask_width(w->screen));
    assert_true(pty_await(w->pty, "\033[6n") > 0);
    arrive(w);
    canvas_clear(&w->canvas);
    w->canvas.cursor_col = w->canvas.cursor_row = 0;
    check_shown(w); /* wiped */
    assert_false(screen_is_wide(&narrow));
    assert_true(screen_is_wide(&wide));
    assert_false(screen_is_wide(&other));
    world_free(w);
}

static void test_screen_paints_nothing_while_bytes_are_owed(void **state)
{
    struct world *w = world_new(80, 24, width_modern);
    int shown = 0;

    (void)state;
    for (int newest = 0; newest < 2000 && !tty_busy(w->tty); newest++) {
        draw_room(w, newest * 30, 3);
        shown += screen_show(w->screen, &w->canvas);
    }
    assert_true(tty_busy(w->tty));
    assert_true(shown > 2);
    draw_room(w, 7, 3);
    assert_false(screen_show(w->screen, &w->canvas));

    while (tty_busy(w->tty)) {
        assert_true(pty_take(w->pty));
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    assert_true(screen_show(w->screen, &w->canvas));
    arrive(w);
    check_shown(w);
    world_free(w);
}

static void check_refused(const char *term, const char *word)
{
    struct tty_events events = { 0 };
    struct pty *pty = pty_open(80, 24);
    char error[200] = "";
    struct tty *tty;
    uv_loop_t loop;
    int saved = pty_attach(pty);

    assert_int_equal(uv_loop_init(&loop), 0);
    tty = tty_open(&loop, &events, error, sizeof error);
    pty_release(saved);
    assert_non_null(tty);
    if (term)
        setenv("TERM", term, 1);
    else
        unsetenv("TERM");

    assert_null(screen_open(tty, LOOK_DARK, error, sizeof error));

    assert_non_null(strstr(error, word));
    assert_true(tty_write(tty, str_of(MARK)));
    assert_int_equal(pty_await(pty, MARK), 0); /* nothing was written */
    tty_close(tty);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    pty_close(pty);
}

static void test_screen_refuses_terminals_that_cannot(void **state)
{
    (void)state;
    check_refused(NULL, "TERM");
    check_refused("dumb", "dumb");
    check_refused("no-such-terminal", "no-such-terminal");
}

static void test_screen_knows_modern_names(void **state)
{
    struct tty_events events = { 0 };
    struct pty *pty = pty_open(80, 24);
    char error[200] = "";
    struct screen *screen;
    struct tty *tty;
    uv_loop_t loop;
    int saved = pty_attach(pty);

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    tty = tty_open(&loop, &events, error, sizeof error);
    pty_release(saved);
    setenv("TERM", "xterm-ghostty", 1);

    screen = screen_open(tty, LOOK_DARK, error, sizeof error);

    assert_non_null(screen);
    assert_non_null(strstr(screen_describe(screen), "xterm-256color"));
    screen_close(screen);
    tty_close(tty);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    pty_close(pty);
}

static void test_screen_title_cannot_be_broken_out_of(void **state)
{
    struct world *w = world_new(80, 24, width_modern);
    static const char EVIL[] = "a\a\033]52;c;AAAA\033\\\x9d\xc2\x9d\nb";
    const char *end;

    (void)state;
    arrive(w);
    screen_title(w->screen, str_of(EVIL));
    assert_true(tty_write(w->tty, str_of(MARK)));
    assert_true(pty_await(w->pty, MARK) > 0);

    assert_memory_equal(w->pty->text, "\033]2;a", 5);
    end = strchr(w->pty->text, '\a');
    assert_non_null(end);
    assert_memory_equal(end + 1, MARK, sizeof MARK - 1);
    assert_null(
        memchr(w->pty->text + 1, '\033', (size_t)(end - w->pty->text) - 1));
    world_free(w);
}

int main(void)
{
    static const struct CMUnitTest TESTS[] = {
        cmocka_unit_test(test_screen_shows_what_is_on_the_canvas),
        cmocka_unit_test(test_screen_is_silent_when_nothing_changes),
        cmocka_unit_test(test_screen_key_costs_two_bytes_at_most),
        cmocka_unit_test(test_screen_message_is_scrolled_by_the_terminal),
        cmocka_unit_test(test_screen_redraws_everything_when_asked),
        cmocka_unit_test(test_screen_follows_a_resize),
        cmocka_unit_test(test_screen_ignores_lines_and_columns),
        cmocka_unit_test(test_screen_keeps_rows_straight_behind_odd_cells),
        cmocka_unit_test(test_screen_takes_an_odd_cell_away),
        cmocka_unit_test(test_screen_shows_any_picture_after_any_other),
        cmocka_unit_test(test_screen_does_so_on_other_terminals),
        cmocka_unit_test(test_screen_speaks_ascii_where_it_must),
        cmocka_unit_test(test_screen_leaves_the_terminal_as_it_was),
        cmocka_unit_test(test_screen_draws_on_the_alternate_screen_only),
        cmocka_unit_test(test_screen_asks_how_wide_a_quotation_mark_is),
        cmocka_unit_test(test_screen_paints_nothing_while_bytes_are_owed),
        cmocka_unit_test(test_screen_refuses_terminals_that_cannot),
        cmocka_unit_test(test_screen_knows_modern_names),
        cmocka_unit_test(test_screen_title_cannot_be_broken_out_of),
    };

    setlocale(LC_ALL, "C.UTF-8");
    return RUN(TESTS);
}
