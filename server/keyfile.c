/* SPDX-License-Identifier: MIT
 *
 * Keys on disk; see keyfile.h.
 */
#include "server/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "server/datadir.h"
#include "shared/mem.h"

static int fail(struct keyfile *, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct keyfile *keyfile, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(keyfile->why, sizeof keyfile->why, format, args);
    va_end(args);
    return code;
}

/* ---- where ---- */

static bool is_set(const char *text)
{
    return text && *text;
}

int keyfile_init(struct keyfile *keyfile, const struct keyfile_config *config)
{
    *keyfile = (struct keyfile){ 0 };
    if (is_set(config->key) && is_set(config->cert)) {
        keyfile->key = mem_str(str_of(config->key));
        keyfile->cert = mem_str(str_of(config->cert));
        return 0;
    }
    if (datadir_is_memory(config->data))
        return 0;
    keyfile->dir = datadir_path(config->data);
    if (!keyfile->dir)
        return fail(keyfile, EX_CONFIG,
                    "data: neither HOME nor XDG_STATE_HOME is set; --data DIR "
                    "says where to keep the server's key");
    keyfile->key = datadir_file(keyfile->dir, "key.pem");
    keyfile->cert = datadir_file(keyfile->dir, "cert.pem");
    return 0;
}

void keyfile_fini(struct keyfile *keyfile)
{
    free(keyfile->dir);
    free(keyfile->key);
    free(keyfile->cert);
    *keyfile = (struct keyfile){ 0 };
}

/* ---- watching ---- */

static struct keyfile_stamp stamp_of(const char *path)
{
    struct stat st;

    if (!path || stat(path, &st))
        return (struct keyfile_stamp){ 0 };
    return (struct keyfile_stamp){
        .device = st.st_dev,
        .inode = st.st_ino,
        .size = (uint64_t)st.st_size,
        .changed_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
                      (uint64_t)st.st_mtim.tv_nsec,
    };
}

/* How the two files are now. */
static void look(const struct keyfile *keyfile, struct keyfile_stamp stamps[2])
{
    stamps[0] = stamp_of(keyfile->key);
    stamps[1] = stamp_of(keyfile->cert);
}

static bool is_same(const struct keyfile_stamp *a,
                    const struct keyfile_stamp *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->changed_ns == b->changed_ns;
}

bool keyfile_changed(struct keyfile *keyfile)
{
    struct keyfile_stamp now[2];
    bool differs = false, rests = true;

    look(keyfile, now);
    for (int i = 0; i < 2; i++) {
        differs = differs || !is_same(&now[i], &keyfile->read[i]);
        rests = rests && is_same(&now[i], &keyfile->seen[i]);
        keyfile->seen[i] = now[i];
    }
    return differs && rests;
}

/* ---- reading ---- */

/* Whether a file is one that may be read; returns 0 or an exit code. */
static int check_file(struct keyfile *keyfile, const char *path,
                      const struct stat *st, bool secret)
{
    if (!S_ISREG(st->st_mode))
        return fail(keyfile, EX_CONFIG, "%s: is no file", path);
    if (st->st_size > PEM_MAX)
        return fail(keyfile, EX_CONFIG, "%s: is too large for PEM", path);
    if (secret && st->st_mode & 077)
        return fail(keyfile, EX_CONFIG,
                    "%s: others can read the private key; chmod 600 it, and "
                    "take a new one if they may have",
                    path);
    return 0;
}

static int read_all(struct keyfile *keyfile, int fd, const char *path,
                    size_t size, char **text)
{
    size_t len = 0;
    ssize_t n = 1;

    *text = mem_new(size + 1, 1);
    while (len < size && n > 0) {
        n = read(fd, *text + len, size - len);
        if (n > 0)
            len += (size_t)n;
    }
    if (n < 0)
        return fail(keyfile, EX_IOERR, "%s: %s", path, strerror(errno));
    if (!**text)
        return fail(keyfile, EX_CONFIG, "%s: is empty", path);
    return 0;
}

