/* SPDX-License-Identifier: MIT
 *
 * Restoring the terminal on every way out; see rescue.h.
 */
#include "tui/rescue.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUSTOM_MAX = 256, STACK_SIZE = 64 * 1024 };

/* CAN ends a sequence that was cut off in the middle. */
#define CANCEL "\030"

/* Leave full screen, when nothing better is known. */
#define LEAVE "\033[?1049l"

/* Mouse, focus and paste reports, cursor and keypad modes off, colours reset,
 * cursor shown.  A terminal that knows none of them shows nothing. */
#define MODES_OFF                                                              \
    "\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l\033[?2004l"       \
    "\033[?1l\033>\033[0m\033[?25h"

static const int FATAL[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT
};

enum { FATAL_LEN = sizeof FATAL / sizeof *FATAL };

static struct {
    volatile sig_atomic_t armed;
    bool installed; /* the handlers are ours */
    bool at_exit;   /* registered; exit handlers cannot be taken back */
    int fd;
    struct termios cooked;
    char bytes[CUSTOM_MAX + sizeof CANCEL MODES_OFF];
    size_t len;
    struct sigaction before[FATAL_LEN];
    stack_t stack_before;
    char stack[STACK_SIZE];
} rescue;

void rescue_restore(void)
{
    int saved = errno;

    if (!rescue.armed)
        return;
    rescue.armed = 0;
    (void)tcsetattr(rescue.fd, TCSANOW, &rescue.cooked);
    if (write(rescue.fd, rescue.bytes, rescue.len) < 0) {
        /* A terminal that takes nothing cannot be helped. */
    }
    errno = saved;
}

/* SA_RESETHAND has put the default action back: raising again ends us. */
static void on_fatal(int signum)
{
    rescue_restore();
    (void)raise(signum);
}

void rescue_set(struct str bytes)
{
    char *at = rescue.bytes;

    if (bytes.len == 0)
        bytes = str_of(LEAVE);
    if (bytes.len > CUSTOM_MAX)
        bytes.len = CUSTOM_MAX;
    memcpy(at, CANCEL MODES_OFF, sizeof CANCEL MODES_OFF - 1);
    at += sizeof CANCEL MODES_OFF - 1;
    memcpy(at, bytes.ptr, bytes.len);
    rescue.len = sizeof CANCEL MODES_OFF - 1 + bytes.len;
}

/* A stack of its own, for the overflow of the other one. */
static void use_stack(void)
{
    stack_t stack = { .ss_sp = rescue.stack, .ss_size = STACK_SIZE };

    (void)sigaltstack(&stack, &rescue.stack_before);
}

void rescue_arm(int fd, const struct termios *cooked)
{
    struct sigaction action = { .sa_handler = on_fatal };

    if (rescue.installed)
        return;
    rescue.fd = fd;
    rescue.cooked = *cooked;
    if (rescue.len == 0)
        rescue_set((struct str){ NULL, 0 });
    if (!rescue.at_exit)
        rescue.at_exit = atexit(rescue_restore) == 0;
    use_stack();
    /* Restoring from the background must not stop us half-way. */
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGTTOU);
    action.sa_flags = (int)SA_RESETHAND | SA_ONSTACK;
    for (size_t i = 0; i < FATAL_LEN; i++)
        (void)sigaction(FATAL[i], &action, &rescue.before[i]);
    rescue.installed = true;
    rescue.armed = 1;
}

void rescue_disarm(void)
{
    rescue.armed = 0;
    if (!rescue.installed)
        return;
    rescue.installed = false;
    for (size_t i = 0; i < FATAL_LEN; i++)
        (void)sigaction(FATAL[i], &rescue.before[i], NULL);
    (void)sigaltstack(&rescue.stack_before, NULL);
}
