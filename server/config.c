/* SPDX-License-Identifier: MIT
 *
 * Settings; see config.h.
 */
#include "server/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "server/datadir.h"
#include "server/keep.h"
#include "server/log.h"
#include "shared/bounds.h"
#include "shared/mem.h"

/* Rows of options.def first, then those of limits.def. */
static const struct option_row ROWS[] = {
#define BOTH false
#define LIVE false
#define ARGV true
#define OPTION(TYPE, field, name, letter, def, arg, min, max, where, doc)      \
    { name, letter, where, OPTION_##TYPE, offsetof(struct settings, field),    \
      def,  arg,    doc,   min,           max },
#include "server/options.def"
#undef BOTH
#undef LIVE
#undef ARGV
#define LIMIT(NAME, code, def, min, max, key, unit, doc)                       \
    { key,                                                                     \
      0,                                                                       \
      false,                                                                   \
      OPTION_NUMBER,                                                           \
      offsetof(struct settings, limits.value[LIMIT_##NAME]),                   \
      #def,                                                                    \
      unit,                                                                    \
      doc,                                                                     \
      min,                                                                     \
      max },
#include "shared/limits.def"
};

const struct option_table CONFIG_TABLE = { .rows = ROWS,
                                           .n = sizeof ROWS / sizeof *ROWS };

/* Which rows of options.def a reload may change. */
static const bool IS_LIVE[] = {
#define BOTH                                                              false
#define LIVE                                                              true
#define ARGV                                                              false
#define OPTION(TYPE, field, name, letter, def, arg, min, max, where, doc) where,
#include "server/options.def"
#undef BOTH
#undef LIVE
#undef ARGV
};

static bool is_live(size_t row)
{
    return row >= sizeof IS_LIVE / sizeof *IS_LIVE || IS_LIVE[row];
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

/* ---- the file ---- */

static int load_file(struct settings *settings, const char *name,
                     struct option_error *error)
{
    FILE *file = fopen(name, "r");
    char *text;
    size_t len;
    int err;

    if (!file)
        return fail(error, EX_NOINPUT, "%s: %s", name, strerror(errno));
    text = mem_new(OPTION_FILE_MAX + 1, 1);
    len = fread(text, 1, OPTION_FILE_MAX + 1, file);
    err = ferror(file);
    fclose(file);
    if (err)
        err = fail(error, EX_IOERR, "%s: cannot be read", name);
    else if (len > OPTION_FILE_MAX)
        err = fail(error, EX_CONFIG, "%s: too large", name);
    else if (option_file(&CONFIG_TABLE, settings, name, str_bytes(text, len),
                         error))
        err = EX_CONFIG;
    free(text);
    return err;
}

/* ---- what rows cannot say ---- */

static bool take_number(const char **text, uint64_t *out)
{
    char *end;

    if (**text < '0' || **text > '9')
        return false;
    errno = 0;
    *out = strtoull(*text, &end, 10);
    *text = end;
    return errno == 0;
}

/* BURST/PER_SECOND or off: a short form for four limits. */
static int take_rate_limit(struct settings *settings,
                           struct option_error *error)
{
    const struct limit_row *burst = &LIMIT_ROWS[LIMIT_SEND_BURST];
    uint64_t *limits = settings->limits.value, at_once, per_s;
    const char *text = settings->rate_limit;

    if (!text || !*text)
        return 0;
    if (strcmp(text, "off") == 0) {
        limits[LIMIT_SEND_RATE] = limits[LIMIT_INPUT_RATE] = 0;
        limits[LIMIT_QUERY_RATE] = 0;
        return 0;
    }
    if (!take_number(&text, &at_once) || *text++ != '/' ||
        !take_number(&text, &per_s) || *text || at_once < burst->min ||
        at_once > burst->max || per_s < 1 ||
        per_s > LIMIT_ROWS[LIMIT_SEND_RATE].max)
        return fail(error, EX_CONFIG,
                    "rate-limit: %.40s: not BURST/PER_SECOND (as 10/2) or off",
                    settings->rate_limit);
    limits[LIMIT_SEND_BURST] = at_once;
    limits[LIMIT_SEND_RATE] = per_s;
    return 0;
}

/* Rows of limits.def that depend on each other. */
static int check_limits(const struct limits *limits, struct option_error *error)
{
    const uint64_t *v = limits->value;

    if (v[LIMIT_LATE] >= v[LIMIT_GONE])
        return fail(error, EX_CONFIG, "late: must be less than gone");
    if (v[LIMIT_HEARTBEAT] >= v[LIMIT_GONE])
        return fail(error, EX_CONFIG, "heartbeat: must be less than gone");
    if (v[LIMIT_LATE] <= v[LIMIT_HEARTBEAT])
        return fail(error, EX_CONFIG, "late: must be greater than heartbeat");
    if (v[LIMIT_PAGE] > v[LIMIT_PAGE_MAX])
        return fail(error, EX_CONFIG, "page: must not exceed page-max");
    if (v[LIMIT_QUEUE_HARD] < 2 * v[LIMIT_QUEUE_SOFT])
        return fail(error, EX_CONFIG,
                    "queue-hard: must be at least twice queue-soft");
    return 0;
}

bool config_is_off(const char *text)
{
    return !text || !*text || strcmp(text, "off") == 0;
}

bool config_address(const char *text, struct address *address)
{
    char ignored[256];

    return !config_is_off(text) &&
           address_parse(address, text, ignored, sizeof ignored);
}

bool config_needs_key(const struct settings *settings)
{
    return settings->tls != TLS_OFF && !(config_is_off(settings->listen_tcp) &&
                                         config_is_off(settings->listen_udp));
}

char *config_control(const struct settings *settings)
{
    char *dir, *path;

    if (settings->control && *settings->control)
        return config_is_off(settings->control)
                   ? NULL
                   : mem_str(str_of(settings->control));
    dir = datadir_path(settings->data);
    path = dir ? datadir_file(dir, "control.sock") : NULL;
    free(dir);
    return path;
}

static int check_listen(const char *key, const char *text,
                        struct option_error *error)
{
    struct address address;
    char why[200];

    if (config_is_off(text) || address_parse(&address, text, why, sizeof why))
        return 0;
    return fail(error, EX_CONFIG, "%s: %s", key, why);
}

/* Everybody who comes may read the numbers: who is meant has to be said. */
static int check_metrics(const char *text, struct option_error *error)
{
    if (text && *text == ':')
        return fail(error, EX_CONFIG,
                    "listen-metrics: %.40s: which address? 127.0.0.1%.40s is "
                    "this machine's, 0.0.0.0%.40s everybody's",
                    text, text, text);
    return check_listen("listen-metrics", text, error);
}

static bool is_set(const char *text)
{
    return text && *text;
}

/* Root's data is where everybody looks for it, whoever root becomes. */
static int settle_data(struct settings *settings, struct option_error *error)
{
    if (!is_set(settings->user) || is_set(settings->data))
        return 0;
    return option_set(&CONFIG_TABLE, settings, str_of("data"),
                      str_of(DATADIR_ROOT), error);
}

static int check(struct settings *settings, struct option_error *error)
{
    int err = take_rate_limit(settings, error);

    if (!err)
        err = settle_data(settings, error);
    if (!err)
        err = check_limits(&settings->limits, error);
    if (!err)
        err = check_listen("listen-tcp", settings->listen_tcp, error);
    if (!err)
        err = check_listen("listen-udp", settings->listen_udp, error);
    if (!err)
        err = check_metrics(settings->listen_metrics, error);
    if (!err && !keep_is_valid(settings->keep_rooms))
        err = fail(error, EX_CONFIG,
                   "keep-rooms: %.80s: not #ROOM=DAYS ... (as #builds=7)",
                   settings->keep_rooms);
    if (!err && is_set(settings->tls_cert) != is_set(settings->tls_key))
        err = fail(error, EX_CONFIG,
                   "tls-cert, tls-key: one is of no use without the other");
    if (!err && config_is_off(settings->listen_tcp) &&
        config_is_off(settings->listen_udp) &&
        config_is_off(settings->listen_unix))
        err = fail(error, EX_CONFIG,
                   "listen-tcp, listen-udp, listen-unix: all "
                   "are off, nobody could connect");
    return err;
}

/* ---- loading ---- */

/* argv twice: first to learn the file's name, then over what the file said. */
static int load(struct settings *settings, int argc, char **argv,
                struct option_error *error)
{
    int rest, err;

    if (option_argv(&CONFIG_TABLE, settings, argv, &rest, error))
        return EX_USAGE;
    if (rest < argc)
        return fail(error, EX_USAGE, "%.80s: not an option", argv[rest]);
    if (settings->help || settings->version || settings->dump_protocol)
        return 0;
    if (settings->config && *settings->config) {
        err = load_file(settings, settings->config, error);
        if (err)
            return err;
        if (option_argv(&CONFIG_TABLE, settings, argv, &rest, error))
            return EX_USAGE;
    }
    return check(settings, error);
}

int config_load(struct settings *settings, int argc, char **argv,
                struct option_error *error)
{
    memset(settings, 0, sizeof *settings);
    option_defaults(&CONFIG_TABLE, settings);
    return load(settings, argc, argv, error);
}

void config_free(struct settings *settings)
{
    option_free(&CONFIG_TABLE, settings);
}

/* ---- reloading ---- */

/* Report one row; returns whether its change is taken. */
static bool report(size_t i, const struct settings *old,
                   const struct settings *new, struct log *log)
{
    char from[OPTION_LINE_MAX], to[OPTION_LINE_MAX];
    const char *taken = is_live(i) ? "now" : "after a restart";

    option_get(&ROWS[i], old, from, sizeof from);
    option_get(&ROWS[i], new, to, sizeof to);
    if (strcmp(from, to) == 0)
        return false;
    LOG(log, CONFIG_CHANGE, log_str("key", str_of(ROWS[i].name)),
        log_str("from", str_of(from)), log_str("to", str_of(to)),
        log_str("taken", str_of(taken)));
    return is_live(i);
}

static void swap(char **a, char **b)
{
    char *kept = *a;

    *a = *b;
    *b = kept;
}

int config_reread(struct settings *settings, int argc, char **argv,
                  struct log *log)
{
    struct option_error error;
    int err = config_load(settings, argc, argv, &error);

    if (err)
        LOG(log, CONFIG_REFUSED, log_str("why", str_of(error.text)));
    return err;
}

uint64_t config_compare(const struct settings *settings,
                        const struct settings *fresh, struct log *log)
{
    uint64_t changed = 0;

    for (size_t i = 0; i < CONFIG_TABLE.n; i++)
        changed += report(i, settings, fresh, log);
    return changed;
}

static void take(struct settings *settings, struct settings *fresh)
{
    settings->limits = fresh->limits;
    settings->idle_exit = fresh->idle_exit;
    settings->log = fresh->log;
    settings->log_level = fresh->log_level;
    settings->registration = fresh->registration;
    settings->guests = fresh->guests;
    swap(&settings->rate_limit, &fresh->rate_limit);
    swap(&settings->keep_rooms, &fresh->keep_rooms);
    swap(&settings->tls_cert, &fresh->tls_cert);
    swap(&settings->tls_key, &fresh->tls_key);
}

int config_reload(struct settings *settings, int argc, char **argv,
                  struct log *log)
{
    struct settings fresh;
    int err = config_reread(&fresh, argc, argv, log);
    uint64_t changed;

    if (!err) {
        changed = config_compare(settings, &fresh, log);
        take(settings, &fresh);
        LOG(log, CONFIG_RELOAD, log_num("changed", changed));
    }
    config_free(&fresh);
    return err;
}
