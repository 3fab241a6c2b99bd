/* SPDX-License-Identifier: MIT
 *
 * The settings of the server: options.def and limits.def, from defaults, file
 * and command line, and what a new reading of the file may change while it
 * runs.  An edge: it reads the file.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "server/address.h"
#include "shared/limits.h"
#include "shared/option.h"

struct log;

struct settings {
    char *config, *listen_tcp, *listen_udp, *listen_unix, *data, *rate_limit;
    char *listen_metrics;
    char *control; /* empty: in the data directory */
    char *tls_cert, *tls_key, *keep_rooms;
    char *user;         /* whom root becomes; empty: nobody else */
    unsigned tls, log;  /* choices: enum tls_choice, enum log_format */
    unsigned log_level; /* enum log_level */
    unsigned registration, guests; /* enum registration; 1: no guests */
    uint64_t idle_exit;
    bool check_config, fingerprint, dump_protocol, version, help;
    struct limits limits;
};

enum tls_choice {
    TLS_AUTO, /* clear text from loopback and the Unix socket only */
    TLS_ON,   /* clear text from the Unix socket only */
    TLS_OFF   /* clear text; there is no key */
};

extern const struct option_table CONFIG_TABLE;

/*
 * Defaults, then the file that argv names, then argv.
 *   returns  0, or an exit code of sysexits with *error; settings are owned by
 *            the caller in any case: config_free
 */
int config_load(struct settings *, int argc, char **argv,
                struct option_error *error);
void config_free(struct settings *);

/* Whether a listen option says off. */
bool config_is_off(const char *text);

/* Whether the server needs a key: it listens where encryption is spoken. */
bool config_needs_key(const struct settings *);

/* The address of a listen option, resolved; false: it says off. */
bool config_address(const char *text, struct address *);

/* As config_load, with the mistake in the log. */
int config_reread(struct settings *, int argc, char **argv, struct log *);

/*
 * Log a line for each key that differs; returns how many of these count
 * without a restart.
 */
uint64_t config_compare(const struct settings *, const struct settings *fresh,
                        struct log *);

/*
 * Read everything again and take what may change while running; logs a line
 * for each key that changed.  On a mistake nothing changes.
 *   returns  0, or an exit code of sysexits
 */
int config_reload(struct settings *, int argc, char **argv, struct log *);

/* Where the operator's socket is to be; owner frees. NULL: nowhere. */
char *config_control(const struct settings *);

#endif
