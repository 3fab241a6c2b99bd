/* SPDX-License-Identifier: MIT
 *
 * The input line: text, cursor, kill ring, undo, recall of earlier lines and
 * search in them.  Pure: keys are bound elsewhere, and nothing here draws.
 *
 * The text is clean UTF-8 (text.h, TEXT_LINES) of at most EDIT_MAX bytes and
 * may hold LF.  The cursor stands between grapheme clusters.  Every edit_*
 * that has nothing to do (delete at the end, undo of nothing) does nothing and
 * returns false; the caller may ring a bell.
 */
#ifndef TUI_EDIT_H
#define TUI_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"
#include "tui/recall.h"
#include "tui/undo.h"

enum {
    EDIT_MAX = 64 * 1024, /* bytes of text */
    EDIT_KILLS = 16,      /* entries of the kill ring */
    EDIT_QUERY = 128,     /* bytes of a search query */
};

/* What the last action was: kills in a row join, a word typed is one step. */
enum edit_act { ACT_OTHER, ACT_TYPE, ACT_KILL, ACT_YANK };

struct edit {
    char *text; /* owned; len bytes, not terminated */
    size_t len, cap;
    size_t cursor;   /* byte, 0..len */
    unsigned serial; /* changes with text or cursor: for caches, redraw */
    enum edit_act last;
    struct undo undo;

    char *kills[EDIT_KILLS]; /* owned; the newest first */
    size_t kill_n;
    size_t yank_from, yank_to, yank_at; /* what the last yank put, and which */

    struct recall recall;
    size_t age;  /* entry shown, 1 is the newest; 0: the draft itself */
    char *draft; /* set aside while age > 0; owned */

    bool secret;    /* a password: shown as stars, remembered nowhere */
    bool searching; /* Ctrl-R mode */
    char query[EDIT_QUERY];
    size_t query_len;
    size_t found;    /* age of the match as for recall_get; SIZE_MAX: none */
    size_t found_at; /* byte of the match in it */
};

void edit_init(struct edit *);
void edit_fini(struct edit *);

/* ---- a password ---- */

/* What is typed from now on is one; what was typed is gone. */
void edit_begin_secret(struct edit *);

/* It is typed: the text, owned by the caller, who wipes it; nothing stays. */
char *edit_end_secret(struct edit *);

/* ---- the text ---- */

struct str edit_text(const struct edit *);

/* Replace all of it, cursor at the end (a draft of another room); forgets
 * undo, keeps kills and recall. */
void edit_set(struct edit *, struct str text);

/*
 * Take the line: remembered for recall, and the text becomes empty.
 *   returns  an owned, terminated copy; free()
 */
char *edit_take(struct edit *);

/*
 * Insert at the cursor; cleaned first, and cut at EDIT_MAX.  One character
 * typed, a line feed, or a whole paste: each call of more than one character
 * is one undo step.
 *   returns  false when not all of it went in
 */
bool edit_insert(struct edit *, struct str text);

/* Replace bytes from..to by text, cursor after it: for completion. */
bool edit_replace(struct edit *, size_t from, size_t to, struct str text);

/* ---- motion; the cursor goes by cluster ---- */

bool edit_left(struct edit *);
bool edit_right(struct edit *);
bool edit_word_left(struct edit *);
bool edit_word_right(struct edit *);
bool edit_home(struct edit *);  /* of the line; again: of the text */
bool edit_end(struct edit *);   /* likewise */
bool edit_first(struct edit *); /* of the text */
bool edit_last(struct edit *);

/* Up and Down: a line of the draft while there is one, then recall. */
bool edit_up(struct edit *);
bool edit_down(struct edit *);

/* Recall without line motion (Ctrl-Up, Ctrl-Down). */
bool edit_older(struct edit *);
bool edit_newer(struct edit *);

/* ---- deletion; what is killed can be yanked ---- */

bool edit_backspace(struct edit *);
bool edit_delete(struct edit *);
bool edit_kill_word_left(struct edit *);  /* Ctrl-W, Alt-Backspace */
bool edit_kill_word_right(struct edit *); /* Alt-D */
bool edit_kill_home(
    struct edit *);                /* Ctrl-U: to the start of line; there: LF */
bool edit_kill_end(struct edit *); /* Ctrl-K: to its end; there: the LF */
bool edit_kill_all(struct edit *); /* Ctrl-C: the draft */
bool edit_yank(struct edit *);     /* Ctrl-Y */
bool edit_yank_next(struct edit *); /* Alt-Y, only after a yank */
bool edit_transpose(struct edit *); /* Ctrl-T */

bool edit_undo(struct edit *);
bool edit_redo(struct edit *);

/* ---- search in the lines entered before (Ctrl-R) ---- */

/* Enter the mode, or when in it go to the next older match. */
bool edit_search(struct edit *);

/* While searching: grow and shrink the query; false: no match. */
bool edit_search_add(struct edit *, struct str text);
bool edit_search_back(struct edit *);

/* The line found, for showing; empty when there is none. */
struct str edit_search_match(const struct edit *);

/* Leave: take the match as the text, or keep the text as it was. */
void edit_search_accept(struct edit *);
void edit_search_cancel(struct edit *);

#endif
