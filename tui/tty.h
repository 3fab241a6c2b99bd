/* SPDX-License-Identifier: MIT
 *
 * The terminal as a device: a descriptor of its own, raw mode, bytes in, a
 * pump of bytes out, its size, signals, and restoring it on every way out.
 * It never waits for a terminal that does not read, but for TTY_LINGER_MS when
 * it is given back (suspend, exit).  There can be one at a time.
 */
#ifndef TUI_TTY_H
#define TUI_TTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/str.h"

struct tty;
struct uv_loop_s;

enum {
    TTY_READ_MAX = 4096,     /* most bytes of one `bytes` event */
    TTY_QUEUE_MAX = 1 << 20, /* bytes owed beyond which tty_write refuses */
    TTY_LINGER_MS = 200,     /* for the last bytes on suspend and exit */
    TTY_RESIZE_MS = 50,      /* signals of a dragged window are merged */
    TTY_COLS_MAX = 1000,     /* a greater size is cut to this */
    TTY_ROWS_MAX = 500
};

enum tty_gone {
    TTY_HANGUP,    /* end of file, EIO, SIGHUP: nobody looks any more */
    TTY_TERMINATE, /* SIGTERM */
    TTY_INTERRUPT  /* SIGINT from outside; Ctrl-C is a key */
};

/*
 * What happens, told from the loop; any may be NULL.  A callback may call
 * anything here, tty_close too.
 */
struct tty_events {
    void (*bytes)(void *arg, struct str bytes);
    /* The size changed, maybe back to what it was: paint all anew. */
    void (*resized)(void *arg, int cols, int rows);
    void (*drained)(void *arg);   /* nothing is owed any more: paint again */
    void (*stopping)(void *arg);  /* about to suspend: screen_leave now */
    void (*continued)(void *arg); /* in the foreground again: screen_enter */
    void (*gone)(void *arg, enum tty_gone); /* hang-up is told once */
    void *arg;
};

/*
 * Open the terminal of this process and watch it and the signals; nothing is
 * written and no mode changed before tty_enter.  Open it before the screen, so
 * that ncurses leaves the signals alone.
 *   events   copied
 *   error    gets a sentence for people
 *   returns  NULL when there is no terminal that can be watched: line mode
 */
struct tty *tty_open(struct uv_loop_s *, const struct tty_events *, char *error,
                     size_t cap);

/*
 * Give it back as it was: tty_leave if needed, then close.  Memory is freed
 * when the loop has run once more.  NULL is allowed.
 */
void tty_close(struct tty *);

/* Raw mode and bracketed paste on, restoring on crash and exit armed. */
void tty_enter(struct tty *);

/*
 * The reverse, when what is owed has been written or TTY_LINGER_MS are over;
 * what is still owed then is dropped.  For $EDITOR and the like.
 */
void tty_leave(struct tty *);

/*
 * Suspend as Ctrl-Z does: `stopping`, leave, stop the process group; later
 * enter, `resized`, `continued`.
 */
void tty_suspend(struct tty *);

/*
 * What a crash writes to restore the terminal, besides the fixed sequences
 * for modes; at most 256 bytes are kept.
 */
void tty_set_restore(struct tty *, struct str bytes);

/*
 * Append to what is owed, and write what the terminal takes right now.
 *   returns  false, and takes nothing, if more than TTY_QUEUE_MAX bytes would
 *            be owed then; never when nothing is owed
 */
bool tty_write(struct tty *, struct str bytes);

/* Whether bytes are owed: do not paint, wait for `drained`. */
bool tty_busy(const struct tty *);

/*
 * For how long the terminal has taken nothing of what it is owed, or has left
 * a tty_probe without answer, in ms; 0 while all is well.
 */
uint64_t tty_stuck_ms(const struct tty *);

/*
 * Ask the terminal whether it is alive, at most every five seconds, and never
 * when nothing is drawn: the system takes some 16 kB for a window that is
 * frozen before anything is owed.  Four bytes; the answer is a REPORT_OTHER.
 */
void tty_probe(struct tty *);

/* Size in cells, at least 1x1; 80x24 when the terminal does not know. */
void tty_size(const struct tty *, int *cols, int *rows);

#endif
