/* SPDX-License-Identifier: MIT
 *
 * EDGE SQLite: what connections to any of our files have in common.
 */
#ifndef SERVER_LITE_H
#define SERVER_LITE_H

#include <stdbool.h>

#include <sqlite3.h>

struct lite_config {
    const char *path; /* ":memory:" is one, too */
    const char *vfs;  /* NULL: the system's */
    bool reads_only;
};

/*
 * Open, and be careful with what is in the file.
 *   lite     the connection, to be closed even after an error
 *   returns  SQLITE_OK, or another code of SQLite's
 */
int lite_open(const struct lite_config *, sqlite3 **lite);

/* Run statements that have no rows; a code of SQLite's. */
int lite_run(sqlite3 *, const char *text);

/* The number that a statement gives; `otherwise` when it gives none. */
int lite_number(sqlite3 *, const char *text, int otherwise);

#endif
