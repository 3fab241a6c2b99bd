/* SPDX-License-Identifier: MIT
 *
 * Bytes that a screen sends through a real pseudo terminal: for a typed key,
 * for a new message in a full-width pane and beside side panes, for a whole
 * repaint, and while nothing happens.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "tests/pty.h"
#include "tui/canvas.h"
#include "tui/screen.h"
#include "tui/tty.h"

enum { MESSAGES = 200, MERGED = 10, KEYS = 60, PANE = 16 };

/* A mark that no screen sends: the bytes before it are the frame. */
#define MARK "\033]777;mark\a"

struct bench {
    struct pty *pty;
    struct tty *tty;
    struct screen *screen;
    struct canvas canvas;
    bool panes;
    int newest; /* number of the last message */
    int typed;  /* characters in the input row */
};

static const struct width_rule RULE = { false, false };

static struct str text(char *out, size_t cap, int message)
{
    static const char *const WORDS[] = { "the",   "link", "drops", "every",
                                         "other", "beat", "again", "today" };
    size_t n = 3 + (size_t)(message * 7 % 6);
    size_t len =
        (size_t)snprintf(out, cap, "%02d:%02d %10s  ", 10 + message / 60 % 10,
                         message % 60, message % 3 ? "li-wei" : "ana");

    for (size_t i = 0; i < n && len < cap; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s ",
                                WORDS[((size_t)message * 5 + i * 3) % 8]);
    return str_bytes(out, len < cap ? len : cap - 1);
}

static void draw(struct bench *b)
{
    struct canvas *c = &b->canvas;
    int left = b->panes ? PANE : 0, right = c->cols - left, top = 1;
    int bottom = c->rows - 3;
    char line[256];

    canvas_clear(c);
    canvas_fill(c, span(0, left, right), STYLE_bar, ' ');
    canvas_text(c, span(0, left, right), STYLE_bar, str_of(" #design  review"));
    for (int row = bottom; row >= top; row--)
        canvas_text(c, span(row, left, right), STYLE_text,
                    text(line, sizeof line, b->newest - (bottom - row)));
    for (int row = 0; b->panes && row < c->rows - 2; row++) {
        snprintf(line, sizeof line, "%d room-%d", row, row);
        canvas_text(c, span(row, 0, left), STYLE_room, str_of(line));
        snprintf(line, sizeof line, "+ member-%d", row);
        canvas_text(c, span(row, right, c->cols), STYLE_here, str_of(line));
    }
    canvas_fill(c, span(c->rows - 2, 0, c->cols), STYLE_bar, ' ');
    canvas_text(c, span(c->rows - 2, 0, c->cols), STYLE_bar,
                str_of(" [2 #design]"));
    canvas_text(c, span(c->rows - 1, 0, c->cols), STYLE_prompt,
                str_of("you> "));
    canvas_fill(c, span(c->rows - 1, 5, 5 + b->typed), STYLE_input, 'x');
    c->cursor_row = c->rows - 1;
    c->cursor_col = 5 + b->typed;
}

/* Draw and show; bytes that took. */
static long frame(struct bench *b)
{
    long n;

    draw(b);
    if (!screen_show(b->screen, &b->canvas))
        return -1;
    tty_write(b->tty, str_of(MARK));
    n = pty_await(b->pty, MARK);
    pty_forget(b->pty);
    return n;
}

static void report(const char *what, long bytes, int n)
{
    printf("  %-28s %8.1f B\n", what, (double)bytes / n);
}

static void run(struct bench *b)
{
    long bytes;

    b->newest = 100;
    b->typed = 0;
    screen_redraw(b->screen);
    frame(b);
    report("idle turn", frame(b), 1);
    for (bytes = 0; b->typed < KEYS;) {
        b->typed++;
        bytes += frame(b);
    }
    report("typed key", bytes, KEYS);
    bytes = 0;
    for (int i = 0; i < MESSAGES; i++) {
        b->newest++;
        bytes += frame(b);
    }
    report("new message", bytes, MESSAGES);
    bytes = 0;
    for (int i = 0; i < MESSAGES / MERGED; i++) {
        b->newest += MERGED;
        bytes += frame(b);
    }
    report("new message, 10 merged", bytes, MESSAGES);
    screen_redraw(b->screen);
    report("full repaint", frame(b), 1);
}

static void bench_size(uv_loop_t *loop, int cols, int rows)
{
    struct bench b = { .pty = pty_open(cols, rows) };
    struct tty_events events = { 0 };
    char error[200];
    int saved = pty_attach(b.pty);

    b.tty = tty_open(loop, &events, error, sizeof error);
    pty_release(saved);
    b.screen =
        b.tty ? screen_open(b.tty, LOOK_DARK, error, sizeof error) : NULL;
    if (!b.screen) {
        fprintf(stderr, "bench_screen: %s\n", error);
        exit(1);
    }
    canvas_init(&b.canvas, &RULE);
    canvas_resize(&b.canvas, cols, rows);
    for (int panes = 0; panes < 2; panes++) {
        b.panes = panes;
        printf("%dx%d, %s\n", cols, rows,
               panes ? "two side panes" : "full width");
        run(&b);
    }
    canvas_fini(&b.canvas);
    screen_close(b.screen);
    tty_close(b.tty);
    uv_run(loop, UV_RUN_DEFAULT);
    pty_close(b.pty);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();

    setlocale(LC_ALL, "C.UTF-8");
    setenv("TERM", "xterm-256color", 1);
    bench_size(loop, 80, 24);
    bench_size(loop, 120, 40);
    return uv_loop_close(loop) == 0 ? 0 : 1;
}
