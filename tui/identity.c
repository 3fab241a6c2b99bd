/* SPDX-License-Identifier: MIT */
#include "tui/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "tui/files.h"
#include "tui/lang.h"

enum {
    NOT_PRIVATE = 077, /* permission bits of others */
    SENTENCE = 1024
};

/* What every server gets to see: nothing about the person. */
static const char NAME[] = "chat-tui";

/* The key is first; the certificate begins here. */
static const char CERTIFICATE[] = "-----BEGIN CERTIFICATE-----";

static void drop_text(char *key)
{
    secure_pem_free(&(struct secure_pem){ .key = key });
}

/* Cut a file's text in two; takes it. */
static bool split(char *text, struct secure_pem *pem)
{
    char *chain = strstr(text, CERTIFICATE);

    if (!chain || chain == text) {
        drop_text(text);
        return false;
    }
    pem->chain = mem_str(str_of(chain));
    *chain = '\0';
    pem->key = text;
    return true;
}

/* Where it is, and what is wrong there. */
struct place {
    const char *dir;
    char *path; /* owned */
    char error[SENTENCE];
};

static bool fail(struct place *place, const char *what)
{
    snprintf(place->error, sizeof place->error, "%s: %s", place->path, what);
    return false;
}

/* Use what was read; takes the text. */
static bool take(struct place *place, char *text, unsigned mode,
                 struct secure_pem *pem)
{
    if (mode & NOT_PRIVATE) {
        drop_text(text);
        return fail(place, _("others can read this key, so it is not used; "
                             "chmod 600 if nobody has, or remove it for a new "
                             "one"));
    }
    if (split(text, pem))
        return true;
    return fail(place,
                _("no key and certificate in it; remove it for a new one"));
}

static bool write_new(const char *path, const struct secure_pem *pem)
{
    size_t key = strlen(pem->key), chain = strlen(pem->chain);
    char *text = mem_new(key + chain + 1, 1);
    bool good;

    memcpy(text, pem->key, key);
    memcpy(text + key, pem->chain, chain);
    good = files_replace(path, str_bytes(text, key + chain)) == 0;
    drop_text(text);
    return good;
}

/* What is there, or a new one; the lock is held. */
static bool read_or_make(struct place *place, struct secure_pem *pem,
                         struct now now)
{
    size_t len;
    unsigned mode;
    char *text = files_read(place->path, PEM_MAX, &len, &mode);

    if (text)
        return take(place, text, mode, pem); /* just made */
    if (!secure_pem_make(pem, NAME, now))
        return fail(place, _("no key can be made"));
    if (write_new(place->path, pem))
        return true;
    secure_pem_free(pem);
    return fail(place, strerror(errno));
}

static bool make(struct place *place, struct secure_pem *pem, struct now now)
{
    char *dir = mem_str(str_of(place->dir));
    char *path = files_path("%s/lock", dir);
    bool good = false;
    int lock = -1;

    if (files_make_dirs(dir) == 0)
        lock = files_lock(path, true);
    if (lock >= 0)
        good = read_or_make(place, pem, now);
    else
        snprintf(place->error, sizeof place->error, "%s: %s", path,
                 strerror(errno));
    files_unlock(lock);
    free(path);
    free(dir);
    return good;
}

bool identity_load(const char *dir, struct secure_pem *pem, struct now now,
                   char *error, size_t cap)
{
    struct place place = { dir, files_path("%s/client-key.pem", dir), "" };
    size_t len;
    unsigned mode;
    char *text = files_read(place.path, PEM_MAX, &len, &mode);
    bool good;

    *pem = (struct secure_pem){ NULL, NULL };
    if (text)
        good = take(&place, text, mode, pem);
    else if (errno == ENOENT || errno == ENOTDIR)
        good = make(&place, pem, now);
    else
        good = fail(&place, strerror(errno));
    if (!good)
        snprintf(error, cap, "%s", place.error);
    free(place.path);
    return good;
}
