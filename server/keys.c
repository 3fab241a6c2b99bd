/* SPDX-License-Identifier: MIT
 *
 * The server's keys; see keys.h.
 */
#include "server/keys.h"

#include <stdio.h>
#include <sysexits.h>

#include "server/config.h"
#include "server/log.h"

static const uint64_t LOOK_US = 5000000; /* between looks at the files */

enum { WHY_MAX = 512 };

/* ---- reading into use ---- */

static struct identity_config where(const struct settings *settings)
{
    return (struct identity_config){ .data = settings->data,
                                     .cert = settings->tls_cert,
                                     .key = settings->tls_key };
}

static const char *name_of(const struct identity *identity)
{
    return identity->key ? identity->key : ":memory:";
}

/* Prefix a sentence about a key with its file. */
static void name_file(const struct identity *identity, char *error, size_t cap)
{
    char why[WHY_MAX];

    snprintf(why, sizeof why, "%s", error);
    snprintf(error, cap, "%s: %s", name_of(identity), why);
}

static struct secure_base *base_of(const struct identity *identity,
                                   const struct secure_pem *pem, char *error,
                                   size_t cap)
{
    struct secure_config config = { .server = true,
                                    .key = str_of(pem->key),
                                    .chain = str_of(pem->chain) };
    struct secure_base *base = secure_base_new(&config, error, cap);

    if (!base)
        name_file(identity, error, cap);
    return base;
}

int keys_open(struct keys *keys, const struct settings *settings,
              const char *name, struct now now, char *error, size_t cap)
{
    struct identity_config config = where(settings);
    struct secure_pem pem = { NULL, NULL };
    int err;

    *keys = (struct keys){ .look_us = now.mono_us + LOOK_US };
    err = identity_init(&keys->identity, &config, error, cap);
    if (!err)
        err = identity_need(&keys->identity, &pem, name, now, error, cap);
    if (!err) {
        keys->base = base_of(&keys->identity, &pem, error, cap);
        err = keys->base ? 0 : EX_CONFIG;
    }
    secure_pem_free(&pem);
    return err;
}

void keys_close(struct keys *keys)
{
    identity_fini(&keys->identity);
    if (keys->base)
        secure_base_free(keys->base);
    keys->base = NULL;
}

/* ---- saying ---- */

static void say(const struct keys *keys, struct log *log, const char *event)
{
    struct fingerprint print = secure_base_fingerprint(keys->base);
    char text[FINGERPRINT_TEXT];

    fingerprint_text(&print, text);
    LOG(log, event, log_str("fingerprint", str_of(text)),
        log_str("file", str_of(name_of(&keys->identity))));
}

void keys_announce(const struct keys *keys, struct log *log)
{
    say(keys, log, "keys.ready");
}

int keys_fingerprint(const struct settings *settings,
                     char out[FINGERPRINT_TEXT], char *error, size_t cap)
{
    struct identity_config config = where(settings);
    struct secure_base *base = NULL;
    struct secure_pem pem = { NULL, NULL };
    struct fingerprint print;
    struct identity identity;
    int err = identity_init(&identity, &config, error, cap);

    if (!err)
        err = identity_read(&identity, &pem, error, cap);
    if (!err) {
        base = base_of(&identity, &pem, error, cap);
        err = base ? 0 : EX_CONFIG;
    }
    if (base) {
        print = secure_base_fingerprint(base);
        fingerprint_text(&print, out);
        secure_base_free(base);
    }
    secure_pem_free(&pem);
    identity_fini(&identity);
    return err;
}

/* ---- renewing ---- */

/* Read an identity and have new connections use it. */
static bool renew(struct keys *keys, struct identity *identity, struct log *log)
{
    struct secure_pem pem = { NULL, NULL };
    char why[WHY_MAX];
    bool good = identity_read(identity, &pem, why, sizeof why) == 0;

    if (good && !secure_base_renew(keys->base, str_of(pem.key),
                                   str_of(pem.chain), why, sizeof why)) {
        name_file(identity, why, sizeof why);
        good = false;
    }
    if (!good)
        LOG(log, "keys.refused", log_str("why", str_of(why)));
    secure_pem_free(&pem);
    return good;
}

void keys_reload(struct keys *keys, const struct settings *settings,
                 struct log *log)
{
    struct identity_config config = where(settings);
    struct identity fresh;
    char why[WHY_MAX];

    if (!keys->base)
        return;
    if (identity_init(&fresh, &config, why, sizeof why)) {
        LOG(log, "keys.refused", log_str("why", str_of(why)));
    } else if (fresh.key && renew(keys, &fresh, log)) {
        identity_fini(&keys->identity);
        keys->identity = fresh;
        say(keys, log, "keys.renewed");
        return;
    }
    identity_fini(&fresh);
}

uint64_t keys_look(struct keys *keys, struct log *log, struct now now)
{
    if (!keys->base || !keys->identity.key)
        return NEVER;
    if (now.mono_us < keys->look_us)
        return keys->look_us;
    keys->look_us = now.mono_us + LOOK_US;
    if (identity_changed(&keys->identity) && renew(keys, &keys->identity, log))
        say(keys, log, "keys.renewed");
    return keys->look_us;
}
