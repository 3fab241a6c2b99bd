/* SPDX-License-Identifier: MIT
 *
 * What a line of history says, in words and styles, before it is laid out.
 */
#ifndef TUI_PHRASE_H
#define TUI_PHRASE_H

#include <stddef.h>

#include "shared/bounds.h"
#include "shared/str.h"
#include "tui/canvas.h"

struct line;

enum { PHRASE_BYTES = 1536 };

struct phrase {
    struct str label;  /* for the name column: a nick, "*", "--" */
    struct str prefix; /* before the body: who does it */
    struct str body;   /* may hold LF */
    enum style label_style, prefix_style, body_style;
    char mark; /* delivery: ' ' '.' '>' '!' */
    enum style mark_style;
    char buffer[PHRASE_BYTES];       /* where a made-up body lies */
    char before[NAME_MAX_BYTES + 8]; /* and a prefix */
};

/* Fill it; strings view into the line and into the phrase itself. */
void phrase_of(struct phrase *, const struct line *);

/* The same for a layout without columns: the label goes into the prefix. */
void phrase_inline(struct phrase *, const struct line *);

/*
 * What stands behind its text: that it was edited, and how others reacted.
 *   returns  bytes written, at most PHRASE_BYTES; 0: nothing
 */
size_t phrase_behind(const struct line *, char out[PHRASE_BYTES]);

/* One row for a line that is answered; NULL: it is not held. */
size_t phrase_quote(const struct line *, char out[PHRASE_BYTES]);

/* The colour of a nick: the same one for the same name, in any case. */
enum style phrase_nick_style(struct str nick);

#endif
