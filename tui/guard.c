/* SPDX-License-Identifier: MIT */
#include "tui/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "shared/mem.h"
#include "shared/secure.h"
#include "tui/address.h"
#include "tui/files.h"
#include "tui/identity.h"
#include "tui/known.h"
#include "tui/lang.h"
#include "tui/settings.h"
#include "tui/trust.h"

enum {
    ROOTS_MAX = 4 * 1024 * 1024, /* bytes of --tls-ca */
    SENTENCE = 1024
};

/* What is wrong. */
struct error {
    char text[SENTENCE];
};

static bool given(const char *text)
{
    return text && *text;
}

/*
 * The authorities of --tls-ca.
 *   text     gets them, owner frees; NULL when the system's are meant
 *   returns  false with a sentence
 */
static bool read_roots(const struct settings *s, char **text, size_t *len,
                       struct error *error)
{
    *text = NULL;
    *len = 0;
    if (!given(s->tls_ca))
        return true;
    *text = files_read(s->tls_ca, ROOTS_MAX, len, NULL);
    if (*text && *len > 0)
        return true;
    snprintf(error->text, sizeof error->text, _("%s: cannot be read: %s"),
             s->tls_ca, *text ? _("it is empty") : strerror(errno));
    free(*text);
    return false;
}

/* ---- the own key ---- */

static void note(struct guard *guard, const char *text)
{
    free(guard->notice);
    guard->notice = mem_str(str_of(text));
}

/* With the key of a directory; NULL when there is none that can be used. */
static struct secure_base *open_with_key(struct guard *guard, const char *dir,
                                         struct str roots, struct now now)
{
    char why[SENTENCE], text[2 * SENTENCE];
    struct secure_pem pem;
    struct secure_config config = { .roots = roots };
    struct secure_base *base;

    if (!identity_load(dir, &pem, now, why, sizeof why)) {
        note(guard, why);
        return NULL;
    }
    config.key = str_of(pem.key);
    config.chain = str_of(pem.chain);
    base = secure_base_new(&config, why, sizeof why);
    secure_pem_free(&pem);
    if (!base) {
        snprintf(text, sizeof text,
                 _("%s/client-key.pem: %s; remove it for a new one"), dir, why);
        note(guard, text);
    }
    return base;
}

/*
 * With the own key, or without one.
 *   dir      NULL: there is no place for a key
 *   returns  false with a sentence
 */
static bool open_base(struct guard *guard, const char *dir, struct str roots,
                      struct now now, struct error *error)
{
    struct secure_config config = { .roots = roots };

    if (dir)
        guard->secure = open_with_key(guard, dir, roots, now);
    if (!guard->secure)
        guard->secure =
            secure_base_new(&config, error->text, sizeof error->text);
    return guard->secure != NULL;
}

/* ---- the judge ---- */

/* Somebody sits there and can be asked. */
static bool can_ask(const struct settings *s)
{
    return s->mode == MODE_FULL ||
           (s->mode == MODE_LINE && isatty(STDIN_FILENO) &&
            isatty(STDOUT_FILENO));
}

static struct trust *open_trust(const struct settings *s, struct known *known)
{
    char key[HOST_MAX + 16];
    struct trust_config config = {
        .server = key,
        .mode = (enum trust_mode)s->trust,
        .loopback = address_is_local(&s->address),
        .asks = can_ask(s),
        .authority = given(s->tls_ca),
        .pin = given(s->fingerprint) ? &s->pin : NULL,
        .known = known,
    };

    address_text(&s->address, TRANSPORT_TCP, key, sizeof key);
    return trust_new(&config);
}

/* Key, authorities and known servers, under that directory. */
static int open_all(struct guard *guard, const struct settings *s,
                    const char *dir, struct now now, struct error *error)
{
    char *roots, *why;
    size_t len;

    if (!read_roots(s, &roots, &len, error))
        return EX_NOINPUT;
    if (!open_base(guard, dir, str_bytes(roots, len), now, error)) {
        why = mem_str(str_of(error->text));
        snprintf(error->text, sizeof error->text, "%s%s%s",
                 roots ? s->tls_ca : "", roots ? ": " : "", why);
        free(why);
        free(roots);
        return EX_CONFIG;
    }
    free(roots);
    guard->known = dir ? known_new(dir) : NULL;
    guard->trust = open_trust(s, guard->known);
    return 0;
}

int guard_open(struct guard *guard, const struct settings *s, struct now now,
               char *text, size_t cap)
{
    struct error error = { "" };
    char *dir;
    int code;

    memset(guard, 0, sizeof *guard);
    if (s->tls == TLS_OFF || s->address.path[0])
        return 0;
    dir = files_base();
    code = open_all(guard, s, dir, now, &error);
    free(dir);
    if (code)
        snprintf(text, cap, "%s", error.text);
    return code;
}

void guard_close(struct guard *guard)
{
    trust_free(guard->trust);
    known_free(guard->known);
    secure_base_free(guard->secure);
    free(guard->notice);
    memset(guard, 0, sizeof *guard);
}
