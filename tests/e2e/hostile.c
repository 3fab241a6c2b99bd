/* SPDX-License-Identifier: MIT
 *
 * A peer that means harm, from either side:
 *     hostile client PORT ROOM   says ATTACKS in ROOM of the server at PORT
 *     hostile server             prints its port and feeds ATTACKS to whoever
 *                                connects, in every field that is ever shown
 *     hostile crowd PORT N       connects N times and says nothing; prints
 *     hostile crowd PORT N       connects N times and says nothing; prints how
 *                                many are connected, and when it reads a line
 *                                how many of them still are
 * Messages are encoded as they are; nothing here is cleaned.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/wire.h"

#define ROW(text)                                                              \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

/* What a terminal would obey, or a reader would be fooled by. */
static const struct str ATTACKS[] = {
    ROW("title \033]0;PWNED\007."),
    ROW("title \033]2;PWNED\033\\."),
    ROW("title \xc2\x9d"
        "0;PWNED\xc2\x9c."),
    ROW("clear \033[2J\033[H."),
    ROW("clear \xc2\x9b"
        "2J."),
    ROW("raw c1 \x9b"
        "2J."),
    ROW("reset \033c."),
    ROW("alternate \033[?1049l."),
    ROW("clipboard \033]52;c;UFdORUQ=\007."),
    ROW("link \033]8;;http://pwned.invalid/\007x\033]8;;\007."),
    ROW("answerback \005 device \033[c\033[6n."),
    ROW("charset \033(0 shift \016 lines."),
    ROW("bell \007\007\007."),
    ROW("return \rPWNED."),
    ROW("back \b\b\b\b\b\b\b\b\bPWNED."),
    ROW("delete \177\177."),
    ROW("bidi \xe2\x80\xae"
        "DENWP\xe2\x80\xac \xe2\x81\xa6x\xe2\x81\xa9."),
    ROW("separator \xe2\x80\xa8PWNED\xe2\x80\xa9PWNED."),
    ROW("tags \xf3\xa0\x81\x90\xf3\xa0\x81\x97."),
    ROW("broken \xff\xfe\xc3\x28 \xed\xa0\x80 \xf4\x90\x80\x80 \xc0\x9b."),
    ROW("nul \0 inside."),
    ROW("marks e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81."),
    ROW("tmux \033Ptmux;\033\033]0;PWNED\007\033\\."),
    ROW("the end."),
};

