/* SPDX-License-Identifier: MIT
 *
 * EDGE libuv.  Callbacks only note what happened; on_turn, before the loop
 * sleeps, does the rest in one fixed order: ask, send, ring, paint.
 */
#include "tui/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <uv.h>

#include "shared/text.h"
#include "shared/wire.h"
#include "tui/canvas.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/complete.h"
#include "tui/edit.h"
#include "tui/key.h"
#include "tui/keymap.h"
#include "tui/keys.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/net.h"
#include "tui/screen.h"
#include "tui/settings.h"
#include "tui/state.h"
#include "tui/tty.h"
#include "tui/ui.h"
#include "tui/view.h"

enum {
    FRAME_US = 33 * 1000,    /* between paints for what others do */
    WIDTH_US = 300 * 1000,   /* for the terminal's answer about widths */
    GOODBYE_US = 300 * 1000, /* for BYE to leave this machine */
    HANGUP_US = 80 * 1000,   /* the same when nobody looks any more */
    TITLE_BYTES = 128
};

struct app {
    struct chat *chat;
    struct tty *tty;
    struct screen *screen;
    struct keys *keys;
    struct canvas canvas;
    uv_prepare_t prepare; /* calls on_turn */
    uv_timer_t timer;     /* wakes the loop for it */
    int handles;          /* of the two, not closed yet */
    unsigned theme;       /* of the settings, as shown */
    uint64_t key_us;      /* when a key was pressed last */
    uint64_t paint_us;    /* when the screen was painted last */
    uint64_t width_us;    /* until when the width is being asked, 0: not */
    uint64_t view_us;     /* when the picture changes by time alone */
    uint64_t end_us;      /* when waiting for BYE ends; NEVER while talking */
    uint64_t patience_us; /* how long it may take to say it */
    bool urgent;          /* a key was pressed: paint at once */
    bool token_lost;      /* it cannot be kept: has been said */
    bool over;
    char title[TITLE_BYTES];
};

static struct now now_of(const struct app *app)
{
    return net_now(app->chat->loop);
}

/* ---- keys ---- */

static void press(struct app *app, const struct key *key, struct now now)
{
    if (key->type == KT_REPORT && app->width_us) {
        app->chat->ui->rule.ambiguous_wide = screen_is_wide(key);
        app->chat->ui->dirty = true;
        app->width_us = 0;
        return;
    }
    if (key->type != KT_FOCUS && key->type != KT_REPORT)
        app->key_us = now.mono_us;
    app->urgent = true;
    keymap_press(app->chat, key, now);
}

static void press_all(struct app *app, struct now now)
{
    struct key key;

    while (keys_next(app->keys, &key))
        if (!app->chat->quit)
            press(app, &key, now);
}

/* ---- what the terminal tells ---- */

static void on_bytes(void *arg, struct str bytes)
{
    struct app *app = arg;
    struct now now = now_of(app);

    keys_feed(app->keys, bytes, now);
    press_all(app, now);
}

static void on_resized(void *arg, int cols, int rows)
{
    struct app *app = arg;

    app->chat->ui->cols = cols;
    app->chat->ui->rows = rows;
    app->chat->ui->dirty = true;
    app->urgent = true;
}

static void on_stopping(void *arg)
{
    struct app *app = arg;

    screen_leave(app->screen);
}

static void on_continued(void *arg)
{
    struct app *app = arg;

    screen_enter(app->screen);
    app->chat->ui->dirty = true;
}

static void on_gone(void *arg, enum tty_gone why)
{
    struct app *app = arg;
    struct chat *chat = app->chat;
    bool meant = why == TTY_INTERRUPT;

    if (why == TTY_HANGUP)
        app->patience_us = HANGUP_US;
    if (!chat->quit)
        chat_quit(chat, meant ? reason_QUIT : reason_DETACHED, str_of(NULL),
                  now_of(app));
}

/* ---- a turn ---- */

static void tell_peer(struct app *app, struct now now)
{
    struct link_local local = {
        .idle_s = (uint32_t)((now.mono_us - app->key_us) / 1000000),
        .frozen_s = (uint32_t)(tty_stuck_ms(app->tty) / 1000)
    };

    client_local(app->chat->client, local);
}

/* The token may have changed; a new one goes to disk at once. */
static void keep_token(struct app *app, struct now now)
{
    struct chat *chat = app->chat;
    struct str token = client_token(chat->client);

    if (!chat->state || token.len == 0 ||
        str_eq(token, state_token(chat->state)))
        return;
    if (state_keep_token(chat->state, token, client_is_bound(chat->client)) ==
        0)
        return;
    if (!app->token_lost)
        model_notice(chat->model, NULL, now,
                     _("the proof of your name cannot be kept on disk"));
    app->token_lost = true;
}

