/* SPDX-License-Identifier: MIT
 *
 * The server's keys; see keys.h.
 */
#include "server/keys.h"

#include <stdio.h>
#include <sysexits.h>

#include "server/config.h"
#include "server/log.h"

static const uint64_t LOOK_US = 2000000; /* between looks at the files */

enum { WHY_MAX = 256 }; /* bytes of a sentence */

/* ---- reading into use ---- */

static struct keyfile_config where(const struct settings *settings)
{
    return (struct keyfile_config){ .data = settings->data,
                                    .cert = settings->tls_cert,
                                    .key = settings->tls_key };
}

static const char *name_of(const struct keyfile *keyfile)
{
    return keyfile->key ? keyfile->key : ":memory:";
}

static struct secure_base *base_of(struct keyfile *keyfile,
                                   const struct secure_pem *pem)
{
    struct secure_config config = { .server = true,
                                    .key = str_of(pem->key),
                                    .chain = str_of(pem->chain) };
    char why[WHY_MAX];
    struct secure_base *base = secure_base_new(&config, why, sizeof why);

    if (!base)
        snprintf(keyfile->why, sizeof keyfile->why, "%s: %s", name_of(keyfile),
                 why);
    return base;
}

int keys_open(struct keys *keys, const struct settings *settings,
              const char *name, struct now now)
{
    struct keyfile_config config = where(settings);
    struct secure_pem pem = { NULL, NULL };
    int err;

    *keys = (struct keys){ .look_us = now.mono_us + LOOK_US };
    err = keyfile_init(&keys->keyfile, &config);
    if (!err)
        err = keyfile_need(&keys->keyfile, &pem, name, now);
    if (!err) {
        keys->base = base_of(&keys->keyfile, &pem);
        err = keys->base ? 0 : EX_CONFIG;
    }
    secure_pem_free(&pem);
    return err;
}

void keys_close(struct keys *keys)
{
    keyfile_fini(&keys->keyfile);
    if (keys->base)
        secure_base_free(keys->base);
    keys->base = NULL;
}

/* ---- saying ---- */

static void say(const struct keys *keys, struct log *log, enum log_event event)
{
    struct fingerprint print = secure_base_fingerprint(keys->base);
    struct log_field fields[2];
    char text[FINGERPRINT_TEXT];

    fingerprint_text(&print, text);
    fields[0] = log_str("fingerprint", str_of(text));
    fields[1] = log_str("file", str_of(name_of(&keys->keyfile)));
    log_line(log, event, fields, 2);
}

uint64_t keys_expire(const struct keys *keys)
{
    return keys->base ? secure_base_expires(keys->base) : 0;
}

void keys_announce(const struct keys *keys, struct log *log)
{
    say(keys, log, LOG_KEYS_READY);
}

bool keys_exist(const struct settings *settings)
{
    struct keyfile_config config = where(settings);
    struct keyfile keyfile;
    bool exist = keyfile_init(&keyfile, &config) || keyfile_exists(&keyfile);

    keyfile_fini(&keyfile);
    return exist;
}

int keys_fingerprint(const struct settings *settings,
                     char out[FINGERPRINT_TEXT], char *error, size_t cap)
{
    struct keyfile_config config = where(settings);
    struct secure_base *base = NULL;
    struct secure_pem pem = { NULL, NULL };
    struct fingerprint print;
    struct keyfile keyfile;
    int err = keyfile_init(&keyfile, &config);

    if (!err)
        err = keyfile_read(&keyfile, &pem);
    if (!err) {
        base = base_of(&keyfile, &pem);
        err = base ? 0 : EX_CONFIG;
    }
    snprintf(error, cap, "%s", keyfile.why);
    if (base) {
        print = secure_base_fingerprint(base);
        fingerprint_text(&print, out);
        secure_base_free(base);
    }
    secure_pem_free(&pem);
    keyfile_fini(&keyfile);
    return err;
}

/* ---- renewing ---- */

/* Read files and have new connections use them; false with `why`. */
static bool renew(struct keys *keys, struct keyfile *keyfile)
{
    struct secure_pem pem = { NULL, NULL };
    char why[WHY_MAX];
    bool good = keyfile_read(keyfile, &pem) == 0;

    if (good && !secure_base_renew(keys->base, str_of(pem.key),
                                   str_of(pem.chain), why, sizeof why)) {
        snprintf(keyfile->why, sizeof keyfile->why, "%s: %s", name_of(keyfile),
                 why);
        good = false;
    }
    secure_pem_free(&pem);
    return good;
}

static void refuse(struct log *log, const struct keyfile *keyfile)
{
    LOG(log, KEYS_REFUSED, log_str("why", str_of(keyfile->why)));
}

int keys_reload(struct keys *keys, const struct settings *settings,
                struct log *log)
{
    struct keyfile_config config = where(settings);
    struct keyfile fresh;
    int err;

    if (!keys->base)
        return 0;
    err = keyfile_init(&fresh, &config);
    if (!err && fresh.key && !renew(keys, &fresh))
        err = EX_CONFIG;
    if (err)
        refuse(log, &fresh);
    if (err || !fresh.key) {
        keyfile_fini(&fresh);
        return err;
    }
    keyfile_fini(&keys->keyfile);
    keys->keyfile = fresh;
    say(keys, log, LOG_KEYS_RENEWED);
    return 0;
}

uint64_t keys_look(struct keys *keys, struct log *log, struct now now)
{
    struct keyfile *keyfile = &keys->keyfile;

    if (!keys->base || !keyfile->key)
        return NEVER;
    if (now.mono_us < keys->look_us)
        return keys->look_us;
    keys->look_us = now.mono_us + LOOK_US;
    if (!keyfile_changed(keyfile))
        return keys->look_us;
    if (renew(keys, keyfile))
        say(keys, log, LOG_KEYS_RENEWED);
    else
        refuse(log, keyfile);
    return keys->look_us;
}