enum { N_ATTACKS = sizeof ATTACKS / sizeof *ATTACKS, ROOM_ID = 7 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

static void say(int fd, const struct msg *msg)
{
    size_t len = wire_size(msg);
    uint8_t *bytes = malloc(len);

    if (!bytes || wire_encode(msg, bytes) != len ||
        write(fd, bytes, len) != (ssize_t)len)
        die("write");
    free(bytes);
}

/* The next message; false at the end of the connection. */
static bool hear(int fd, struct msg *msg)
{
    static struct wire_scratch scratch; /* too big for a stack */
    static uint8_t frame[FRAME_MAX];
    struct wire_head head;

    if (recv(fd, frame, FRAME_HEAD, MSG_WAITALL) != FRAME_HEAD)
        return false;
    head = wire_head(frame);
    if (head.len > BODY_MAX)
        return false;
    if (recv(fd, frame + FRAME_HEAD, head.len, MSG_WAITALL) !=
        (ssize_t)head.len)
        return false;
    return wire_decode(msg, str_bytes(frame, FRAME_HEAD + head.len),
                       &scratch) == 0;
}

static void hear_until(int fd, enum kind kind, struct msg *msg)
{
    do {
        if (!hear(fd, msg)) {
            fprintf(stderr, "closed while waiting for %s\n", wire_name(kind));
            exit(1);
        }
        wire_dump(msg, stdout);
    } while (msg->kind != kind);
}

static void greet(int fd, const char *room)
{
    struct msg hello = { .kind = KIND_HELLO };
    struct msg auth = { .kind = KIND_AUTH };
    struct msg sync = { .kind = KIND_SYNC };
    struct msg join = { .kind = KIND_JOIN };

    hello.hello.vmin = hello.hello.vmax = PROTOCOL_VERSION;
    hello.hello.device = 666;
    hello.hello.client = ATTACKS[0];
    auth.auth.nick = str_of("mallory");
    auth.auth.cseq = 1;
    join.join.name = str_of(room);
    join.join.cseq = 1;
    say(fd, &hello);
    say(fd, &auth);
    say(fd, &sync);
    say(fd, &join);
}

static int client(int port, const char *room)
{
    struct sockaddr_in to = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct msg msg, send = { .kind = KIND_SEND };
    struct msg topic = { .kind = KIND_ROOM_SET };

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        die("connect");
    greet(fd, room);
    hear_until(fd, KIND_SEND_ACK, &msg);
    send.send.room = topic.room_set.room = msg.send_ack.room;
    send.send.kind = event_MESSAGE;
    topic.room_set.topic = ATTACKS[0];
    topic.room_set.cseq = 2;
    say(fd, &topic);
    for (size_t i = 0; i < N_ATTACKS; i++) {
        send.send.text = ATTACKS[i];
        send.send.cseq = i + 3;
        say(fd, &send);
    }
    hear_until(fd, KIND_SEND_ACK, &msg);
    while (msg.send_ack.cseq < N_ATTACKS + 2)
        hear_until(fd, KIND_SEND_ACK, &msg);
    return 0;
}

/* One room, made of attacks, for whoever asks to SYNC. */
static void show_room(int fd)
{
    struct msg room = { .kind = KIND_SYNC_ROOM };
    struct msg member = { .kind = KIND_MEMBER };
    struct msg event = { .kind = KIND_EVENT };
    struct msg done = { .kind = KIND_SYNC_DONE };

    room.sync_room.room = ROOM_ID;
    room.sync_room.kind = room_PUBLIC;
    room.sync_room.name = str_of("#lobby");
    room.sync_room.topic = ATTACKS[0];
    room.sync_room.head = N_ATTACKS;
    room.sync_room.first = room.sync_room.from = 1;
    room.sync_room.members = 2;
    say(fd, &room);
    for (size_t i = 0; i < N_ATTACKS; i++) {
        event.event.room = ROOM_ID;
        event.event.seq = i + 1;
        event.event.ts = 1000 * i;
        event.event.kind = i % 2 ? event_ACTION : event_MESSAGE;
        event.event.account = 100 + i;
        event.event.nick = event.event.text = ATTACKS[i];
        say(fd, &event);
        member.member.room = ROOM_ID;
        member.member.account = 100 + i;
        member.member.nick = member.member.text = ATTACKS[i];
        member.member.state = presence_HERE;
        say(fd, &member);
    }
    done.sync_done.rooms = 1;
    say(fd, &done);
}

static void answer(int fd, const struct msg *asked)
{
    struct msg say_back = { .kind = KIND_WELCOME, .request = asked->request };

    switch ((unsigned)asked->kind) {
    case KIND_HELLO:
        say_back.welcome.version = PROTOCOL_VERSION;
        say_back.welcome.epoch = 1;
        say_back.welcome.server = ATTACKS[0];
        break;
    case KIND_AUTH:
        say_back.kind = KIND_AUTH_OK;
        say_back.auth_ok.account = 1;
        say_back.auth_ok.nick = ATTACKS[3];
        say_back.auth_ok.token = str_of("0123456789abcdef0123456789abcdef");
        break;
    case KIND_SYNC: show_room(fd); return;
    case KIND_JOIN:
        say_back.kind = KIND_ERROR;
        say_back.error.code = 300;
        say_back.error.cseq = asked->join.cseq;
        say_back.error.subject = say_back.error.text = ATTACKS[0];
        break;
    default: return;
    }
    say(fd, &say_back);
}

static int server(void)
{
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
    struct msg msg;

    if (listener < 0 || bind(listener, (struct sockaddr *)&at, len) < 0 ||
        listen(listener, 8) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &len) < 0)
        die("listen");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        while (hear(fd, &msg))
            answer(fd, &msg);
        close(fd);
    }
    return 1;
}

/* Whether the other side has closed it, or said anything. */
static bool is_over(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

static int crowd(int port, int n)
{
    struct sockaddr_in to = loopback(port);
    int *fds = calloc((size_t)n, sizeof *fds), alive = 0;

    for (int i = 0; fds && i < n; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (fds[i] < 0 || connect(fds[i], (struct sockaddr *)&to, sizeof to))
            die("connect");
    }
    printf("%d connected\n", n);
    fflush(stdout);
    getchar();
    for (int i = 0; fds && i < n; i++)
        alive += !is_over(fds[i]);
    printf("%d alive\n", alive);
    free(fds);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "client") == 0)
        return client(atoi(argv[2]), argv[3]);
    if (argc == 2 && strcmp(argv[1], "server") == 0)
        return server();
    if (argc == 4 && strcmp(argv[1], "crowd") == 0)
        return crowd(atoi(argv[2]), atoi(argv[3]));
    fputs("usage: hostile client PORT ROOM | server | crowd PORT N\n", stderr);
    return 64;
}
