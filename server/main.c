/* SPDX-License-Identifier: MIT
 *
 * chat-server: options, keys, hub, net, nothing else.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "server/config.h"
#include "server/hub.h"
#include "server/keys.h"
#include "server/net.h"
#include "shared/wire.h"

static const char SERVER_NAME[] = "chat-server";

static const rlim_t DESCRIPTORS_KEPT = 64; /* for listeners, files, the store */

/* What its parts ask back for. */
struct program {
    struct settings settings;
    struct keys keys;
    struct hub *hub;
    struct net *net;
    int argc;
    char **argv;
};

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
    int err = 0;

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

static void on_reload(void *ctx)
{
    struct program *p = ctx;
    struct world *world = hub_world(p->hub);

    if (config_reload(&p->settings, p->argc, p->argv, &world->env.log)) {
        world_configure(world, &p->settings.limits);
        world->env.log.format = (enum log_format)p->settings.log;
        net_set_idle_exit(p->net, p->settings.idle_exit);
    }
    keys_reload(&p->keys, &p->settings, &world->env.log);
}

static uint64_t on_look(void *ctx, struct now now)
{
    struct program *p = ctx;

    return keys_look(&p->keys, &hub_world(p->hub)->env.log, now);
}

static struct hub *make_hub(const struct settings *settings)
{
    struct now now = net_clock();
    struct world_config config = {
        .limits = settings->limits,
        .log = { .to = stderr,
                 .format = (enum log_format)settings->log,
                 .wall_ms = now.wall_ms },
        .name = SERVER_NAME,
        .random = net_random,
    };

    return hub_new(&config, now);
}

/* --tls: who may speak clear text over a network. */
static const enum net_clear CLEAR_OF[] = {
    [TLS_AUTO] = CLEAR_LOCAL, [TLS_ON] = CLEAR_NEVER, [TLS_OFF] = CLEAR_ALL
};

static int serve(struct program *p)
{
    struct address tcp, udp;
    const char *path = p->settings.listen_unix;
    struct net_config config = {
        .hub = p->hub,
        .tcp = config_address(p->settings.listen_tcp, &tcp) ? &tcp : NULL,
        .udp = config_address(p->settings.listen_udp, &udp) ? &udp : NULL,
        .unix_path = config_is_off(path) ? NULL : path,
        .streams_max = raise_descriptors(),
        .secure = p->keys.base,
        .clear = CLEAR_OF[p->settings.tls],
        .reload = on_reload,
        .look = on_look,
        .ctx = p,
    };
    char why[512];
    int err;

    p->net = net_new(&config);
    if (!p->net)
        return complain(EX_OSERR, "cannot start: the system has no event loop");
    net_set_idle_exit(p->net, p->settings.idle_exit);
    err = net_listen(p->net, why, sizeof why);
    if (err) {
        complain(err, why);
    } else {
        if (p->keys.base)
            keys_announce(&p->keys, &hub_world(p->hub)->env.log);
        net_announce(p->net);
        net_run(p->net);
    }
    net_free(p->net);
    return err;
}

/* Before anything listens; returns an exit code. */
static int open_keys(struct program *p)
{
    int err = 0;

    if (config_needs_key(&p->settings))
        err = keys_open(&p->keys, &p->settings, SERVER_NAME, net_clock());
    return err ? complain(err, p->keys.keyfile.why) : 0;
}

int main(int argc, char **argv)
{
    struct program p = { .argc = argc, .argv = argv };
    struct option_error error;
    int code = config_load(&p.settings, argc, argv, &error);

    if (code) {
        complain(code, error.text);
    } else if (!print_only(&p.settings, &code)) {
        code = open_keys(&p);
        if (!code) {
            p.hub = make_hub(&p.settings);
            code = serve(&p);
            hub_free(p.hub);
        }
        keys_close(&p.keys);
    }
    config_free(&p.settings);
    return code;
}
