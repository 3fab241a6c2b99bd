/* SPDX-License-Identifier: MIT
 *
 * Settings from the table of options.def; see settings.h.  What rows cannot
 * say, because it is about two of them together, is checked here.
 */
#include "tui/settings.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/lang.h"

enum { CONFIG_MAX = 64 * 1024 }; /* bytes of a configuration file */

static const struct option_row ROWS[] = {
#define BOTH false
#define ARGV true
#define OPTION(TYPE, field, name, letter, def, arg, min, max, where, doc)      \
    { name, letter, where, OPTION_##TYPE, offsetof(struct settings, field),    \
      def,  arg,    doc,   min,           max },
#include "tui/options.def"
#undef BOTH
#undef ARGV
};

const struct option_table SETTINGS_TABLE = { .rows = ROWS,
                                             .n = sizeof ROWS / sizeof *ROWS };

static bool given(const char *text)
{
    return text && *text;
}

static int fail(struct option_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct option_error *error, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return code;
}

/* ---- the configuration file ---- */

/* $XDG_CONFIG_HOME/chat/chat-tui.conf, owned by the caller; NULL if homeless */
static char *default_file(void)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char path[4096];

    if (given(base) && *base == '/')
        snprintf(path, sizeof path, "%s/chat/chat-tui.conf", base);
    else if (given(home))
        snprintf(path, sizeof path, "%s/.config/chat/chat-tui.conf", home);
    else
        return NULL;
    return mem_str(str_of(path));
}

/*
 * Read and take the file.
 *   must     it was named on the command line, so it has to be there
 */
static int load_file(struct settings *settings, bool must,
                     struct option_error *error)
{
    char *text;
    size_t len;
    FILE *file;
    int code = 0;

    if (!settings->file)
        return 0;
    file = fopen(settings->file, "re");
    if (!file) {
        if (!must && (errno == ENOENT || errno == ENOTDIR))
            return 0;
        return fail(error, EX_NOINPUT, _("%s: cannot be read: %s"),
                    settings->file, strerror(errno));
    }
    text = mem_new(1, CONFIG_MAX + 1);
    len = fread(text, 1, CONFIG_MAX + 1, file);
    if (ferror(file))
        code = fail(error, EX_NOINPUT, _("%s: cannot be read: %s"),
                    settings->file, strerror(errno));
    else if (len > CONFIG_MAX)
        code = fail(error, EX_CONFIG, _("%s: longer than %d bytes"),
                    settings->file, CONFIG_MAX);
    else if (option_file(&SETTINGS_TABLE, settings, settings->file,
                         str_bytes(text, len), error) < 0)
        code = EX_CONFIG;
    fclose(file);
    free(text);
    return code;
}

/*
 * Defaults and file.  Which file, -c says; so the command line is looked at
 * once before it is taken.
 */
static int load_base(struct settings *settings, char **argv,
                     struct option_error *error)
{
    struct settings trial = { 0 };
    int rest, code = 0;
    bool named;

    option_defaults(&SETTINGS_TABLE, settings);
    option_defaults(&SETTINGS_TABLE, &trial);
    if (option_argv(&SETTINGS_TABLE, &trial, argv, &rest, error) < 0)
        code = EX_USAGE;
    named = given(trial.config);
    settings->file = named ? mem_str(str_of(trial.config)) : default_file();
    if (code == 0 && !trial.help && !trial.version)
        code = load_file(settings, named, error);
    option_free(&SETTINGS_TABLE, &trial);
    return code;
}

/* ---- what was asked for, put together ---- */

static int choose_mode(struct settings *s, struct option_error *error)
{
    bool send = given(s->send), tail = given(s->tail);

    if (s->line + send + tail + s->set_password > 1)
        return fail(error, EX_USAGE,
                    _("choose one of --line, --send, --tail and "
                      "--set-password"));
    if (!tail && (s->json || s->last))
        return fail(error, EX_USAGE, _("--json and --last go with --tail"));
    s->mode = send ? MODE_SEND : tail ? MODE_TAIL : MODE_FULL;
    if (s->line)
        s->mode = MODE_LINE;
    if (s->set_password)
        s->mode = MODE_PASSWORD;
    return 0;
}

/* Where a server of this machine is met, unless it is said otherwise. */
static const char SOCKET_PATH[] = "/run/chat-server/socket";

