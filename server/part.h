/* SPDX-License-Identifier: MIT
 *
 * EDGE files: a file that is being made.  It is called PATH.part until it is
 * whole, so that what is called PATH always is.
 */
#ifndef SERVER_PART_H
#define SERVER_PART_H

/*
 * Make an empty one, for its owner only; no file of either name may be there.
 *   path     begins with a slash
 *   returns  the path of the part, owner frees; NULL with errno
 */
char *part_make(const char *path);

/* It is whole: 0, or -1 with errno. */
int part_finish(const char *part, const char *path);

/* It is of no use. */
void part_drop(const char *part);

#endif
