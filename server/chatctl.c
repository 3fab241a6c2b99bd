/* SPDX-License-Identifier: MIT
 *
 * chatctl: asks the running server one thing over its control socket, prints
 * what it answers, and ends as the server says.  What goes over the socket
 * stands in control.h.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "server/datadir.h"
#include "server/words.h"
#include "shared/mem.h"
#include "shared/option.h"
#include "shared/text.h"

enum {
    LINE_MAX_BYTES = 64 * 1024, /* of the question, as the server takes it */
    PATIENCE_S = 60,            /* for the server to say something */
    HELP_COLUMN = 28            /* where --help says what a command does */
};

struct options {
    char *socket;
    bool json, version, help;
};

static const struct option_row ROWS[] = {
#define OPTION(TYPE, field, name, letter, def, arg, doc)                       \
    { name,                                                                    \
      letter,                                                                  \
      true,                                                                    \
      OPTION_##TYPE,                                                           \
      offsetof(struct options, field),                                         \
      def,                                                                     \
      arg,                                                                     \
      doc,                                                                     \
      0,                                                                       \
      0 },
#include "server/chatctl_options.def"
};

static const struct option_table TABLE = { .rows = ROWS,
                                           .n = sizeof ROWS / sizeof *ROWS,
                                           .takes_numbers = true };

static const struct {
    const char *name, *args, *doc;
} COMMANDS[] = {

#define CONTROL(name, run, args, min, max, doc) { name, args, doc },
#include "server/controls.def"
};

/* ---- saying ---- */

static int complain(int code, const char *what, const char *why)
{
    fprintf(stderr, "chatctl: %s%s%s\n", what, *why ? ": " : "", why);
    if (code == EX_USAGE)
        fputs("Try chatctl --help.\n", stderr);
    return code;
}

static void print_help(void)
{
    puts("usage: chatctl [OPTION ...] COMMAND [ARGUMENT ...]\n"
         "Ask the running chat-server something, or tell it to; chatctl(8).\n");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
        int at = printf("  %s %s", COMMANDS[i].name, COMMANDS[i].args);

        if (at > HELP_COLUMN - 2) {
            putchar('\n');
            at = 0;
        }
        printf("%*s%s\n", HELP_COLUMN - at, "", COMMANDS[i].doc);
    }
    putchar('\n');
    option_help(&TABLE, stdout, NULL);
}

/* A line of the server: it may be another one than we think. */
static void print_line(FILE *to, const char *line, size_t len)
{
    char *clean = mem_new(3 * len + 1, 1);
    size_t n = text_strict(str_bytes(line, len), clean, 3 * len);

    fprintf(to, "%.*s\n", (int)n, clean);
    free(clean);
}

/* ---- finding the server ---- */

static int try_connect(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = PATIENCE_S };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), why;

    if (fd < 0)
        return -1;
    errno = ENAMETOOLONG;
    if (strlen(path) < sizeof to.sun_path) {
        memcpy(to.sun_path, path, strlen(path));
        if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
            return fd;
        }
    }
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* What to do about it. */
static int say_unreachable(const char *path, int why)
{
    char text[512];

    switch (why) {
    case ENOENT:
    case ECONNREFUSED:
        snprintf(text, sizeof text,
                 "no server answers there; start chat-server, or say where its "
                 "socket is with --socket");
        complain(EX_UNAVAILABLE, path, text);
        return EX_UNAVAILABLE;
    case EACCES:
    case EPERM:
        snprintf(text, sizeof text,
                 "not allowed; run chatctl as the server's user or as root");
        complain(EX_NOPERM, path, text);
        return EX_NOPERM;
    default: return complain(EX_OSERR, path, strerror(why));
    }
}

/* Connect where we were told to, or where a server would be. */
static int reach(const struct options *options, int *fd)
{
    const char *told =
        *options->socket ? options->socket : getenv("CHAT_CONTROL");
    char *dir, *path;
    int why;

    if (told && *told) {
        *fd = try_connect(told);
        return *fd < 0 ? say_unreachable(told, errno) : 0;
    }
    dir = datadir_path(NULL);
    path = datadir_file(dir ? dir : DATADIR_ROOT, "control.sock");
    *fd = try_connect(path);
    why = errno;
    if (*fd < 0 && (why == ENOENT || why == ECONNREFUSED)) {
        *fd = try_connect(DATADIR_ROOT "/control.sock");
        if (*fd < 0 && (errno == EACCES || errno == EPERM))
            why = say_unreachable(DATADIR_ROOT "/control.sock", errno);
        else if (*fd < 0)
            why = say_unreachable(path, why);
    } else if (*fd < 0) {
        why = say_unreachable(path, why);
    }
    free(dir);
    free(path);
    return *fd < 0 ? why : 0;
}

