/* SPDX-License-Identifier: MIT
 *
 * chat-server: options, keys, hub, net, nothing else.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "server/datadir.h"
#include "server/hub.h"
#include "server/net.h"
#include "server/revive.h"
#include "server/service.h"
#include "shared/wire.h"

static const char SERVER_NAME[] = "chat-server";

static const rlim_t DESCRIPTORS_KEPT = 64; /* for listeners, files, the store */

static int complain(int code, const char *why)
{
    fprintf(stderr, "chat-server: %s\n", why);
    if (code == EX_USAGE)
        fputs("Try chat-server --help.\n", stderr);
    return code;
}

static const char *as_it_is(const char *text)
{
    return text;
}

static void print_help(void)
{
    puts("usage: chat-server [OPTION ...]\n"
         "Serve chat over TCP, UDP and a Unix socket; chat-server(8).\n");
    option_help(&CONFIG_TABLE, stdout, as_it_is);
}

/* The fingerprint of the key that there is; returns an exit code. */
static int print_fingerprint(const struct settings *settings)
{
    char text[FINGERPRINT_TEXT], why[512];
    int err = keys_fingerprint(settings, text, why, sizeof why);

    if (err)
        return complain(err, why);
    puts(text);
    return 0;
}

static int check_config(const struct settings *settings)
{
    char why[512];
    int err = privileges_check(settings->user, why, sizeof why);

    if (err)
        return complain(err, why);
    if (config_needs_key(settings) && keys_exist(settings))
        err = print_fingerprint(settings);
    if (!err)
        puts("chat-server: the configuration is good");
    return err;
}

/* Options that only print; false: it is to be a server. */
static bool print_only(const struct settings *settings, int *code)
{
    if (settings->help)
        print_help();
    else if (settings->version)
        puts("chat-server " VERSION);
    else if (settings->dump_protocol)
        wire_dump_schema(stdout);
    else if (settings->fingerprint)
        *code = print_fingerprint(settings);
    else if (settings->check_config)
        *code = check_config(settings);
    else
        return false;
    return true;
}

/* Whether what was printed has arrived; returns an exit code. */
static int finish_printing(int code)
{
    char why[256];

    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    snprintf(why, sizeof why, "standard output: %s", strerror(errno));
    return complain(EX_IOERR, why);
}

/*
 * A connection is a descriptor: take as many as we may, and keep some for
 * everything else.  Returns how many connections that makes.
 */
static size_t raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return DESCRIPTORS_KEPT;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit))
        getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    if (limit.rlim_cur < 2 * DESCRIPTORS_KEPT)
        return (size_t)limit.rlim_cur / 2;
    return (size_t)limit.rlim_cur - DESCRIPTORS_KEPT;
}

/* The world as the store has it; returns an exit code. */
static int make_hub(struct service *service)
{
    const struct settings *settings = &service->settings;
    struct world_config config = {
        .limits = settings->limits,
        .log = { .to = stderr,
                 .format = (enum log_format)settings->log,
                 .level = (enum log_level)settings->log_level,
                 .journal = supervisor_reads(STDERR_FILENO),
                 .wall_ms = service->began.wall_ms },
        .name = SERVER_NAME,
        .store = service->storage.store,
        .search = service->storage.search,
        .random = net_random,
        .login = net_login,
        .threads = true,
    };
    struct world *world;

    service->hub = hub_new(&config, service->began);
    service->storage.store = NULL; /* the world's */
    service->storage.search = NULL;
    world = hub_world(service->hub);
    world->policy = service_policy(settings);
    retain_set_rules(world, settings->keep_rooms);
    if (!revive_world(world, service->began))
        return complain(
            storage_spoilt(&service->storage, store_trouble(world->store)),
            service->storage.why);
    LOG(&world->env.log, SERVER_START, log_str("version", str_of(VERSION)));
    storage_announce(&service->storage, world);
    return 0;
}

/* --tls: who may speak clear text over a network. */
static const enum net_clear CLEAR_OF[] = {
    [TLS_AUTO] = CLEAR_LOCAL, [TLS_ON] = CLEAR_NEVER, [TLS_OFF] = CLEAR_ALL
};

/*
 * The operator's socket, and the directory for it; NULL: there is none.  Owner
 * frees.
 */
static char *place_control(const struct settings *settings)
{
    char *dir = *settings->control ? NULL : datadir_path(settings->data);

    if (dir)
        datadir_make(dir); /* where it cannot be, listening says why */
    free(dir);
    return config_control(settings);
}

/* From a thread of the store. */
static void on_ready(void *net)
{
    net_wake(net);
}

/* A file that root could read: a reload or a renewal has to, too. */
static void look_at(const char *path, struct log *log, enum log_event event)
{
    struct log_field fields[2];

    if (!path || !*path || privileges_can_read(path))
        return;
    fields[0] = log_str("file", str_of(path));
    fields[1] = log_str("why", str_of(strerror(errno)));
    log_line(log, event, fields, 2);
}

