/* SPDX-License-Identifier: MIT */
#include "tui/setup.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "shared/mem.h"
#include "tui/client.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/net.h"
#include "tui/outbox.h"
#include "tui/secret.h"
#include "tui/settings.h"
#include "tui/state.h"
#include "tui/tail.h"
#include "tui/ui.h"

enum {
    TAIL_FULL = 100, /* lines of a room that is new to us */
    TAIL_LINE = 20,
};

static const char HOME_ROOM[] = "#lobby";

/* Whether a person reads what the model says. */
static bool is_chatty(const struct settings *s)
{
    return s->mode == MODE_FULL || s->mode == MODE_LINE;
}

/* Without a place for files the client works, and says what it cannot do. */
static void open_state(struct setup *setup, struct now now)
{
    struct chat *chat = &setup->chat;
    char key[HOST_MAX + 16], error[512];

    address_text(&chat->settings->address, TRANSPORT_TCP, key, sizeof key);
    chat->state = state_open(key, chat->settings->nick, error, sizeof error);
    if (!chat->state)
        model_notice(chat->model, NULL, now,
                     _("nothing can be kept on disk: %s"), error);
}

static int open_outbox(struct setup *setup, struct now now, char *error,
                       size_t cap)
{
    struct chat *chat = &setup->chat;
    bool keep = chat->state && chat->settings->mode != MODE_TAIL;
    uint64_t device;

    net_random(&device, sizeof device);
    setup->outbox = outbox_open(keep ? state_outbox(chat->state) : NULL, device,
                                error, cap);
    if (!setup->outbox)
        return EX_CANTCREAT;
    if (outbox_notice(setup->outbox))
        model_notice(chat->model, NULL, now, "%s",
                     outbox_notice(setup->outbox));
    return 0;
}

/* "zh_CN", of the locale in force or of what stands in for it. */
static const char *language(void)
{
    const char *chosen = getenv("LANGUAGE");

    return chosen && *chosen ? chosen : setlocale(LC_MESSAGES, NULL);
}

static void open_client(struct setup *setup)
{
    struct chat *chat = &setup->chat;
    const struct settings *s = chat->settings;
    bool chatty = is_chatty(s);
    struct client_config config = {
        .nick = s->nick,
        .nick_given = s->nick_given,
        .nick_strict = s->mode == MODE_SEND || s->mode == MODE_PASSWORD,
        .once = !chatty,
        .silent = !chatty,
        .pick = (enum pick)s->transport,
        .tail = s->mode == MODE_FULL ? TAIL_FULL
                : chatty             ? TAIL_LINE
                                     : 0,
        .home = chatty && s->n_rooms == 0 ? HOME_ROOM : NULL,
        .lang = language(),
        .follow = setup->tail,
        .code = s->code,
        .secret = *setup->secret ? setup->secret : NULL,
        .label = setup->machine,
        .secure = chat->secure,
        .trust = chat->trust,
        .host = s->address.host,
        .datagram = setup->datagram,
    };

    if (gethostname(setup->machine, sizeof setup->machine - 1))
        *setup->machine = '\0';
    address_text(&s->address, TRANSPORT_UDP, setup->datagram,
                 sizeof setup->datagram);
    net_random(&config.seed, sizeof config.seed);
    if (chat->state)
        config.token = state_token(chat->state);
    chat->client = client_new(&config, chat->model, setup->outbox);
}

/* ---- encryption ---- */

/* To the person, whatever they look at. */
static void tell(struct setup *setup, struct now now, const char *text)
{
    if (is_chatty(setup->chat.settings))
        model_notice(setup->chat.model, NULL, now, "%s", text);
    else
        fprintf(stderr, "chat-tui: %s\n", text);
}

