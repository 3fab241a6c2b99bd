/* SPDX-License-Identifier: MIT
 *
 * Who is trusted; see judge.h.
 */
#include "tui/judge.h"

#include <stdarg.h>
#include <stdio.h>

#include "tui/lang.h"

/* ---- the judgement ---- */

static struct judgement accept_if(bool good, enum reason yes, enum reason no)
{
    if (good)
        return (struct judgement){ VERDICT_ACCEPT, yes };
    return (struct judgement){ VERDICT_REFUSE, no };
}

/* Met for the first time. */
static struct judgement judge_new(const struct judge_case *c,
                                  const struct secure_peer *peer)
{
    struct judgement j = { VERDICT_REFUSE, REASON_FIRST };

    if (peer->vouched == VOUCHED)
        return (struct judgement){ VERDICT_ACCEPT, REASON_CA_FIRST };
    if (c->mode == TRUST_NEW || c->loopback)
        j.verdict = VERDICT_PIN;
    else if (c->mode == TRUST_ASK && c->asks)
        j.verdict = VERDICT_ASK;
    return j;
}

static struct judgement judge_known(const struct judge_case *c,
                                    const struct secure_peer *peer)
{
    switch (c->known.kind) {
    case KNOWN_KEY:
        return accept_if(fingerprint_equal(&c->known.key, &peer->key),
                         REASON_KNOWN, REASON_CHANGED);
    case KNOWN_CA:
        return accept_if(peer->vouched == VOUCHED, REASON_CA, REASON_CA_LOST);
    case KNOWN_GARBLED: return accept_if(false, REASON_NONE, REASON_GARBLED);
    case KNOWN_NOT: break;
    }
    return judge_new(c, peer);
}

struct judgement judge(const struct judge_case *c,
                       const struct secure_peer *peer)
{
    if (!peer->has_key)
        return accept_if(false, REASON_NONE, REASON_NO_KEY);
    if (c->pin)
        return accept_if(fingerprint_equal(c->pin, &peer->key), REASON_FLAG,
                         REASON_FLAG_DIFFERS);
    if (c->authority)
        return accept_if(peer->vouched == VOUCHED, REASON_CA_FILE,
                         REASON_CA_FILE_NOT);
    if (c->unreadable)
        return accept_if(false, REASON_NONE, REASON_UNREADABLE);
    return judge_known(c, peer);
}

/* ---- sentences ---- */

/* Text that grows to its bound. */
struct text {
    char *out;
    size_t len, cap;
};

static void add(struct text *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text->out + text->len, text->cap - text->len, format, args);
    va_end(args);
    if (len > 0)
        text->len += (size_t)len;
    if (text->len >= text->cap)
        text->len = text->cap - 1;
}

static const char *vouched_text(enum vouched vouched)
{
    switch (vouched) {
    case VOUCHED_EXPIRED:
        return _("its certificate has expired, or this clock is wrong");
    case VOUCHED_OTHERWISE: return _("its certificate is for another name");
    case VOUCHED:
    case VOUCHED_NOT: break;
    }
    return _("no authority known here vouches for its key");
}

static const char *print_text(const struct fingerprint *print,
                              char out[FINGERPRINT_TEXT])
{
    fingerprint_text(print, out);
    return out;
}

static void say_first(struct text *text, const struct judge_words *w,
                      enum verdict verdict)
{
    char key[FINGERPRINT_TEXT];

    print_text(&w->key, key);
    if (verdict == VERDICT_PIN) {
        add(text, _("new server %s: its key is kept, %s"), w->server, key);
        return;
    }
    add(text, _("First connection to %s; its key:\n%s\n"), w->server, key);
    add(text, "%s\n", vouched_text(w->vouched));
    if (verdict == VERDICT_ASK)
        add(text, "%s",
            _("Compare it with what the operator tells you by another way.  If "
              "it is kept, another one will be refused from now on."));
    else
        add(text,
            _("If the operator confirms it, say --fingerprint %s, or --trust "
              "new to keep it."),
            key);
}

/* How a line of known_servers is taken out. */
static void say_forget(struct text *text, const struct judge_words *w)
{
    if (w->known.line && w->path)
        add(text,
            _("If it is the right one: /trust forget, or take out line %zu of "
              "%s, and connect again."),
            w->known.line, w->path);
    else
        add(text, "%s",
            _("If it is the right one: /trust forget, and connect again."));
}