static void look_at_files(const struct service *service, struct log *log)
{
    const struct keyfile *keyfile = &service->keys.keyfile;

    look_at(service->settings.config, log, LOG_CONFIG_UNREADABLE);
    look_at(keyfile->key, log, LOG_KEYS_UNREADABLE);
    look_at(keyfile->cert, log, LOG_KEYS_UNREADABLE);
}

/* Everything is open: say so, and serve. */
static void go_on(struct service *service, struct net *net)
{
    if (service->privileges.has)
        look_at_files(service, &hub_world(service->hub)->env.log);
    if (service->keys.base)
        keys_announce(&service->keys, &hub_world(service->hub)->env.log);
    net_announce(net);
    supervisor_ready(service->places);
    net_run(net);
}

/* Run until the end; returns an exit code. */
static int run(struct service *service, const struct net_config *config)
{
    struct world *w = hub_world(service->hub);
    struct net *net = net_new(config);
    char why[512];
    int err;

    if (!net)
        return complain(EX_OSERR, "cannot start: the system has no event loop");
    store_on_ready(w->store, on_ready, net);
    if (w->search)
        search_on_ready(w->search, on_ready, net);
    err = net_listen(net, why, sizeof why);
    if (!err && config->control)
        privileges_give(&service->privileges, config->control);
    if (!err && !privileges_drop(&service->privileges)) {
        err = EX_OSERR;
        snprintf(why, sizeof why, "cannot go on as the user that --user names");
    }
    if (err)
        complain(err, why);
    else
        go_on(service, net);
    store_on_ready(w->store, NULL, NULL);
    if (w->search)
        search_on_ready(w->search, NULL, NULL);
    net_free(net);
    return err;
}

static int serve(struct service *service)
{
    const struct settings *settings = &service->settings;
    struct address tcp, udp, metrics;
    char *control = place_control(settings);
    struct net_config config = {
        .service = service,
        .tcp = config_address(settings->listen_tcp, &tcp) ? &tcp : NULL,
        .udp = config_address(settings->listen_udp, &udp) ? &udp : NULL,
        .metrics = config_address(settings->listen_metrics, &metrics) ? &metrics
                                                                      : NULL,
        .unix_path =
            config_is_off(settings->listen_unix) ? NULL : settings->listen_unix,
        .control = control,
        .control_named = *settings->control,
        .streams_max = raise_descriptors(),
        .secure = service->keys.base,
        .clear = CLEAR_OF[settings->tls],
    };
    int err = run(service, &config);

    free(control);
    return err;
}

/* Before anything listens; returns an exit code. */
static int open_keys(struct service *service)
{
    const struct settings *settings = &service->settings;
    int err = 0;

    if (config_needs_key(settings))
        err = keys_open(&service->keys, settings, SERVER_NAME, service->began);
    return err ? complain(err, service->keys.keyfile.why) : 0;
}

static int open_store(struct service *service)
{
    struct storage *storage = &service->storage;
    int err = storage_open(storage, &service->settings, net_random);

    return err ? complain(err, storage->why) : 0;
}

/* Whom to become, and what there is to take over; returns an exit code. */
static int take_over(struct service *service)
{
    const struct settings *settings = &service->settings;
    struct privileges *privileges = &service->privileges;
    char why[512];
    int err = supervisor_open(&service->supervisor, why, sizeof why);

    if (!err)
        err = privileges_find(privileges, settings->user, why, sizeof why);
    if (!err && privileges->has && !datadir_is_memory(settings->data) &&
        (datadir_make(settings->data) ||
         privileges_give(privileges, settings->data))) {
        err = EX_CANTCREAT;
        snprintf(why, sizeof why, "%.300s: %s", settings->data,
                 strerror(errno));
    }
    return err ? complain(err, why) : 0;
}

/*
 * Files that the server makes are its user's; a key that the operator has may
 * be root's.
 */
static int open_files(struct service *service)
{
    const struct privileges *privileges = &service->privileges;
    bool own_key = !*service->settings.tls_key;
    int code = own_key ? 0 : open_keys(service);

    if (!code && !privileges_lend(privileges))
        code = complain(EX_OSERR, "cannot act as the user that --user names");
    if (!code && own_key)
        code = open_keys(service);
    if (!code)
        code = open_store(service);
    if (!privileges_return(privileges) && !code)
        code = complain(EX_OSERR, "cannot be root again");
    return code;
}

/* All there is, one after the other; returns an exit code. */
static int run_service(struct service *service)
{
    int code;

    umask(077); /* whatever is made from here on is nobody else's to read */
    code = take_over(service);

    if (!code)
        code = open_files(service);
    if (!code)
        code = make_hub(service);
    if (!code)
        code = serve(service);
    if (service->hub)
        hub_free(service->hub);
    storage_close(&service->storage);
    keys_close(&service->keys);
    return code;
}

int main(int argc, char **argv)
{
    struct service service = { .argc = argc,
                               .argv = argv,
                               .began = net_clock(),
                               .stop_us = NEVER,
                               .storage = { .run = { .fd = -1 } } };
    struct option_error error;
    int code = config_load(&service.settings, argc, argv, &error);

    if (code)
        complain(code, error.text);
    else if (print_only(&service.settings, &code))
        code = finish_printing(code);
    else
        code = run_service(&service);
    config_free(&service.settings);
    return code;
}
