/* SPDX-License-Identifier: MIT
 *
 * Commands about the connection and the program.
 */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/bounds.h"
#include "shared/dgram.h"
#include "shared/link.h"
#include "shared/text.h"
#include "shared/wire.h"
#include "tui/address.h"
#include "tui/chat.h"
#include "tui/client.h"
#include "tui/command_impl.h"
#include "tui/edit.h"
#include "tui/lang.h"
#include "tui/model.h"
#include "tui/settings.h"
#include "tui/trust.h"
#include "tui/ui.h"

static const char PICKS[] = "tcp|udp|auto";
static const char ANSWERS[] = "yes|no|forget";

static const char *pick_name(enum pick pick)
{
    return pick == PICK_AUTO ? "auto" : pick == PICK_UDP ? "udp" : "tcp";
}

static bool is_online(const struct model *m)
{
    return m->link == LINK_ONLINE || m->link == LINK_SUSPECT;
}

/* Why it goes over TCP although nobody asked for it. */
static void say_why(struct model *m, struct now now)
{
    if (m->path_why == PATH_BLOCKED)
        model_notice(m, NULL, now,
                     _("nothing came back over UDP; it is tried again now and "
                       "then"));
    else if (m->path_why == PATH_DIED)
        model_notice(m, NULL, now,
                     _("UDP fell silent; it is tried again now and then"));
}

void command_transport(struct chat *chat, const struct args *args,
                       struct now now)
{
    struct model *m = chat->model;
    enum pick pick = client_picked(chat->client);

    if (args->n == 0) {
        model_notice(m, NULL, now,
                     is_online(m)
                         ? _("connected over %s; wanted: %s")
                         : _("not connected, last over %s; wanted: %s"),
                     transport_name(m->transport), pick_name(pick));
        say_why(m, now);
        return;
    }
    size_t choice = choice_of(args->v[0], PICKS);
    if (choice == SIZE_MAX)
        model_notice(m, NULL, now, _("usage: /transport [%s]"), PICKS);
    else
        client_pick(chat->client, (enum pick)choice, now);
}

void command_reconnect(struct chat *chat, const struct args *args,
                       struct now now)
{
    (void)args;
    client_reconnect(chat->client, now);
}

void command_disconnect(struct chat *chat, const struct args *args,
                        struct now now)
{
    (void)args;
    client_disconnect(chat->client, now);
    model_notice(chat->model, NULL, now,
                 _("disconnected; /reconnect connects again"));
}

void command_ping(struct chat *chat, const struct args *args, struct now now)
{
    struct model *m = chat->model;

    if (args->n > 0) {
        command_whois(chat, args, now);
        return;
    }
    struct link *link = client_link(chat->client);
    if (!link || !is_online(m)) {
        model_notice(m, NULL, now, _("not connected"));
        return;
    }
    struct link_peer peer = link_peer(link);
    model_notice(m, NULL, now,
                 _("%s over %s: %u.%03u ms, last heard %" PRIu64 " ms ago"),
                 m->server, transport_name(m->transport), peer.rtt_us / 1000,
                 peer.rtt_us % 1000, (now.mono_us - peer.heard_us) / 1000);
}

/* ---- encryption ---- */

/* A page made by `print`. */
static void show(struct chat *chat, const char *title, struct now now,
                 void (*print)(FILE *, const struct chat *, struct now))
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return;
    print(out, chat, now);
    fclose(out);
    chat_page(chat, title, str_bytes(text, len), now);
    free(text);
}

/* Who is at the other end, or was last; false in clear text. */
static bool secure_peer_of(const struct chat *chat, struct secure_peer *peer)
{
    const struct link *link = client_link(chat->client);

    if (link && link_peer_secure(link, peer))
        return true;
    return chat->trust && trust_peer(chat->trust, peer);
}

static void print_secure(FILE *out, const struct chat *chat)
{
    char key[FINGERPRINT_TEXT];
    struct secure_peer peer;

    if (!secure_peer_of(chat, &peer)) {
        fprintf(out, _("encryption  %s\n"), chat->secure ? "-" : _("none"));
        return;
    }
    fingerprint_text(&peer.key, key);
    fprintf(out, _("encryption  %s, %s%s\n"), peer.version ? peer.version : "-",
            peer.suite ? peer.suite : "-", peer.resumed ? _(", resumed") : "");
    fprintf(out, _("server key  %s\n"), peer.has_key ? key : "-");
}

static void print_trust(FILE *out, const struct chat *chat, struct now now)
{
    char key[FINGERPRINT_TEXT];
    struct fingerprint own;

    (void)now;
    fprintf(out, _("server      %s\n"), chat->model->server);
    print_secure(out, chat);
    if (!chat->trust || !chat->secure)
        return;
    own = secure_base_fingerprint(chat->secure);
    fingerprint_text(&own, key);
    fprintf(out, _("trust       %s\n"), trust_brief(chat->trust));
    if (trust_path(chat->trust))
        fprintf(out, _("kept in     %s\n"), trust_path(chat->trust));
    fprintf(out, _("own key     %s\n"), key);
}

