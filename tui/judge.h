/* SPDX-License-Identifier: MIT
 *
 * Whether a server is the right one: a pure function of what the person asked
 * for, what is known of the server, and the key it has proved.  And the
 * sentence that tells people why.
 */
#ifndef TUI_JUDGE_H
#define TUI_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/secure.h"
#include "tui/known.h"

/* What to do with a key never seen before: --trust, in its order. */
enum trust_mode { TRUST_ASK, TRUST_NEW, TRUST_STRICT };

enum verdict {
    VERDICT_ACCEPT,
    VERDICT_PIN, /* accept, and keep the key */
    VERDICT_ASK, /* the person is to say */
    VERDICT_REFUSE
};

enum reason {
    REASON_NONE,         /* nothing was judged yet */
    REASON_FLAG,         /* the key --fingerprint asks for */
    REASON_FLAG_DIFFERS, /* another one */
    REASON_CA_FILE,      /* an authority of --tls-ca vouches */
    REASON_CA_FILE_NOT,  /* none does */
    REASON_KNOWN,        /* the key that known_servers has */
    REASON_CHANGED,      /* known_servers has another one */
    REASON_CA,           /* known for being vouched for, and is */
    REASON_CA_LOST,      /* known for being vouched for, and is not */
    REASON_CA_FIRST,     /* met first, vouched for: to be kept as `ca` */
    REASON_FIRST,        /* met first, nobody vouches */
    REASON_NO_KEY,       /* it has proved none */
    REASON_GARBLED,      /* the line in known_servers says nothing */
    REASON_UNREADABLE,   /* known_servers cannot be read */
    REASON_DENIED        /* the person said no */
};

struct judgement {
    enum verdict verdict;
    enum reason reason;
};

/* What the person asked for, and what is known. */
struct judge_case {
    enum trust_mode mode;
    bool loopback;                 /* of this machine: as TRUST_NEW */
    bool asks;                     /* somebody is there who can be asked */
    bool authority;                /* --tls-ca was given */
    const struct fingerprint *pin; /* --fingerprint, or NULL */
    struct known_entry known;
    bool unreadable; /* what is known cannot be read */
};

/*
 * In this order: a fingerprint that was given decides alone; then authorities
 * that were given; then what is known; then authorities of the system; then
 * the mode.
 */
struct judgement judge(const struct judge_case *, const struct secure_peer *);

enum { JUDGE_TEXT = 1536 }; /* bytes that are enough for any sentence */

/* What the sentences speak of. */
struct judge_words {
    const char *server; /* "host:port" */
    const char *path;   /* of known_servers; NULL when there is none */
    const char *error;  /* why it cannot be read */
    struct known_entry known;
    struct fingerprint pin, key; /* asked for; proved */
    enum vouched vouched;
};

/*
 * The judgement for people: what was found, what may have happened, what to do.
 * One line for each step, LF between; "" for what needs no words.
 */
void judge_text(struct judgement, const struct judge_words *, char *out,
                size_t cap);

/* The same in a few words, for a status row; static. */
const char *judge_brief(struct judgement);

#endif