static int open_guard(struct setup *setup, struct now now, char *error,
                      size_t cap)
{
    struct chat *chat = &setup->chat;
    const struct settings *s = chat->settings;
    int code = guard_open(&setup->guard, s, now, error, cap);

    chat->secure = setup->guard.secure;
    chat->trust = setup->guard.trust;
    if (code == 0 && setup->guard.notice)
        tell(setup, now, setup->guard.notice);
    if (s->tls == TLS_OFF && !address_is_local(&s->address))
        tell(setup, now,
             _("nothing is encrypted: others on the way can read along"));
    return code;
}

/* Ask for the password, before the screen is anybody's. */
static int ask_secret(struct setup *setup, char *error, size_t cap)
{
    const struct settings *s = setup->chat.settings;
    char prompt[NAME_MAX_BYTES + 64];

    if (!s->password)
        return 0;
    snprintf(prompt, sizeof prompt, _("password of %s: "), s->nick);
    if (secret_ask(prompt, setup->secret, sizeof setup->secret))
        return 0;
    snprintf(error, cap, _("no password: %s"), strerror(errno));
    return EX_NOPERM;
}

/* --set-password: the new one. */
static int choose_secret(struct setup *setup, char *error, size_t cap)
{
    const struct settings *s = setup->chat.settings;
    char prompt[NAME_MAX_BYTES + 64];

    if (s->mode != MODE_PASSWORD)
        return 0;
    snprintf(prompt, sizeof prompt, _("new password of %s: "), s->nick);
    if (secret_choose(prompt, _("once more: "), setup->fresh,
                      sizeof setup->fresh))
        return 0;
    if (errno == EINVAL)
        snprintf(error, cap, "%s",
                 _("no password: none was given, or two different ones"));
    else
        snprintf(error, cap, _("no password: %s"), strerror(errno));
    return EX_DATAERR;
}

/* ---- all of it ---- */

static void enter_rooms(struct chat *chat, struct now now)
{
    const struct settings *s = chat->settings;

    for (size_t i = 0; i < s->n_rooms; i++)
        client_join(chat->client, str_of(s->rooms[i]), now);
    if (s->mode == MODE_SEND)
        client_join(chat->client, str_of(s->send), now);
    if (s->mode == MODE_TAIL)
        client_join(chat->client, str_of(s->tail), now);
}

int setup_open(struct setup *setup, struct settings *settings,
               struct uv_loop_s *loop, char *error, size_t cap)
{
    struct chat *chat = &setup->chat;
    struct now now = net_now(loop);
    char server[HOST_MAX + 16];
    int code;

    *setup = (struct setup){ .chat = { .settings = settings, .loop = loop } };
    chat->model = model_new();
    chat->ui = mem_new(1, sizeof *chat->ui);
    ui_init(chat->ui);
    chat->ui->full = settings->mode == MODE_FULL;
    address_text(&settings->address,
                 settings->transport == PICK_UDP ? TRANSPORT_UDP
                                                 : TRANSPORT_TCP,
                 server, sizeof server);
    free(chat->model->server);
    chat->model->server = mem_str(str_of(server));
    code = ask_secret(setup, error, cap);
    if (code == 0)
        code = choose_secret(setup, error, cap);
    if (code)
        return code;
    open_state(setup, now);
    code = open_guard(setup, now, error, cap);
    if (code == 0)
        code = open_outbox(setup, now, error, cap);
    if (code)
        return code;
    if (settings->mode == MODE_TAIL)
        setup->tail = tail_new(settings->tail, settings->json, settings->last);
    open_client(setup);
    enter_rooms(chat, now);
    chat->net = net_new(loop, chat->client, &settings->address);
    return 0;
}

void setup_close(struct setup *setup)
{
    struct chat *chat = &setup->chat;

    mem_wipe(setup->secret, sizeof setup->secret);
    mem_wipe(setup->fresh, sizeof setup->fresh);
    net_close(chat->net);
    client_free(chat->client);
    tail_free(setup->tail);
    outbox_close(setup->outbox);
    guard_close(&setup->guard);
    state_close(chat->state);
    model_free(chat->model);
    ui_fini(chat->ui);
    free(chat->ui);
}
