/* SPDX-License-Identifier: MIT
 *
 * What commands and key actions work on: the client, what it knows, what is
 * being typed, and how it is shown.  Owned by main; all pointers borrowed.
 * The same commands run full screen and line by line.
 */
#ifndef TUI_CHAT_H
#define TUI_CHAT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"
#include "shared/str.h"

struct client;
struct completion;
struct edit;
struct model;
struct net;
struct room;
struct secure_base;
struct settings;
struct state;
struct trust;
struct ui;
struct uv_loop_s;

struct chat {
    struct client *client;
    struct model *model;
    struct ui *ui;     /* never NULL; line mode has one nobody draws */
    struct edit *edit; /* NULL in line mode */
    struct completion *completion; /* of Tab; NULL in line mode */
    struct settings *settings;
    struct net *net;            /* NULL in tests */
    struct uv_loop_s *loop;     /* NULL in tests */
    struct state *state;        /* where the token is kept, or NULL */
    struct secure_base *secure; /* encryption; NULL: clear text */
    struct trust *trust;        /* who judges servers; NULL with secure */
    uint64_t typing_us; /* mono_us of the last TYPING sent, 0: stopped */
    uint64_t ask_us;    /* mono_us before which chat_turn asks nothing */
    bool asks_secret;   /* line mode: the next line is a new password */
    bool quit;          /* the person wants to leave; BYE has been said */
};

/*
 * Say something in a room: cleaned, cut into messages within the server's
 * limits at line ends.
 *   kind     value set event: MESSAGE or ACTION
 *   returns  how many messages it made; 0 when there was nothing to say
 */
unsigned chat_say(struct chat *, struct room *, unsigned kind, struct str text,
                  struct now);

/* The same, in answer to the line of a seq. */
unsigned chat_reply(struct chat *, struct room *, uint64_t ref, struct str text,
                    struct now);

/* Let an own line say something else; one that is too long is not changed. */
void chat_edit(struct chat *, struct room *, uint64_t ref, struct str text,
               struct now);

/*
 * Show a page of text (help, /names): over the messages on a full screen, as
 * notices line by line otherwise.
 */
void chat_page(struct chat *, const char *title, struct str text, struct now);

/* Go to a room; the draft stays with the room it was written in. */
void chat_go(struct chat *, size_t index);

/* Leave a room for good; it goes off the list when the server knows. */
void chat_part(struct chat *, struct room *, struct str why, struct now);

/* Leave: BYE with a reason (value set reason), then quit. */
void chat_quit(struct chat *, unsigned reason, struct str text, struct now);

/*
 * Once a turn: ask the server for what is missing (gaps, members), a little at
 * a time.  chat_deadline is when it wants to be called again at the latest.
 */
void chat_turn(struct chat *, struct now);
uint64_t chat_deadline(const struct chat *);

/*
 * Ask for older lines of a room; 0: a page of them.
 *   returns  why not, for people; NULL: they come
 */
const char *chat_older(struct chat *, struct room *, unsigned lines,
                       struct now);

#endif
