/* SPDX-License-Identifier: MIT
 *
 * Which keys open our name on the server: their list, a code for one more, one
 * less.  What is answered is told as notices.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "tui/client_impl.h"
#include "tui/lang.h"
#include "tui/presence.h"

void client_devices(struct client *c, unsigned act, uint64_t number,
                    struct now now)
{
    struct msg msg = { .kind = KIND_DEVICES, .request = client_request(c) };

    msg.devices.act = act;
    msg.devices.number = number;
    if (c->main.phase != CONN_READY || c->leaving)
        model_notice(c->model, NULL, now, _("not connected"));
    else if (!c->bound)
        model_notice(c->model, NULL, now,
                     _("you are a guest here, and no key is kept; with an "
                       "invitation of the operator /devices code CODE makes "
                       "the name yours"));
    else
        conn_say(c, &c->main, &msg, now);
}

void client_enrol(struct client *c, struct str code, struct now now)
{
    snprintf(c->code, sizeof c->code, "%.*s",
             STR_ARG(text_cut(code, sizeof c->code - 1)));
    if (strcmp(c->nick, c->config.nick) != 0) {
        snprintf(c->nick, sizeof c->nick, "%s", c->config.nick);
        c->token_len = 0; /* of the name that we had instead */
    }
    c->nick_try = 0;
    client_reconnect(c, now);
}

/* "3 min" since then, on the server's clock. */
static void age_of(const struct client *c, uint64_t then, char *out, size_t cap,
                   struct now now)
{
    uint64_t wall_ms = model_wall(c->model, now);

    presence_age(then && wall_ms > then ? (wall_ms - then) / 1000 : 0, out,
                 cap);
}

void enrol_device(struct client *c, const struct msg_device *device,
                  struct now now)
{
    struct fingerprint key;
    char print[FINGERPRINT_TEXT] = "?", age[32];

    if (device->number == 0)
        return;
    if (device->key.len == sizeof key.bytes) {
        memcpy(key.bytes, device->key.ptr, sizeof key.bytes);
        fingerprint_text(&key, print);
    }
    age_of(c, device->seen, age, sizeof age, now);
    model_notice(c->model, NULL, now, _("%u  %.*s  %s  here %s ago%s"),
                 (unsigned)device->number,
                 STR_ARG(device->label.len ? device->label : str_of("?")),
                 print, age,
                 device->revoked ? _(", revoked")
                 : device->own   ? _(", this one")
                                 : "");
}

void enrol_code(struct client *c, const struct msg_code *code, struct now now)
{
    model_notice(c->model, NULL, now,
                 _("on the other machine start chat-tui --code %.*s, or type "
                   "/devices code %.*s there; it is good once, for %u minutes"),
                 STR_ARG(code->code), STR_ARG(code->code),
                 (unsigned)(code->ttl_s + 59) / 60);
}

void client_password(struct client *c, struct str secret, struct now now)
{
    struct msg msg = { .kind = KIND_PASSWORD, .request = client_request(c) };

    msg.password.secret = secret;
    if (c->main.phase == CONN_READY && !c->leaving) {
        conn_say(c, &c->main, &msg, now);
        c->password_request = msg.request;
        c->password_answer = 0;
        model_notice(c->model, NULL, now,
                     secret.len ? _("the password is being set")
                                : _("the password is being taken away"));
    } else {
        model_notice(c->model, NULL, now, _("not connected"));
    }
}

unsigned client_password_answer(const struct client *c)
{
    return c->password_answer;
}

void enrol_done(struct client *c)
{
    if (c->config.secret)
        mem_wipe(c->config.secret, strlen(c->config.secret));
}

/* The password was of no use: the person is to try again. */
static void wrong_password(struct client *c, const struct msg_error *error)
{
    enrol_done(c);
    if (error->code == ERROR_AUTH_THROTTLED)
        client_die(c, EX_NOPERM,
                   _("the password was not looked at: there were too many "
                     "wrong ones; try again in %u minutes"),
                   (unsigned)(error->retry_ms / 60000) + 1);
    else
        client_die(c, EX_NOPERM, _("wrong name or password"));
}

/* The code was of no use; a person goes on without it, a pipe does not. */
static void wrong_code(struct client *c, const struct msg_error *error,
                       struct now now)
{
    char why[200];

    if (error->code == ERROR_AUTH_THROTTLED)
        snprintf(why, sizeof why,
                 _("the code was not looked at: there were too many wrong "
                   "ones; try again in %u minutes"),
                 (unsigned)(error->retry_ms / 60000) + 1);
    else
        snprintf(why, sizeof why, "%s",
                 _("this code is not, or no longer, good"));
    if (c->config.once)
        client_die(c, EX_NOPERM, "%s", why);
    else
        model_notice(c->model, NULL, now, "%s", why);
}

bool enrol_refused(struct client *c, const struct msg_error *error,
                   struct now now)
{
    bool wait = error->code == ERROR_AUTH_THROTTLED;

    if (c->config.secret && *c->config.secret &&
        (wait || error->code == ERROR_AUTH_FAILED))
        wrong_password(c, error);
    if (!*c->code || (!wait && error->code != ERROR_AUTH_FAILED))
        return false;
    *c->code = '\0';
    wrong_code(c, error, now);
    return !c->config.once;
}
