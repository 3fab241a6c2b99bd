/* SPDX-License-Identifier: MIT
 *
 * The running server as its operator has it: what it was started with, what it
 * consists of, and what may be done to all of that at once.
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/config.h"
#include "server/keys.h"
#include "server/privileges.h"
#include "server/storage.h"
#include "server/supervisor.h"
#include "server/world.h"
#include "shared/now.h"

struct hub;
struct log;

enum { SERVICE_PLACES = 512 };

struct service {
    struct settings settings;
    struct supervisor supervisor;
    struct privileges privileges;
    struct keys keys;
    struct storage storage;
    struct hub *hub; /* owned by who started it */
    struct now began;
    int argc; /* as main had them; a reload reads them again */
    char **argv;

    /* The edge's to set. */
    char places[SERVICE_PLACES]; /* where it listens: "tcp=... udp=..." */
    uint64_t memory;             /* bytes resident, when last looked at */

    uint64_t stop_us; /* mono_us when it is to go down; NEVER */
    bool stopping;    /* it is going down */
};

/*
 * Read configuration and key again, and take what may change.  What comes of
 * it is logged.
 *   returns  0, or an exit code of sysexits: something was refused
 */
int service_reload(struct service *, struct now);

/* What the settings say about people. */
struct policy service_policy(const struct settings *);

/* Log what a reload would do, and do nothing. */
int service_check(const struct service *, struct log *);

/* Bring the metrics up to date that are looked up. */
void service_measure(const struct service *);

/* It goes down from now on. */
void service_stop(struct service *);

/*
 * Look whether the key has changed, and say that all is well; returns when to
 * look again, mono_us.
 */
uint64_t service_look(struct service *, struct now);

#endif
