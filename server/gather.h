/* SPDX-License-Identifier: MIT
 *
 * EDGE SQLite: a file system (VFS) for it that is another one, except that what
 * is appended to a write-ahead log is gathered and written in large pieces.
 *
 * SQLite writes every page of a transaction by two system calls.  Of a commit
 * of 250 lines in as many rooms those are 560, and a quarter of its time.
 * Nobody reads what SQLite has not synced but the connection that wrote it: the
 * log's index, by which others find pages, is only changed after the sync of a
 * commit (synchronous = FULL or EXTRA, which this relies on).  So what is
 * gathered goes down before anything else is done with the file.
 *
 * https://www.sqlite.org/vfs.html, https://www.sqlite.org/walformat.html
 */
#ifndef SERVER_GATHER_H
#define SERVER_GATHER_H

struct gather;

/*
 * Make it known to SQLite.
 *   under  the name of the file system below; NULL: the system's
 */
struct gather *gather_new(const char *under);

/* By which to open with it: gather's. */
const char *gather_name(const struct gather *);

/* Every connection that was opened with it has been closed. */
void gather_free(struct gather *);

#endif
