/* SPDX-License-Identifier: MIT
 *
 * Options from a table: defaults, then a configuration file, then the command
 * line.  A long option --listen-tcp is the key listen-tcp of the file; one
 * parser and one table serve both, and print --help.
 */
#ifndef SHARED_OPTION_H
#define SHARED_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/str.h"

enum {
    OPTION_FILE_MAX = 256 * 1024, /* bytes of a configuration file */
    OPTION_LINE_MAX = 4096,       /* bytes of one of its lines */
};

enum option_type {
    OPTION_FLAG,   /* no argument on the command line; yes/no in a file */
    OPTION_NUMBER, /* uint64_t, min..max */
    OPTION_STRING, /* char *, owned by the table's user, freed by option_free */
    OPTION_CHOICE  /* unsigned: index into "a|b|c" */
};

struct option_row {
    const char *name; /* without the dashes */
    char letter;      /* short form, 0 for none */
    bool argv_only;   /* not a key of the file (--help, --config, ...) */
    enum option_type type;
    size_t offset;     /* of the field in the settings struct */
    const char *def;   /* default, as text; NULL is "", 0 or false */
    const char *arg;   /* what --help calls the argument; choices: "a|b" */
    const char *doc;   /* one line; translated by the printer */
    uint64_t min, max; /* OPTION_NUMBER */
};

struct option_table {
    const struct option_row *rows;
    size_t n;
    bool takes_numbers; /* -5 is an operand, about which others can complain */
};

/* A mistake in the file or on the command line, ready to be shown. */
struct option_error {
    char text[256]; /* "FILE:LINE: what" or "--name: what" */
};

/* Set every field to its default; what was there before is not freed. */
void option_defaults(const struct option_table *, void *settings);

/*
 * Take a file's text: `key = value` lines, # comments, blank lines.
 *   file     its name, for the error
 *   returns  0, or -1 with *error: settings are half taken, throw them away
 */
int option_file(const struct option_table *, void *settings, const char *file,
                struct str text, struct option_error *error);

/*
 * Take the command line.  --name value, --name=value, -x value, -xvalue, --.
 *   argv     ends with NULL; its first word is the program's name
 *   rest     gets the index of the first operand; argv may be permuted so that
 *            operands stand last
 *   returns  0, or -1 with *error
 */
int option_argv(const struct option_table *, void *settings, char **argv,
                int *rest, struct option_error *error);

/* Set one field from text, as a file line would. */
int option_set(const struct option_table *, void *settings, struct str name,
               struct str value, struct option_error *error);

/* The value of a field as a file would have it; for SIGHUP reports. */
void option_get(const struct option_row *, const void *settings, char *out,
                size_t cap);

/* Print "  -x, --name ARG   doc [default]" lines. */
void option_help(const struct option_table *, FILE *,
                 const char *(*translate)(const char *));

/* Free every OPTION_STRING. */
void option_free(const struct option_table *, void *settings);

#endif
