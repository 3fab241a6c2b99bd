/* SPDX-License-Identifier: MIT
 *
 * EDGE files: what all that outlives the program has in common.  Directories
 * and files are for the owner only; a file is replaced whole or not at all.
 */
#ifndef TUI_FILES_H
#define TUI_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/str.h"

/* A path of any length; owner frees. */
char *files_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* $XDG_STATE_HOME/chat; owner frees; NULL when there is no home. */
char *files_base(void);

/* Make a directory and all above it; 0, or -1 with errno. */
int files_make_dirs(char *path);

/*
 * Hold a lock, which ends with the process at the latest.
 *   path     of the lock file, made when it is not there
 *   wait     until others let go of it; else EWOULDBLOCK when one has it
 *   returns  what files_unlock takes, or -1 with errno
 */
int files_lock(const char *path, bool wait);
void files_unlock(int lock); /* -1 is allowed */

/*
 * Read a whole file.
 *   max      bytes; EFBIG when it is longer
 *   len      gets its length
 *   mode     gets its permission bits; may be NULL
 *   returns  the text, a NUL behind it, owner frees; NULL with errno
 */
char *files_read(const char *path, size_t max, size_t *len, unsigned *mode);

/*
 * Write a file and put it in the place of the old one in a single step, when
 * it is on disk.
 *   returns  0, or -1 with errno: the old one stays
 */
int files_replace(const char *path, struct str bytes);

#endif