static bool is_socket(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* On a machine with a server of its own everybody is who they are there. */
static void prefer_socket(struct settings *s)
{
    const char *path = getenv("CHAT_SOCKET");

    if (given(s->server) || given(s->socket) || s->tcp || s->udp ||
        s->transport != PICK_AUTO)
        return;
    if (!path)
        path = SOCKET_PATH;
    if (!is_socket(path))
        return;
    free(s->socket);
    s->socket = mem_str(str_of(path));
}

static int choose_transport(struct settings *s, struct option_error *error)
{
    bool udp;

    if (s->tcp && s->udp)
        return fail(error, EX_USAGE, _("choose one of --tcp and --udp"));
    if (s->tcp || s->udp)
        s->transport = s->udp ? PICK_UDP : PICK_TCP;
    if (!given(s->socket))
        return 0;
    udp = s->transport == PICK_UDP;
    s->transport = PICK_TCP; /* what a Unix socket carries is the stream */
    return udp ? fail(error, EX_USAGE, _("a Unix socket carries no UDP")) : 0;
}

static int choose_server(struct settings *s, struct option_error *error)
{
    const char *server = given(s->server) ? s->server : "127.0.0.1";

    if (given(s->socket)) {
        if (address_unix(&s->address, s->socket) < 0)
            return fail(error, EX_USAGE, _("--socket: the path is too long"));
    } else if (address_parse(&s->address, server) < 0) {
        return fail(error, EX_USAGE,
                    _("%s: not a server; write HOST, HOST:PORT, "
                      "HOST:TCPPORT/UDPPORT or [IPV6]:PORT"),
                    server);
    }
    return 0;
}

static int choose_trust(struct settings *s, struct option_error *error)
{
    bool pinned = given(s->fingerprint);

    if (pinned && !fingerprint_parse(&s->pin, str_of(s->fingerprint)))
        return fail(error, EX_USAGE,
                    _("--fingerprint: write it as the server shows it, "
                      "SHA256: and 43 characters"));
    if (s->tls == TLS_OFF && (pinned || given(s->tls_ca)))
        return fail(error, EX_USAGE,
                    _("--tls off proves no key: leave out --fingerprint and "
                      "--tls-ca"));
    return 0;
}

static void choose_nick(struct settings *s)
{
    const struct passwd *who;

    s->nick_given = given(s->nick);
    if (s->nick_given)
        return;
    free(s->nick);
    who = getpwuid(getuid());
    s->nick =
        mem_str(str_of(who && given(who->pw_name) ? who->pw_name : "guest"));
}

char *settings_room(const char *text)
{
    char name[NAME_MAX_BYTES + 1], out[NAME_MAX_BYTES];
    bool direct = *text == '@';
    struct str s = str_of(direct ? text + 1 : text);
    size_t len =
        text_name(s, direct ? NAME_NICK : NAME_ROOM, NAME_MAX_BYTES - 1, out);

    if (len == 0 && !direct && *text != '#' && strlen(text) < NAME_MAX_BYTES) {
        snprintf(name, sizeof name, "#%s", text);
        len = text_name(str_of(name), NAME_ROOM, NAME_MAX_BYTES - 1, out);
    }
    if (len == 0)
        return NULL;
    snprintf(name, sizeof name, "%s%.*s", direct ? "@" : "", (int)len, out);
    return mem_str(str_of(name));
}

static int no_room(struct option_error *error, const char *text)
{
    return fail(error, EX_USAGE, _("%s: not a room"), text);
}

/* --send and --tail are about one room. */
static int choose_only_room(char **only, char **operands,
                            struct option_error *error)
{
    char *name;

    if (*operands)
        return fail(error, EX_USAGE,
                    _("%s: only one room with --send or --tail"), *operands);
    name = settings_room(*only);
    if (!name)
        return no_room(error, *only);
    free(*only);
    *only = name;
    return 0;
}

/* Bring the names of rooms to their full form; operands end with NULL. */
static int choose_rooms(struct settings *s, char **operands,
                        struct option_error *error)
{
    size_t n = 0;

    if (given(s->send))
        return choose_only_room(&s->send, operands, error);
    if (given(s->tail))
        return choose_only_room(&s->tail, operands, error);
    while (operands[n])
        n++;
    s->rooms = mem_new(n + 1, sizeof *s->rooms);
    for (; s->n_rooms < n; s->n_rooms++) {
        s->rooms[s->n_rooms] = settings_room(operands[s->n_rooms]);
        if (!s->rooms[s->n_rooms])
            return no_room(error, operands[s->n_rooms]);
    }
    return 0;
}

int settings_load(struct settings *settings, char **argv,
                  struct option_error *error)
{
    const char *server = getenv("CHAT_SERVER");
    int rest, code;

    memset(settings, 0, sizeof *settings);
    code = load_base(settings, argv, error);
    if (code)
        return code;
    if (given(server) && option_set(&SETTINGS_TABLE, settings, str_of("server"),
                                    str_of(server), error) < 0)
        return EX_CONFIG;
    if (option_argv(&SETTINGS_TABLE, settings, argv, &rest, error) < 0)
        return EX_USAGE;
    if (settings->help || settings->version)
        return 0;
    prefer_socket(settings);
    if ((code = choose_mode(settings, error)) ||
        (code = choose_transport(settings, error)) ||
        (code = choose_server(settings, error)) ||
        (code = choose_trust(settings, error)) ||
        (code = choose_rooms(settings, argv + rest, error)))
        return code;
    choose_nick(settings);
    return 0;
}

void settings_free(struct settings *settings)
{
    option_free(&SETTINGS_TABLE, settings);
    for (size_t i = 0; i < settings->n_rooms; i++)
        free(settings->rooms[i]);
    free(settings->rooms);
    free(settings->file);
}

void settings_help(FILE *out)
{
    fputs(_("usage: chat-tui [OPTION ...] [ROOM ...]\n"
            "Talk with others in rooms, from a terminal.  Without ROOM you "
            "return to the\n"
            "rooms you are in, or enter #lobby.\n\n"),
          out);
    option_help(&SETTINGS_TABLE, out, lang_text);
    fputs(_("\nInside, /help lists the commands.  See chat-tui(1).\n"), out);
}
