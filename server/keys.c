/* SPDX-License-Identifier: MIT
 *
 * The server's keys; see keys.h.
 */
#include "server/keys.h"

#include <stdio.h>
#include <string.h>
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

/* By which a pair is known again. */
static void hash_pem(const struct secure_pem *pem, char out[SECURE_HASH_TEXT])
{
    char both[2 * SECURE_HASH_TEXT];

    secure_hash(str_of(pem->key), both);
    secure_hash(str_of(pem->chain), both + SECURE_HASH_TEXT - 1);
    secure_hash(str_bytes(both, sizeof both - 2), out);
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
    if (!err)
        hash_pem(&pem, keys->used);
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

enum renewal { RENEWAL_NONE, RENEWAL_DONE, RENEWAL_REFUSED };

/* Have new connections use it, unless it is what they use; else `why`. */
static enum renewal renew_with(struct keys *keys, struct keyfile *keyfile,
                               const struct secure_pem *pem)
{
    char why[WHY_MAX], fresh[SECURE_HASH_TEXT];

    hash_pem(pem, fresh);
    if (strcmp(fresh, keys->used) == 0)
        return RENEWAL_NONE;
    if (!secure_base_renew(keys->base, str_of(pem->key), str_of(pem->chain),
                           why, sizeof why)) {
        snprintf(keyfile->why, sizeof keyfile->why, "%s: %s", name_of(keyfile),
                 why);
        return RENEWAL_REFUSED;
    }
    memcpy(keys->used, fresh, sizeof fresh);
    return RENEWAL_DONE;
}

static enum renewal renew(struct keys *keys, struct keyfile *keyfile)
{
    struct secure_pem pem = { NULL, NULL };
    enum renewal renewal = RENEWAL_REFUSED;

    if (keyfile_read(keyfile, &pem) == 0)
        renewal = renew_with(keys, keyfile, &pem);
    secure_pem_free(&pem);
    return renewal;
}

static void refuse(struct log *log, const struct keyfile *keyfile)
{
    LOG(log, KEYS_REFUSED, log_str("why", str_of(keyfile->why)));
}

int keys_reload(struct keys *keys, const struct settings *settings,
                struct log *log)
{
    struct keyfile_config config = where(settings);
    enum renewal renewal = RENEWAL_NONE;
    struct keyfile fresh;
    int err;

    if (!keys->base)
        return 0;
    err = keyfile_init(&fresh, &config);
    if (!err && fresh.key)
        renewal = renew(keys, &fresh);
    if (renewal == RENEWAL_REFUSED)
        err = EX_CONFIG;
    if (err)
        refuse(log, &fresh);
    if (err || !fresh.key) {
        keyfile_fini(&fresh);
        return err;
    }
    keyfile_fini(&keys->keyfile);
    keys->keyfile = fresh;
    if (renewal == RENEWAL_DONE)
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
    switch (renew(keys, keyfile)) {
    case RENEWAL_NONE: break;
    case RENEWAL_DONE: say(keys, log, LOG_KEYS_RENEWED); break;
    case RENEWAL_REFUSED: refuse(log, keyfile); break;
    }
    return keys->look_us;
}
