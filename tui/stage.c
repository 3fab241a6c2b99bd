/* SPDX-License-Identifier: MIT
 *
 * EDGE: starting and stopping ncurses; see stage.h.
 */
#include "tui/stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NCURSES_NOMACROS
#include <curses.h>

#include "tui/lang.h"
#include "tui/terminfo.h"

static void set_number(const char *name, int number)
{
    char text[12];

    snprintf(text, sizeof text, "%d", number);
    (void)setenv(name, text, 1);
}

/*
 * newterm believes LINES and COLUMNS before all else.  It has nothing better to
 * go by, as the sink has no size, and terminfo does not always tell one; later
 * they would be a lie, to us and to an editor that we start.
 */
static void start_curses(struct stage *s, int cols, int rows)
{
    set_number("COLUMNS", cols);
    set_number("LINES", rows);
    s->curses = newterm(s->type, s->sink.file, s->source);
    (void)unsetenv("COLUMNS");
    (void)unsetenv("LINES");
}

static void set_modes(void)
{
    if (has_colors()) {
        (void)start_color();
        (void)use_default_colors();
    }
    (void)nonl();        /* the tty changes no bytes */
    (void)typeahead(-1); /* there is no input to look for */
    (void)idlok(stdscr, TRUE);
}

bool stage_start(struct stage *s, int cols, int rows, char *error, size_t cap)
{
    const char *term = getenv("TERM"), *type;

    *s = (struct stage){ .curses = NULL };
    if (!term || !*term) {
        snprintf(error, cap, _("TERM is not set"));
        return false;
    }
    type = terminfo_type(term);
    if (!type) {
        snprintf(error, cap, _("terminfo does not know the terminal %.40s"),
                 term);
        return false;
    }
    snprintf(s->type, sizeof s->type, "%s", type);
    sink_init(&s->sink);
    s->source = fopen("/dev/null", "r");
    if (!s->sink.file || !s->source) {
        snprintf(error, cap, _("no memory file for the screen: %s"),
                 strerror(errno));
        return false;
    }
    start_curses(s, cols, rows);
    if (!s->curses || !terminfo_string("cup") || !terminfo_string("clear")) {
        snprintf(error, cap, _("the terminal %.40s cannot place its cursor"),
                 s->type);
        return false;
    }
    set_modes();
    return true;
}

void stage_stop(struct stage *s)
{
    if (s->curses) {
        (void)endwin();
        delscreen(s->curses);
    }
    sink_fini(&s->sink);
    if (s->source)
        (void)fclose(s->source);
    *s = (struct stage){ .curses = NULL };
}