/* ---- asking ---- */

/* The words of the question as one line; its length, or 0: too long. */
static size_t compose(const struct options *options, char **words, char *line)
{
    size_t len = 0;

    if (options->json)
        len = words_quote(str_of("--json"), line, LINE_MAX_BYTES);
    for (; *words; words++) {
        size_t n;

        if (len)
            line[len++] = ' ';
        if (len + 2 > LINE_MAX_BYTES)
            return 0;
        n = words_quote(str_of(*words), line + len, LINE_MAX_BYTES - len - 2);
        if (n == 0)
            return 0;
        len += n;
    }
    line[len++] = '\n';
    return len;
}

static int send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* One line of the answer; true: it was the last, with *code. */
static bool take_line(const char *line, size_t len, int *code)
{
    if (len && line[0] == ' ')
        print_line(stdout, line + 1, len - 1);
    else if (len && line[0] == '!') {
        fputs("chatctl: ", stderr);
        print_line(stderr, line + 1, len - 1);
    } else if (len > 1 && line[0] == '=') {
        *code = (int)strtol(line + 1, NULL, 10);
        return true;
    }
    return false;
}

/* Print the answer as it comes; returns its exit code. */
static int hear(int fd)
{
    FILE *from = fdopen(fd, "r");
    char *line = mem_new(LINE_MAX_BYTES, 1);
    int code = EX_PROTOCOL;
    bool whole = false;

    if (!from) {
        free(line);
        close(fd);
        return complain(EX_OSERR, strerror(errno), "");
    }
    while (!whole && fgets(line, LINE_MAX_BYTES, from)) {
        size_t len = strcspn(line, "\n");

        if (line[len] == '\0')
            break; /* no line of ours is so long, or it ends in the middle */
        whole = take_line(line, len, &code);
    }
    free(line);
    fclose(from);
    if (!whole)
        complain(code, "the server broke off in the middle of its answer", "");
    if (fflush(stdout) || ferror(stdout))
        return complain(EX_IOERR, "standard output", strerror(errno));
    return code;
}

/* A file means one where we are: the server is elsewhere. owner frees */
static char *absolute(const char *path)
{
    char dir[PATH_MAX], *whole;
    size_t size;

    if (*path == '/' || !getcwd(dir, sizeof dir))
        return mem_str(str_of(path));
    size = strlen(dir) + strlen(path) + 2;
    whole = mem_new(size, 1);
    snprintf(whole, size, "%s/%s", dir, path);
    return whole;
}

/* The command takes the name of a file. */
static bool takes_file(const char *name)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return strcmp(COMMANDS[i].args, "FILE") == 0;
    return false;
}

static int ask(const struct options *options, char **words)
{
    char *line = mem_new(LINE_MAX_BYTES, 1);
    size_t len = compose(options, words, line);
    int fd = -1, code;

    code = len ? reach(options, &fd)
               : complain(EX_USAGE, "the command is too long", "");
    if (!code && send_all(fd, line, len)) {
        code = complain(EX_UNAVAILABLE, "the server has gone away",
                        strerror(errno));
        close(fd);
    } else if (!code) {
        code = hear(fd);
    }
    free(line);
    return code;
}

static int give(const struct options *options, char **words)
{
    char *said = words[1], *path = NULL;
    int code;

    if (said && takes_file(words[0]))
        words[1] = path = absolute(said);
    code = ask(options, words);
    words[1] = said;
    free(path);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    struct option_error error;
    int rest = argc, code = 0;

    option_defaults(&TABLE, &options);
    if (option_argv(&TABLE, &options, argv, &rest, &error))
        code = complain(EX_USAGE, error.text, "");
    else if (options.help || (rest < argc && !strcmp(argv[rest], "help")))
        print_help();
    else if (options.version)
        puts("chatctl " VERSION);
    else if (rest == argc)
        code = complain(EX_USAGE, "a command is missing", "");
    else
        code = give(&options, argv + rest);
    option_free(&TABLE, &options);
    return code;
}