static void ring(struct app *app)
{
    struct model *m = app->chat->model;
    struct ui *ui = app->chat->ui;
    bool heard = (ui->bell == BELL_MENTIONS && m->bell) ||
                 (ui->bell == BELL_ALL && m->noise);

    if (heard || (ui->beep && ui->bell != BELL_OFF))
        screen_bell(app->screen);
    m->bell = m->noise = ui->beep = false;
}

static void set_title(struct app *app)
{
    char title[TITLE_BYTES];
    const struct model *m = app->chat->model;
    const struct room *room = model_here(m);
    unsigned mentions = 0;

    for (size_t i = 0; i < m->n_rooms; i++)
        mentions += m->rooms[i]->mentions;
    if (mentions)
        snprintf(title, sizeof title, "(%u) %s", mentions, room->name);
    else
        snprintf(title, sizeof title, "%s", room ? room->name : "chat");
    if (strcmp(title, app->title) == 0)
        return;
    snprintf(app->title, sizeof app->title, "%s", title);
    screen_title(app->screen, text_cut(str_of(title), TITLE_BYTES));
}

static enum look look_of(unsigned theme)
{
    switch (theme) {
    case THEME_DARK: return LOOK_DARK;
    case THEME_LIGHT: return LOOK_LIGHT;
    case THEME_MONO: return LOOK_MONO;
    default: return theme_guess(getenv("NO_COLOR"), getenv("COLORFGBG"));
    }
}

static void set_look(struct app *app)
{
    unsigned theme = app->chat->settings->theme;

    if (theme == app->theme)
        return;
    app->theme = theme;
    screen_look(app->screen, look_of(theme));
    app->chat->ui->dirty = true;
}

/* When a paint is due; NEVER when nothing has changed or it cannot be. */
static uint64_t paint_due(const struct app *app)
{
    const struct chat *chat = app->chat;

    if ((!chat->model->dirty && !chat->ui->dirty) || tty_busy(app->tty))
        return NEVER;
    if (app->width_us)
        return app->width_us;
    return app->urgent ? 0 : app->paint_us + FRAME_US;
}

static void paint(struct app *app, struct now now)
{
    struct chat *chat = app->chat;
    struct ui *ui = chat->ui;

    if (now.mono_us < paint_due(app))
        return;
    if (app->canvas.cols != ui->cols || app->canvas.rows != ui->rows)
        canvas_resize(&app->canvas, ui->cols, ui->rows);
    if (ui->redraw)
        screen_redraw(app->screen);
    view_draw(chat->model, ui, chat->edit, &app->canvas, now);
    set_title(app);
    if (!screen_show(app->screen, &app->canvas))
        return;
    app->paint_us = now.mono_us;
    app->width_us = 0;
    app->view_us = view_deadline(chat->model, ui, now);
    chat->model->dirty = ui->dirty = ui->redraw = app->urgent = false;
}

/* Whether the time has come to go. */
static void check_end(struct app *app, struct now now)
{
    struct chat *chat = app->chat;
    const char *why;
    int code;

    if (chat->quit && app->end_us == NEVER)
        app->end_us = now.mono_us + app->patience_us;
    if (client_fatal(chat->client, &code, &why) || now.mono_us >= app->end_us ||
        (chat->quit && net_drained(chat->net)))
        app->over = true;
}

static void set_timer(struct app *app, struct now now)
{
    const struct chat *chat = app->chat;
    uint64_t at = time_min(keys_deadline(app->keys), chat_deadline(chat));

    at = time_min(at, paint_due(app));
    at = time_min(at, app->end_us);
    at = time_min(at, app->view_us);
    if (app->over)
        at = 0;
    uv_timer_stop(&app->timer);
    if (at == NEVER)
        return;
    uint64_t ms = at > now.mono_us ? (at - now.mono_us + 999) / 1000 : 0;
    uv_timer_start(&app->timer, app->timer.timer_cb, ms, 0);
}

static void on_turn(uv_prepare_t *prepare)
{
    struct app *app = prepare->data;
    struct chat *chat = app->chat;
    struct now now = now_of(app);

    if (now.mono_us >= keys_deadline(app->keys)) {
        keys_tick(app->keys, now);
        press_all(app, now);
    }
    if (now.mono_us >= app->view_us) {
        app->view_us = NEVER; /* the next paint sets it */
        chat->ui->dirty = true;
    }
    if (chat->ui->suspend) {
        chat->ui->suspend = false;
        tty_suspend(app->tty);
    }
    chat_turn(chat, now);
    tell_peer(app, now);
    net_turn(chat->net, now);
    keep_token(app, now);
    check_end(app, now);
    set_look(app);
    ring(app);
    paint(app, now);
    set_timer(app, now);
}

