/* SPDX-License-Identifier: MIT
 *
 * chat-tui: settings, language, the parts put together, one of the faces.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "tui/app.h"
#include "tui/lang.h"
#include "tui/pipe.h"
#include "tui/settings.h"
#include "tui/setup.h"

enum { ERROR_BYTES = 1024 };

/* Without a terminal that has a cursor, lines it is. */
static void fit_terminal(struct settings *settings)
{
    const char *term = getenv("TERM");
    bool dumb = !term || !*term || strcmp(term, "dumb") == 0;

    if (settings->mode != MODE_FULL)
        return;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !dumb)
        return;
    settings->mode = MODE_LINE;
    fprintf(stderr, "chat-tui: %s\n",
            dumb && isatty(STDOUT_FILENO)
                ? _("this terminal can show no full screen; as with --line")
                : _("no terminal; as with --line"));
}

static int run(struct settings *settings, char *error, size_t cap)
{
    struct setup setup;
    uv_loop_t loop;
    int code;

    if (uv_loop_init(&loop) != 0) {
        snprintf(error, cap, "%s", _("no event loop"));
        return EX_OSERR;
    }
    code = setup_open(&setup, settings, &loop, error, cap);
    if (code == 0 && settings->mode == MODE_FULL)
        code = app_run(&setup.chat, error, (unsigned)cap);
    else if (code == 0)
        code = pipe_run(&setup, error, cap);
    setup_close(&setup);
    uv_loop_close(&loop);
    return code;
}

static int finish(int code, const char *error)
{
    if (*error)
        fprintf(stderr, "chat-tui: %s\n", error);
    return code;
}

/* A socket must never get the number of a standard stream that is closed. */
static void fill_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct option_error mistake = { "" };
    char error[ERROR_BYTES] = "";
    const char *notice = lang_init();
    int code = settings_load(&settings, argv, &mistake);

    (void)argc;
    fill_streams();
    signal(SIGPIPE, SIG_IGN);
    if (code) {
        settings_free(&settings);
        return finish(code, mistake.text);
    }
    if (settings.help)
        settings_help(stdout);
    else if (settings.version)
        puts("chat-tui " VERSION);
    else {
        if (notice)
            fprintf(stderr, "chat-tui: %s\n", notice);
        fit_terminal(&settings);
        code = run(&settings, error, sizeof error);
    }
    settings_free(&settings);
    return finish(code, error);
}