static void say_changed(struct text *text, const struct judge_words *w)
{
    char now[FINGERPRINT_TEXT], old[FINGERPRINT_TEXT];

    add(text, _("THE KEY OF %s HAS CHANGED; nothing was said to it.\n"),
        w->server);
    add(text, _("Now:    %s\nBefore: %s\n"), print_text(&w->key, now),
        print_text(&w->known.key, old));
    add(text, "%s\n",
        _("The operator may have replaced it, or somebody stands in between "
          "and reads along.  Ask the operator, by another way, for the "
          "fingerprint."));
    say_forget(text, w);
}

static void say_lost(struct text *text, const struct judge_words *w)
{
    char key[FINGERPRINT_TEXT];

    add(text,
        _("AN AUTHORITY VOUCHED FOR %s, AND DOES NO LONGER; nothing was said "
          "to it.\n"),
        w->server);
    add(text, _("What is wrong: %s.\nIts key: %s\n"), vouched_text(w->vouched),
        print_text(&w->key, key));
    add(text, "%s\n",
        _("The operator may have let it lapse, or somebody stands in between "
          "and reads along.  Ask the operator, by another way."));
    say_forget(text, w);
}

static void say_refused(struct text *text, const struct judge_words *w,
                        enum reason reason)
{
    char key[FINGERPRINT_TEXT], pin[FINGERPRINT_TEXT];

    print_text(&w->key, key);
    print_text(&w->pin, pin);
    switch ((unsigned)reason) {
    case REASON_FLAG_DIFFERS:
        add(text,
            _("%s is refused: its key is %s, and --fingerprint asks for %s"),
            w->server, key, pin);
        break;
    case REASON_CA_FILE_NOT:
        add(text, _("%s is refused, as --tls-ca asks for an authority: %s"),
            w->server, vouched_text(w->vouched));
        break;
    case REASON_NO_KEY:
        add(text, _("%s is refused: it has proved no key"), w->server);
        break;
    case REASON_GARBLED:
        add(text,
            _("%s is refused: line %zu of %s is about it and says nothing "
              "that can be understood; correct it, or take it out"),
            w->server, w->known.line, w->path);
        break;
    case REASON_UNREADABLE:
        add(text,
            _("%s is refused, as it is not known whether its key is the right "
              "one: %s: %s"),
            w->server, w->path, w->error);
        break;
    case REASON_DENIED:
        add(text,
            _("the key of %s was not accepted; /trust yes accepts it, "
              "/reconnect asks again"),
            w->server);
        break;
    }
}

void judge_text(struct judgement j, const struct judge_words *w, char *out,
                size_t cap)
{
    struct text text = { out, 0, cap };

    *out = '\0';
    if (j.reason == REASON_FIRST)
        say_first(&text, w, j.verdict);
    else if (j.reason == REASON_CHANGED)
        say_changed(&text, w);
    else if (j.reason == REASON_CA_LOST)
        say_lost(&text, w);
    else if (j.verdict == VERDICT_REFUSE)
        say_refused(&text, w, j.reason);
}

const char *judge_brief(struct judgement j)
{
    switch ((unsigned)j.reason) {
    case REASON_FLAG: return _("the key that --fingerprint asks for");
    case REASON_FLAG_DIFFERS: return _("not the key of --fingerprint");
    case REASON_CA_FILE: return _("an authority of --tls-ca vouches for it");
    case REASON_CA_FILE_NOT: return _("no authority of --tls-ca vouches");
    case REASON_KNOWN: return _("the key it had before");
    case REASON_CHANGED: return _("THE SERVER'S KEY HAS CHANGED");
    case REASON_CA: return _("an authority vouches for it, as before");
    case REASON_CA_LOST: return _("NO AUTHORITY VOUCHES ANY LONGER");
    case REASON_CA_FIRST: return _("an authority vouches for it");
    case REASON_NO_KEY: return _("the server has proved no key");
    case REASON_GARBLED:
    case REASON_UNREADABLE: return _("known_servers cannot be understood");
    case REASON_DENIED: return _("the server's key was not accepted");
    case REASON_FIRST: break;
    case REASON_NONE: return _("nothing was judged yet");
    }
    if (j.verdict == VERDICT_PIN)
        return _("its key was kept at the first connection");
    return j.verdict == VERDICT_ASK ? _("a new key: is it the right one?")
                                    : _("the server's key is not known");
}
