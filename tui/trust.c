/* SPDX-License-Identifier: MIT */
#include "tui/trust.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/mem.h"
#include "tui/lang.h"

struct trust {
    struct trust_config config; /* server owned, pin points below */
    struct fingerprint pin;
    struct secure_peer peer; /* judged last */
    struct judgement judgement;
    struct known_entry own; /* what could not be written down */
};

struct trust *trust_new(const struct trust_config *config)
{
    struct trust *t = mem_new(1, sizeof *t);

    t->config = *config;
    t->config.server = mem_str(str_of(config->server));
    if (config->pin) {
        t->pin = *config->pin;
        t->config.pin = &t->pin;
    }
    return t;
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    free((void *)(uintptr_t)t->config.server);
    free(t);
}

const char *trust_path(const struct trust *t)
{
    return t->config.known ? known_path(t->config.known) : NULL;
}

const char *trust_brief(const struct trust *t)
{
    return judge_brief(t->judgement);
}

bool trust_peer(const struct trust *t, struct secure_peer *peer)
{
    *peer = t->peer;
    return t->judgement.reason != REASON_NONE;
}

bool trust_asks(const struct trust *t)
{
    return t->config.asks;
}

/* ---- keeping ---- */

/*
 * Write down what is known of the server, or remember it at least.
 *   entry    becomes what the file says, when it has something already
 *   why      gets what could not be done
 */
static void keep(struct trust *t, struct known_entry *entry, char *why,
                 size_t cap)
{
    struct known *known = t->config.known;

    if (known && known_add(known, t->config.server, entry) == 0)
        return;
    t->own = *entry;
    if (known)
        snprintf(why, cap, _("what is known of %s cannot be kept: %s: %s"),
                 t->config.server, known_path(known), strerror(errno));
    else
        snprintf(why, cap, _("what is known of %s is forgotten at the end"),
                 t->config.server);
}

void trust_accept(struct trust *t, const struct fingerprint *key, char *why,
                  size_t cap)
{
    struct known_entry entry = { .kind = KNOWN_KEY, .key = *key };

    *why = '\0';
    keep(t, &entry, why, cap);
}

/* ---- judging ---- */

static struct judge_case case_of(const struct trust *t)
{
    const struct trust_config *config = &t->config;
    struct judge_case c = { .mode = config->mode,
                            .loopback = config->loopback,
                            .asks = config->asks,
                            .authority = config->authority,
                            .pin = config->pin };

    if (config->known)
        c.unreadable = known_find(config->known, config->server, &c.known) < 0;
    if (c.known.kind == KNOWN_NOT)
        c.known = t->own;
    return c;
}

static void explain(const struct trust *t, const struct judge_case *c,
                    const char *error, char *why, size_t cap)
{
    struct judge_words words = { .server = t->config.server,
                                 .path = trust_path(t),
                                 .error = error,
                                 .known = c->known,
                                 .pin = t->pin,
                                 .key = t->peer.key,
                                 .vouched = t->peer.vouched };

    judge_text(t->judgement, &words, why, cap);
}

/* A server met first, whom nobody needs to be asked about. */
static struct known_entry entry_of(const struct trust *t)
{
    struct known_entry entry = { .kind = KNOWN_NOT };

    if (t->judgement.verdict == VERDICT_PIN) {
        entry.kind = KNOWN_KEY;
        entry.key = t->peer.key;
    } else if (t->judgement.reason == REASON_CA_FIRST) {
        entry.kind = KNOWN_CA;
    }
    return entry;
}

enum verdict trust_judge(struct trust *t, const struct secure_peer *peer,
                         char *why, size_t cap)
{
    struct judge_case c = case_of(t);
    int error = errno; /* when it is unreadable */
    struct known_entry entry;
    char trouble[JUDGE_TEXT] = "";

    t->peer = *peer;
    t->judgement = judge(&c, peer);
    entry = entry_of(t);
    if (entry.kind != KNOWN_NOT) {
        keep(t, &entry, trouble, sizeof trouble);
        if (entry.line > 0) { /* another client was faster */
            c.known = entry;
            t->judgement = judge(&c, peer);
        }
    }
    explain(t, &c, strerror(error), why, cap);
    if (*trouble)
        snprintf(why + strlen(why), cap - strlen(why), "%s%s", *why ? "\n" : "",
                 trouble);
    return t->judgement.verdict;
}

/* ---- the person ---- */

void trust_deny(struct trust *t, char *why, size_t cap)
{
    struct judge_case none = { .mode = t->config.mode };

    t->judgement = (struct judgement){ VERDICT_REFUSE, REASON_DENIED };
    explain(t, &none, "", why, cap);
}

bool trust_forget(struct trust *t, char *why, size_t cap)
{
    struct known *known = t->config.known;
    int n = t->own.kind != KNOWN_NOT, more;

    t->own = (struct known_entry){ .kind = KNOWN_NOT };
    more = known ? known_forget(known, t->config.server) : 0;
    if (more < 0)
        snprintf(why, cap, "%s: %s", known_path(known), strerror(errno));
    else if (n + more == 0)
        snprintf(why, cap, _("%s is not known"), t->config.server);
    else
        snprintf(why, cap, _("%s is forgotten; the next connection is a first"),
                 t->config.server);
    return more >= 0 && n + more > 0;
}
