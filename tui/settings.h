/* SPDX-License-Identifier: MIT
 *
 * What the user asked for: the table of options.def as a struct, filled from
 * defaults, then the configuration file, then the environment, then the
 * command line.
 */
#ifndef TUI_SETTINGS_H
#define TUI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/option.h"
#include "tui/address.h"
#include "tui/client.h"
#include "tui/judge.h"

/* Indexes into the choices of options.def. */
enum { TLS_AUTO, TLS_ON, TLS_OFF };

enum { THEME_AUTO, THEME_DARK, THEME_LIGHT, THEME_MONO };

enum { STAMP_SHORT, STAMP_LONG, STAMP_OFF };

enum { BELL_MENTIONS, BELL_ALL, BELL_OFF };

enum { AMBIGUOUS_AUTO, AMBIGUOUS_ONE, AMBIGUOUS_TWO };

enum { EMOJI_REDUCED, EMOJI_FULL };

/* How the program talks to the person. */
enum mode { MODE_FULL, MODE_LINE, MODE_SEND, MODE_TAIL, MODE_PASSWORD };

typedef bool setting_FLAG;
typedef uint64_t setting_NUMBER;
typedef char *setting_STRING; /* owned, or NULL */
typedef unsigned setting_CHOICE;

struct settings {
#define OPTION(TYPE, field, name, letter, def, arg, min, max, where, doc)      \
    setting_##TYPE field;
#include "tui/options.def"

    /* Worked out of the above by settings_load. */
    char *file;             /* configuration file read, or looked for; owned */
    struct address address; /* of the server */
    enum mode mode;
    struct fingerprint pin; /* of the server's key, when `fingerprint` is set */
    bool nick_given;        /* on the command line or in the file */
    char **rooms;           /* operands in their full form; owned */
    size_t n_rooms;
};

extern const struct option_table SETTINGS_TABLE;

/*
 * Fill from all sources.
 *   argv     ends with NULL; permuted so that operands stand last
 *   error    gets a sentence for people
 *   returns  0, or the exit code of sysexits to end with
 */
int settings_load(struct settings *, char **argv, struct option_error *error);
void settings_free(struct settings *);

/*
 * The full form of a room's name as a person writes it in a shell, where '#'
 * would begin a comment: "lobby" is "#lobby"; "@nick" stays.
 *   returns  owned by the caller; NULL when it is no name
 */
char *settings_room(const char *text);

/* The text of --help. */
void settings_help(FILE *);

#endif