static void forget(struct chat *chat, struct now now)
{
    char why[JUDGE_TEXT];
    bool forgotten = trust_forget(chat->trust, why, sizeof why);

    model_notice(chat->model, NULL, now, "%s", why);
    if (forgotten && !is_online(chat->model))
        client_reconnect(chat->client, now);
}

void command_trust(struct chat *chat, const struct args *args, struct now now)
{
    struct model *m = chat->model;
    size_t choice = args->n ? choice_of(args->v[0], ANSWERS) : 0;

    if (args->n == 0)
        show(chat, _("Trust"), now, print_trust);
    else if (choice == SIZE_MAX)
        model_notice(m, NULL, now, _("usage: /trust [%s]"), ANSWERS);
    else if (!chat->trust)
        model_notice(m, NULL, now, _("nothing is encrypted, no key is asked"));
    else if (choice == 2)
        forget(chat, now);
    else if (m->question.pending)
        client_trust_answer(chat->client, choice == 0, now);
    else
        model_notice(m, NULL, now, _("there is no question about a key"));
}

/* ---- figures ---- */

static void print_path(FILE *out, const struct chat *chat, struct now now)
{
    const struct model *m = chat->model;
    struct link *link = client_link(chat->client);
    struct dgram_stats d;

    fprintf(out, _("server      %s over %s, wanted: %s\n"), m->server,
            transport_name(m->transport),
            pick_name(client_picked(chat->client)));
    if (!link)
        return;
    print_secure(out, chat);
    struct link_peer peer = link_peer(link);
    fprintf(
        out,
        _("round trip  %u.%03u ms, lost %u.%u%%, heard %" PRIu64 " ms ago\n"),
        peer.rtt_us / 1000, peer.rtt_us % 1000, peer.loss / 10, peer.loss % 10,
        (now.mono_us - peer.heard_us) / 1000);
    fprintf(out, _("queued      %zu bytes on this link\n"), link_queued(link));
    if (!link_dgram_stats(link, &d))
        return;
    fprintf(out,
            _("packets     %" PRIu64 " out, %" PRIu64 " in, %" PRIu64
              " lost, %" PRIu64 " double\n"),
            d.sent, d.received, d.lost, d.duplicates);
    fprintf(out,
            _("bytes       %" PRIu64 " out, %" PRIu64
              " in; window %u, on the way %u\n"),
            d.bytes_out, d.bytes_in, d.cwnd, d.flight);
}

static void print_figures(FILE *out, const struct chat *chat, struct now now)
{
    const struct model *m = chat->model;
    size_t lines = 0, bytes = 0;

    print_path(out, chat, now);
    for (size_t i = 0; i < m->n_rooms; i++) {
        lines += m->rooms[i]->history.n;
        bytes += m->rooms[i]->history.bytes;
    }
    fprintf(out, _("outbox      %zu commands not stored yet\n"), m->queued);
    fprintf(out, _("clock       server %+lld ms\n"),
            (long long)m->clock_skew_ms);
    fprintf(out, _("held        %zu rooms, %zu people, %zu lines, %zu kB\n"),
            m->n_rooms, m->n_people, lines, bytes / 1000);
}

void command_stats(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    show(chat, _("Figures"), now, print_figures);
}

/* ---- the doctor ---- */

/* One finding: what it is, how it is, and what to do when it is not well. */
static void finding(FILE *out, bool good, const char *what, const char *how,
                    const char *advice)
{
    fprintf(out, "%s  %s: %s\n", good ? _("pass") : _("FAIL"), what, how);
    if (!good)
        fprintf(out, "      %s\n", advice);
}

static void check_terminal(FILE *out, const struct ui *ui)
{
    const char *locale = setlocale(LC_CTYPE, NULL);
    const char *charset = nl_langinfo(CODESET);

    finding(out, ui->full, _("terminal"),
            ui->full ? ui->terminal : _("line mode"),
            _("a full screen needs a TERM that this machine knows"));
    finding(out, str_is(str_of(charset), "UTF-8"), _("character set"), charset,
            _("set LANG to a UTF-8 locale, C.UTF-8 at least"));
    finding(out, locale && str_is(str_of(charset), "UTF-8"), _("locale"),
            locale ? locale : "?", _("see locale(1)"));
    finding(out, ui->cols >= 60 && ui->rows >= 10, _("size"),
            ui->cols >= 60 && ui->rows >= 10 ? _("enough") : _("small"),
            _("names and topic have room from 60x10 on"));
}