/* A whole file as a string; *text is owned by the caller in any case. */
static int read_file(struct keyfile *keyfile, const char *path, bool secret,
                     char **text)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int err;

    if (fd < 0)
        return fail(keyfile, EX_NOINPUT, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st))
        err = fail(keyfile, EX_IOERR, "%s: %s", path, strerror(errno));
    else
        err = check_file(keyfile, path, &st, secret);
    if (!err)
        err = read_all(keyfile, fd, path, (size_t)st.st_size, text);
    close(fd);
    return err;
}

static bool exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 || errno != ENOENT;
}

bool keyfile_exists(const struct keyfile *keyfile)
{
    return keyfile->key && (!keyfile->dir || exists(keyfile->key));
}

int keyfile_read(struct keyfile *keyfile, struct secure_pem *pem)
{
    int err;

    *pem = (struct secure_pem){ NULL, NULL };
    if (!keyfile->key)
        return fail(keyfile, EX_NOINPUT, "the key is in memory only");
    if (!keyfile_exists(keyfile))
        return fail(keyfile, EX_NOINPUT,
                    "%s: there is no key yet; the first start makes it",
                    keyfile->key);
    look(keyfile, keyfile->read);
    memcpy(keyfile->seen, keyfile->read, sizeof keyfile->seen);
    err = read_file(keyfile, keyfile->key, true, &pem->key);
    if (!err)
        err = read_file(keyfile, keyfile->cert, false, &pem->chain);
    return err;
}

/* ---- making ---- */

static int sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = fd < 0 || fsync(fd) ? -1 : 0;

    if (fd >= 0)
        close(fd);
    return err;
}

/* A new file, whole and on disk. */
static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t len = strlen(text);
    bool good;

    if (fd < 0)
        return -1;
    good = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
    return close(fd) == 0 && good ? 0 : -1;
}

/*
 * Give a name to a text in one step; returns 0, or -1 with errno.
 *   once     leave a file that is there: who comes second finds the first's
 */
static int place_file(const struct keyfile *keyfile, const char *path,
                      const char *text, bool once)
{
    char fresh[PATH_MAX];
    int err, why;

    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    unlink(fresh);
    err = write_file(fresh, text);
    if (err == 0 && !(once && (link(fresh, path) == 0 || errno == EEXIST)))
        err = rename(fresh, path); /* also where there are no links */
    if (err == 0)
        err = sync_dir(keyfile->dir);
    why = errno;
    unlink(fresh);
    errno = why;
    return err;
}

static int make_key(const struct keyfile *keyfile, const char *name,
                    struct now now)
{
    struct secure_pem pem;
    int err = -1;

    if (!secure_pem_make(&pem, name, now))
        errno = EIO;
    else
        err = place_file(keyfile, keyfile->key, pem.key, true);
    secure_pem_free(&pem);
    return err;
}

/* A certificate for the key that is there; another one is of no use to it. */
static int make_cert(struct keyfile *keyfile, const char *name, struct now now)
{
    struct secure_pem pem = { NULL, NULL };
    int err = read_file(keyfile, keyfile->key, true, &pem.key);

    if (!err && !secure_pem_certify(&pem, name, now))
        err = fail(keyfile, EX_CONFIG, "%s: is no private key in PEM",
                   keyfile->key);
    if (!err && place_file(keyfile, keyfile->cert, pem.chain, false))
        err = fail(keyfile, EX_CANTCREAT, "%s: %s", keyfile->cert,
                   strerror(errno));
    secure_pem_free(&pem);
    return err;
}

int keyfile_need(struct keyfile *keyfile, struct secure_pem *pem,
                 const char *name, struct now now)
{
    bool fresh = keyfile->dir && !exists(keyfile->key);
    int err = 0;

    *pem = (struct secure_pem){ NULL, NULL };
    if (!keyfile->key)
        return secure_pem_make(pem, name, now)
                   ? 0
                   : fail(keyfile, EX_OSERR, "a key cannot be made");
    if (fresh && (datadir_make(keyfile->dir) || make_key(keyfile, name, now)))
        err = fail(keyfile, EX_CANTCREAT, "%s: %s; --data says where else",
                   keyfile->key, strerror(errno));
    if (!err && keyfile->dir && (fresh || !exists(keyfile->cert)))
        err = make_cert(keyfile, name, now);
    return err ? err : keyfile_read(keyfile, pem);
}
