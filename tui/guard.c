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

static bool given(const char *text)
{
    return text && *text;
}

/*
 * The authorities of --tls-ca.
 *   text     gets them, owner frees; NULL when the system's are meant
 */
static int read_roots(const struct settings *s, char **text, size_t *len,
                      char *error, size_t cap)
{
    *text = NULL;
    *len = 0;
    if (!given(s->tls_ca))
        return 0;
    *text = files_read(s->tls_ca, ROOTS_MAX, len, NULL);
    if (*text && *len > 0)
        return 0;
    snprintf(error, cap, _("--tls-ca: %s cannot be read: %s"), s->tls_ca,
             *text ? _("it is empty") : strerror(errno));
    free(*text);
    return EX_NOINPUT;
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

static int open_base(struct guard *guard, const struct settings *s,
                     const char *dir, struct str roots, struct now now,
                     char *error, size_t cap)
{
    char why[SENTENCE];
    struct secure_config config = { .roots = roots };

    if (dir)
        guard->secure = open_with_key(guard, dir, roots, now);
    if (!guard->secure)
        guard->secure = secure_base_new(&config, why, sizeof why);
    if (guard->secure)
        return 0;
    if (roots.len)
        snprintf(error, cap, "--tls-ca: %s: %s", s->tls_ca, why);
    else
        snprintf(error, cap, "%s", why);
    return EX_CONFIG;
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

int guard_open(struct guard *guard, const struct settings *s, struct now now,
               char *error, size_t cap)
{
    char *roots, *dir;
    size_t len;
    int code;

    *guard = (struct guard){ NULL };
    if (s->tls == TLS_OFF || s->address.path[0])
        return 0;
    code = read_roots(s, &roots, &len, error, cap);
    if (code)
        return code;
    dir = files_base();
    code = open_base(guard, s, dir, str_bytes(roots, len), now, error, cap);
    if (code == 0) {
        guard->known = dir ? known_new(dir) : NULL;
        guard->trust = open_trust(s, guard->known);
    }
    free(dir);
    free(roots);
    return code;
}

void guard_close(struct guard *guard)
{
    trust_free(guard->trust);
    known_free(guard->known);
    secure_base_free(guard->secure);
    free(guard->notice);
    *guard = (struct guard){ NULL };
}
