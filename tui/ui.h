/* SPDX-License-Identifier: MIT
 *
 * How things are shown, as far as the person chooses it: panes, look, scroll
 * position, and what the keys mean at the moment.  What is known stands in the
 * model; the view reads both and changes neither.
 */
#ifndef TUI_UI_H
#define TUI_UI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"
#include "shared/width.h"

enum pane_mode { PANE_AUTO, PANE_ON, PANE_OFF };

/* What keys go to. */
enum ui_mode {
    UI_CHAT,   /* the input line */
    UI_PAGE,   /* a page of text over the messages */
    UI_FIND,   /* the needle of a search in the room */
    UI_SWITCH, /* a few letters of the room to go to */
    UI_ASK     /* y or n */
};

enum ui_ask { ASK_PASTE, ASK_QUIT };

enum { QUERY_BYTES = 128 };

/* A short text typed in UI_FIND and UI_SWITCH. */
struct ui_query {
    char text[QUERY_BYTES];
    size_t len;
    size_t choice; /* UI_SWITCH: which of the rooms that fit */
    uint64_t hit;  /* UI_FIND: id of the line found, 0 for none */
    bool failed;   /* nothing fits */
};

/*
 * Where the message pane stands: the line at its bottom, and how many rows of
 * that line lie below the fold.  line 0 follows the newest.
 */
struct anchor {
    uint64_t line; /* id within the room's history */
    size_t below;
};

struct ui {
    int cols, rows; /* of the screen */
    bool full;      /* a full screen is drawn; false in line mode */
    enum ui_mode mode;
    enum pane_mode rooms, members;
    unsigned bell, timestamps; /* as in settings.h */
    bool quiet;                /* hide joins and leaves */
    bool bare;                 /* messages only, for copying with the mouse */
    struct width_rule rule;

    struct anchor anchor; /* of the current room */
    struct ui_query query;
    uint64_t pick; /* id of the line that commands are about, 0 for none */
    enum ui_ask ask;
    char *title, *page; /* UI_PAGE; owned */
    char *words;        /* marked in it, blanks between; or NULL; owned */
    size_t page_top;    /* first line of it shown */
    bool pasted;        /* the draft holds a big paste: ask before sending */

    const char *terminal; /* TERM and what it can do, for /doctor; borrowed */
    bool dirty;           /* must be drawn again */
    bool suspend;         /* give the terminal back to the shell for a while */
    bool beep;            /* a key could do nothing */
    bool redraw;          /* all of it, as the terminal may be garbled */
};

struct settings;

void ui_init(struct ui *);
void ui_fini(struct ui *);

/* Take over what the settings say of the look; the theme is the screen's. */
void ui_look(struct ui *, const struct settings *);

/* Enter a mode; leaving UI_PAGE drops the page. */
void ui_enter(struct ui *, enum ui_mode);

/* Show a page of text; copies both. */
void ui_show(struct ui *, const char *title, struct str text);

/* Words that are marked on the page shown; copies. */
void ui_mark(struct ui *, struct str words);

/* Add clean text to the query, or take its last character away. */
void ui_query_add(struct ui *, struct str text);
void ui_query_rub(struct ui *);

/* The newest lines again. */
void ui_follow(struct ui *);

#endif