/* What we count, so that the eye can compare: each must end at the bar. */
static void print_widths(FILE *out, const struct ui *ui)
{
    static const char *const SAMPLES[] = {
        "abcd",
        "\xe4\xb8\xad\xe6\x96\x87",             /* U+4E2D U+6587 */
        "\xe2\x91\xa0\xe2\x80\x9c\xe2\x80\xa6", /* ambiguous */
        "\xf0\x9f\x98\x80\xf0\x9f\x91\x8d",     /* emoji */
        "e\xcc\x81\xe1\xba\xbf\xc3\xb1",        /* combining */
    };

    fprintf(out, "%s\n", _("Every bar below must stand in one column:"));
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        int cols = (int)width_of(str_of(SAMPLES[i]), &ui->rule);
        fprintf(out, "      %s%*s|\n", SAMPLES[i], 12 - cols, "");
    }
    fprintf(out, "%s\n",
            ui->rule.ambiguous_wide
                ? _("if not: /set ambiguous 1 (now 2 cells)")
                : _("if not: /set ambiguous 2 (now 1 cell)"));
}

static void check_link(FILE *out, const struct chat *chat)
{
    enum { SLOW_US = 500 * 1000, LOSSY = 50, SKEW_MS = 60000 };

    const struct model *m = chat->model;
    char how[128];

    finding(out, is_online(m), _("connection"),
            is_online(m) ? transport_name(m->transport) : _("offline"),
            m->trouble ? m->trouble : _("/reconnect tries again"));
    finding(out, chat->secure || address_is_local(&chat->settings->address),
            _("encryption"), chat->secure ? _("on") : _("none"),
            _("others on the way can read along; leave out --tls off"));
    snprintf(how, sizeof how, "%u ms", m->rtt_us / 1000);
    finding(out, m->rtt_us < SLOW_US, _("round trip"), how,
            _("the way is slow; /transport udp may be better"));
    snprintf(how, sizeof how, "%u.%u%%", m->loss / 10, m->loss % 10);
    finding(out, m->loss < LOSSY, _("loss"), how,
            _("the way loses packets; /transport udp copes better"));
    snprintf(how, sizeof how, "%+lld ms", (long long)m->clock_skew_ms);
    finding(out, llabs((long long)m->clock_skew_ms) < SKEW_MS, _("clock"), how,
            _("this clock and the server's differ; see timedatectl(1)"));
}

static void print_health(FILE *out, const struct chat *chat, struct now now)
{
    (void)now;
    check_terminal(out, chat->ui);
    check_link(out, chat);
    print_widths(out, chat->ui);
}

void command_doctor(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    show(chat, _("Doctor"), now, print_health);
}

/* ---- the program ---- */

void command_version(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    model_notice(chat->model, NULL, now, _("chat-tui %s, protocol %d"), VERSION,
                 PROTOCOL_VERSION);
}

void command_detach(struct chat *chat, const struct args *args, struct now now)
{
    (void)args;
    chat_quit(chat, reason_DETACHED, str_of(NULL), now);
}

void command_quit(struct chat *chat, const struct args *args, struct now now)
{
    chat_quit(chat, reason_QUIT, args->n ? args->v[0] : str_of(NULL), now);
}

/* ---- the keys of the name ---- */

void command_devices(struct chat *chat, const struct args *args, struct now now)
{
    static const char ACTS[] = "add|code|revoke";
    size_t act = args->n ? choice_of(args->v[0], ACTS) : SIZE_MAX;
    uint64_t number = 0;

    if (args->n == 0)
        client_devices(chat->client, devices_LIST, 0, now);
    else if (act == 0 && args->n == 1)
        client_devices(chat->client, devices_ADD, 0, now);
    else if (act == 1 && args->n == 2)
        client_enrol(chat->client, args->v[1], now);
    else if (act == 2 && args->n == 2 && number_of(args->v[1], 1000, &number))
        client_devices(chat->client, devices_REVOKE, number, now);
    else
        model_notice(chat->model, NULL, now,
                     _("usage: /devices [add|code CODE|revoke N]"));
}

/* Line by line the next line is the password. */
static void ask_line(struct chat *chat, struct now now)
{
    chat->asks_secret = true;
    model_notice(chat->model, NULL, now,
                 _("type the new password; an empty line changes nothing"));
}

void command_password(struct chat *chat, const struct args *args,
                      struct now now)
{
    if (args->n && str_is(args->v[0], "off"))
        client_password(chat->client, str_of(NULL), now);
    else if (args->n)
        model_notice(chat->model, NULL, now,
                     _("type /password alone: it asks, and shows nothing"));
    else if (chat->edit)
        edit_begin_secret(chat->edit);
    else
        ask_line(chat, now);
}
