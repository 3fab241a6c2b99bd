/* SPDX-License-Identifier: MIT
 *
 * The file of known servers; see known.h.
 */
#include "tui/known.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "tui/files.h"

struct known {
    char *dir, *path, *lock; /* owned */
};

static const char HEAD[] =
    "# Keys of chat servers that you trust, see chat-tui(1).  Lines may be\n"
    "# taken out; the server is met as a new one then.\n";

struct known *known_new(const char *dir)
{
    struct known *known = mem_new(1, sizeof *known);

    known->dir = mem_str(str_of(dir));
    known->path = files_path("%s/known_servers", dir);
    known->lock = files_path("%s/lock", dir);
    return known;
}

void known_free(struct known *known)
{
    if (!known)
        return;
    free(known->dir);
    free(known->path);
    free(known->lock);
    free(known);
}

const char *known_path(const struct known *known)
{
    return known->path;
}

/* ---- lines ---- */

/* A line off the front, without its LF. */
static struct str take_line(struct str *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    struct str line = *rest;

    if (end)
        line.len = (size_t)(end - rest->ptr);
    *rest = str_from(*rest, line.len + 1);
    return line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A word off the front; empty at the end, and at a comment. */
static struct str take_word(struct str *rest)
{
    size_t from = 0, to;

    while (from < rest->len && is_blank(rest->ptr[from]))
        from++;
    if (from < rest->len && rest->ptr[from] == '#')
        from = rest->len;
    for (to = from; to < rest->len && !is_blank(rest->ptr[to]); to++)
        ;
    struct str word = str_bytes(rest->ptr + from, to - from);
    *rest = str_from(*rest, to);
    return word;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Whether a line is about a server; *rest gets what it says of it. */
static bool is_about(struct str line, const char *server, struct str *rest)
{
    struct str name;

    *rest = line;
    name = take_word(rest);
    if (name.len == 0 || name.len != strlen(server))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (lower(name.ptr[i]) != lower(server[i]))
            return false;
    return true;
}

static struct known_entry read_entry(struct str rest)
{
    struct known_entry entry = { .kind = KNOWN_GARBLED };
    struct str what = take_word(&rest);

    if (take_word(&rest).len > 0)
        return entry;
    if (str_is(what, "ca"))
        entry.kind = KNOWN_CA;
    else if (fingerprint_parse(&entry.key, what))
        entry.kind = KNOWN_KEY;
    return entry;
}

struct known_entry known_look(struct str text, const char *server)
{
    struct known_entry entry = { .kind = KNOWN_NOT };
    size_t number = 0;

    while (text.len > 0) {
        struct str rest, line = take_line(&text);

        number++;
        if (!is_about(line, server, &rest))
            continue;
        if (line.len > KNOWN_LINE_MAX)
            entry.kind = KNOWN_GARBLED;
        else
            entry = read_entry(rest);
        entry.line = number;
        break;
    }
    return entry;
}

/* ---- the file ---- */

/* Owner frees; an empty text when there is no file; NULL with errno. */
static char *read_file(const struct known *known, size_t *len)
{
    char *text = files_read(known->path, KNOWN_FILE_MAX, len, NULL);

    if (text || (errno != ENOENT && errno != ENOTDIR))
        return text;
    *len = 0;
    return mem_new(1, 1);
}

int known_find(const struct known *known, const char *server,
               struct known_entry *entry)
{
    size_t len;
    char *text = read_file(known, &len);

    *entry = (struct known_entry){ .kind = KNOWN_NOT };
    if (!text)
        return -1;
    *entry = known_look(str_bytes(text, len), server);
    free(text);
    return 0;
}

/* Lock, after making the directory; -1 with errno. */
static int lock_file(const struct known *known)
{
    if (files_make_dirs(known->dir) < 0)
        return -1;
    return files_lock(known->lock, true);
}

/* The file's text with a line more. */
static int append(const struct known *known, struct str old, const char *server,
                  const struct known_entry *entry)
{
    const char *head = old.len == 0 ? HEAD : "";
    const char *gap = old.len && old.ptr[old.len - 1] != '\n' ? "\n" : "";
    char what[FINGERPRINT_TEXT] = "ca";
    size_t cap = old.len + sizeof HEAD + strlen(server) + sizeof what + 4;
    char *text = mem_new(cap, 1), *line;
    int err, len;

    if (entry->kind == KNOWN_KEY)
        fingerprint_text(&entry->key, what);
    if (old.len)
        memcpy(text, old.ptr, old.len);
    line = text + old.len;
    len = snprintf(line, cap - old.len, "%s%s%s %s\n", head, gap, server, what);
    for (char *c = line + strlen(head); *c && *c != ' '; c++)
        *c = lower(*c);
    errno = EFBIG;
    err = old.len + (size_t)len > KNOWN_FILE_MAX
              ? -1
              : files_replace(known->path,
                              str_bytes(text, old.len + (size_t)len));
    free(text);
    return err;
}

int known_add(struct known *known, const char *server,
              struct known_entry *entry)
{
    int lock = lock_file(known), err = -1;
    size_t len = 0;
    char *text = lock < 0 ? NULL : read_file(known, &len);

    if (text) {
        struct str old = str_bytes(text, len);
        struct known_entry found = known_look(old, server);

        err = found.kind == KNOWN_NOT ? append(known, old, server, entry) : 0;
        if (found.kind != KNOWN_NOT)
            *entry = found;
    }
    free(text);
    files_unlock(lock);
    return err;
}

/* Move the lines of others to the front; how many others there are not. */
static int drop_lines(char *text, size_t *len, const char *server)
{
    struct str all = str_bytes(text, *len), rest = all, what;
    size_t kept = 0;
    int dropped = 0;

    while (rest.len > 0) {
        struct str line = take_line(&rest);

        if (is_about(line, server, &what)) {
            dropped++;
            continue;
        }
        line.len += line.ptr + line.len < all.ptr + all.len; /* its LF */
        memmove(text + kept, line.ptr, line.len);
        kept += line.len;
    }
    *len = kept;
    return dropped;
}

int known_forget(struct known *known, const char *server)
{
    int lock = lock_file(known), dropped = -1;
    size_t len = 0;
    char *text = lock < 0 ? NULL : read_file(known, &len);

    if (text) {
        dropped = drop_lines(text, &len, server);
        if (dropped && files_replace(known->path, str_bytes(text, len)) < 0)
            dropped = -1;
    }
    free(text);
    files_unlock(lock);
    return dropped;
}