/* It only had to wake the loop. */
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

/* ---- opening and closing ---- */

static const char *const FIRST_HELP[] = {
    N_("Type and press Enter to talk; Tab completes names."),
    N_("/join #room enters a room, /msg NICK TEXT is for one."),
    N_("F1 or /help shows commands and keys; /quit leaves."),
};

static void greet(struct app *app, struct now now)
{
    struct chat *chat = app->chat;
    size_t lines = sizeof FIRST_HELP / sizeof FIRST_HELP[0];

    if (chat->state && state_token(chat->state).len > 0)
        return;
    for (size_t i = 0; i < lines; i++)
        model_notice(chat->model, NULL, now, "%s", _(FIRST_HELP[i]));
}

/* Inside tmux and screen an ESC may take longer to be followed. */
static unsigned esc_ms(void)
{
    const char *term = getenv("TERM");
    bool inside = getenv("TMUX") || getenv("STY") ||
                  (term && (strncmp(term, "screen", 6) == 0 ||
                            strncmp(term, "tmux", 4) == 0));

    return inside ? KEYS_ESC_MUX_MS : KEYS_ESC_MS;
}

static int open_screen(struct app *app, char *error, unsigned cap)
{
    struct chat *chat = app->chat;
    struct tty_events events = { .bytes = on_bytes,
                                 .resized = on_resized,
                                 .stopping = on_stopping,
                                 .continued = on_continued,
                                 .gone = on_gone,
                                 .arg = app };

    app->tty = tty_open(chat->loop, &events, error, cap);
    if (!app->tty)
        return EX_UNAVAILABLE;
    app->theme = chat->settings->theme;
    app->screen = screen_open(app->tty, look_of(app->theme), error, cap);
    if (!app->screen) {
        size_t len = strlen(error);
        snprintf(error + len, cap - len, "%s", _("; --line needs less"));
        return EX_UNAVAILABLE;
    }
    app->keys = keys_new(esc_ms(), !screen_brackets(app->screen));
    screen_learn(app->screen, app->keys);
    tty_size(app->tty, &chat->ui->cols, &chat->ui->rows);
    chat->ui->terminal = screen_describe(app->screen);
    return 0;
}

static void ask_width(struct app *app, struct now now)
{
    if (app->chat->settings->ambiguous != AMBIGUOUS_AUTO ||
        !screen_ask_width(app->screen))
        return;
    keys_expect_cursor(app->keys);
    app->width_us = now.mono_us + WIDTH_US;
}

static void start_loop(struct app *app)
{
    uv_prepare_init(app->chat->loop, &app->prepare);
    uv_timer_init(app->chat->loop, &app->timer);
    app->prepare.data = app->timer.data = app;
    app->handles = 2;
    uv_prepare_start(&app->prepare, on_turn);
    uv_timer_start(&app->timer, on_timer, 0, 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct app *app = handle->data;

    app->handles--;
}

static void stop_loop(struct app *app)
{
    if (app->handles == 0)
        return;
    uv_close((uv_handle_t *)&app->prepare, on_closed);
    uv_close((uv_handle_t *)&app->timer, on_closed);
    while (app->handles > 0)
        uv_run(app->chat->loop, UV_RUN_NOWAIT);
}

static int talk(struct app *app, char *error, unsigned cap)
{
    struct now now = now_of(app);
    const char *why = "";
    int code = 0;

    app->key_us = now.mono_us;
    greet(app, now);
    ask_width(app, now);
    start_loop(app);
    while (!app->over)
        uv_run(app->chat->loop, UV_RUN_ONCE);
    stop_loop(app);
    if (client_fatal(app->chat->client, &code, &why))
        snprintf(error, cap, "%s", why);
    return code;
}

int app_run(struct chat *chat, char *error, unsigned cap)
{
    struct edit edit;
    struct completion completion = { 0 };
    struct app app = { .chat = chat,
                       .view_us = NEVER,
                       .end_us = NEVER,
                       .patience_us = GOODBYE_US };

    edit_init(&edit);
    chat->edit = &edit;
    chat->completion = &completion;
    ui_look(chat->ui, chat->settings);
    canvas_init(&app.canvas, &chat->ui->rule);
    int code = open_screen(&app, error, cap);
    if (code == 0)
        code = talk(&app, error, cap);
    screen_close(app.screen);
    tty_close(app.tty);
    uv_run(chat->loop, UV_RUN_NOWAIT); /* frees what the tty has left */
    keys_free(app.keys);
    canvas_fini(&app.canvas);
    complete_fini(&completion);
    edit_fini(&edit);
    chat->edit = NULL;
    chat->completion = NULL;
    return code;
}
