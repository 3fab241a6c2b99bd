/* SPDX-License-Identifier: MIT */
#include "tui/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "tui/files.h"
#include "tui/lang.h"

enum { NOT_PRIVATE = 077 }; /* permission bits of others */

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

static bool take(const char *path, char *text, unsigned mode,
                 struct secure_pem *pem, char *error, size_t cap)
{
    if (mode & NOT_PRIVATE) {
        drop_text(text);
        snprintf(error, cap,
                 _("%s: others can read this key, so it is not used; chmod 600 "
                   "if nobody has, or remove it for a new one"),
                 path);
        return false;
    }
    if (split(text, pem))
        return true;
    snprintf(error, cap,
             _("%s: no key and certificate in it; remove it for a new one"),
             path);
    return false;
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
static bool read_or_make(const char *path, struct secure_pem *pem,
                         struct now now, char *error, size_t cap)
{
    size_t len;
    unsigned mode;
    char *text = files_read(path, PEM_MAX, &len, &mode);

    if (text)
        return take(path, text, mode, pem, error, cap); /* just made */
    if (!secure_pem_make(pem, NAME, now)) {
        snprintf(error, cap, _("%s: no key can be made"), path);
        return false;
    }
    if (write_new(path, pem))
        return true;
    snprintf(error, cap, "%s: %s", path, strerror(errno));
    secure_pem_free(pem);
    return false;
}

static bool make(const char *dir, const char *path, struct secure_pem *pem,
                 struct now now, char *error, size_t cap)
{
    char *folder = mem_str(str_of(dir));
    char *lock_path = files_path("%s/lock", dir);
    bool good = false;
    int lock = -1;

    if (files_make_dirs(folder) == 0)
        lock = files_lock(lock_path, true);
    if (lock >= 0)
        good = read_or_make(path, pem, now, error, cap);
    else
        snprintf(error, cap, "%s: %s", lock_path, strerror(errno));
    files_unlock(lock);
    free(lock_path);
    free(folder);
    return good;
}

bool identity_load(const char *dir, struct secure_pem *pem, struct now now,
                   char *error, size_t cap)
{
    char *path = files_path("%s/client-key.pem", dir);
    size_t len;
    unsigned mode;
    char *text = files_read(path, PEM_MAX, &len, &mode);
    bool good = false;

    *pem = (struct secure_pem){ NULL, NULL };
    if (text)
        good = take(path, text, mode, pem, error, cap);
    else if (errno == ENOENT || errno == ENOTDIR)
        good = make(dir, path, pem, now, error, cap);
    else
        snprintf(error, cap, "%s: %s", path, strerror(errno));
    free(path);
    return good;
}
