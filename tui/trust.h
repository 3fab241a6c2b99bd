/* SPDX-License-Identifier: MIT
 *
 * Trust on first use, as SSH has it: who judges a server's key, remembers what
 * was found, and takes the person's answer.
 */
#ifndef TUI_TRUST_H
#define TUI_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/secure.h"
#include "tui/judge.h"

struct trust;

struct trust_config {
    const char *server; /* "host:port" for known_servers; copied */
    enum trust_mode mode;
    bool loopback, asks, authority; /* as in struct judge_case */
    const struct fingerprint *pin;  /* --fingerprint, or NULL; copied */
    struct known *known;            /* borrowed; NULL: nothing can be kept */
};

struct trust *trust_new(const struct trust_config *);
void trust_free(struct trust *); /* NULL is allowed */

/*
 * Judge a server that has proved its key; what is to be kept has been written
 * down when it returns.
 *   why      JUDGE_TEXT bytes are enough: what the person should read, LF
 *            between lines; "" when there is nothing to say
 */
enum verdict trust_judge(struct trust *, const struct secure_peer *, char *why,
                         size_t cap);

/*
 * The person said that a key is the right one: it is kept and accepted from
 * now on.
 *   why      "" unless it could be kept for this run only
 */
void trust_accept(struct trust *, const struct fingerprint *, char *why,
                  size_t cap);

/* The person said no; `why` says what they can do. */
void trust_deny(struct trust *, char *why, size_t cap);

/*
 * Know nothing of the server any more, so that it is met as a new one.
 *   returns  whether there was something; `why` says so
 */
bool trust_forget(struct trust *, char *why, size_t cap);

/* The last judgement, in a few words; static. */
const char *trust_brief(const struct trust *);

/* The server judged last; false when there is none. */
bool trust_peer(const struct trust *, struct secure_peer *);

/* Whether somebody is there who can be asked, and do something about it. */
bool trust_asks(const struct trust *);

/* Where keys are kept; NULL when they cannot be. */
const char *trust_path(const struct trust *);

#endif
