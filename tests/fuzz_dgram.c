/* SPDX-License-Identifier: MIT
 *
 * Two datagram machines and a hostile path between them: the input says, step
 * by step, who speaks, how long to wait, which packet in the air arrives, gets
 * lost, comes twice, or comes changed; or it is a packet itself.  As long as
 * nothing was changed or made up, messages come once and in order; whatever
 * happens, memory is bounded and nobody asks for a time that has passed.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shared/bounds.h"
#include "shared/dgram.h"
#include "shared/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AIR = 64, STEPS = 2000, STREAMS = 4, HELD_MAX = 400 * 1024 };

enum step {
    STEP_SAY,
    STEP_SAY_LONG,
    STEP_STATE,
    STEP_WAIT,
    STEP_ARRIVE,
    STEP_TWICE,
    STEP_LOSE,
    STEP_CHANGE,
    STEP_INJECT,
    STEP_COUNT
};

struct flying {
    uint8_t bytes[PACKET_MAX];
    size_t len;
    unsigned to;
};

struct game {
    const uint8_t *data;
    size_t left;
    struct dgram *end[2];
    bool broken[2]; /* it refused something: its owner lets it go */
    struct flying air[AIR];
    unsigned n;
    bool honest; /* so far */
    struct now now;
    uint8_t said[2][STREAMS], heard[2][STREAMS];
};

static void must(bool good)
{
    if (!good)
        abort();
}

static uint8_t take(struct game *game)
{
    if (game->left == 0)
        return 0;
    game->left--;
    return *game->data++;
}

static void say(struct game *game, unsigned who, uint32_t len)
{
    uint8_t what = take(game), stream = what % STREAMS;
    struct frame *frame = calloc(1, sizeof *frame + len);

    must(frame != NULL);
    frame->refs = 1;
    frame->len = len;
    frame->bytes[0] = stream;
    frame->bytes[1] = game->said[who][stream];
    if (dgram_send(game->end[who], (uint64_t)stream * 16,
                   (enum dgram_class)(what / STREAMS % 3), frame) == 0)
        game->said[who][stream]++;
    frame_unref(frame);
}

static void say_state(struct game *game, unsigned who)
{
    uint8_t what = take(game);
    struct frame *frame = frame_copy((struct str){ "\xff-----------", 12 });

    dgram_state(game->end[who], what / 2, what & 1, frame);
    frame_unref(frame);
}

static void hear(struct game *game, unsigned who)
{
    struct str message;

    while (dgram_next(game->end[who], &message)) {
        uint8_t stream = message.len ? (uint8_t)message.ptr[0] : 0xff;

        if (!game->honest || stream == 0xff)
            continue;
        must(message.len >= FRAME_HEAD && stream < STREAMS);
        must((uint8_t)message.ptr[1] == game->heard[who][stream]);
        game->heard[who][stream]++;
    }
}

static void turn(struct game *game, unsigned who)
{
    struct dgram *dgram = game->end[who];
    struct dgram_stats stats;
    struct flying flying = { .to = !who };
    unsigned packets = 0;

    dgram_tick(dgram, game->now);
    hear(game, who);
    while ((flying.len = dgram_output(dgram, flying.bytes, game->now))) {
        must(flying.len <= PACKET_MAX && ++packets < 1000);
        if (game->n < AIR)
            game->air[game->n++] = flying;
    }
    must(dgram_deadline(dgram) > game->now.mono_us);
    dgram_stats(dgram, &stats);
    must(stats.held <= HELD_MAX);
}

static void input(struct game *game, unsigned to, const uint8_t *bytes,
                  size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);

    must(exact != NULL);
    if (len)
        memcpy(exact, bytes, len);
    if (dgram_input(game->end[to], exact, len, game->now)) {
        must(!game->honest);
        game->broken[to] = true;
    }
    free(exact);
}

/* Something happens to one of the packets in the air. */
static void land(struct game *game, enum step step)
{
    unsigned i;
    struct flying *flying;

    if (game->n == 0)
        return;
    i = take(game) % game->n;
    flying = &game->air[i];
    if (step == STEP_CHANGE) {
        flying->bytes[take(game) % flying->len] ^= (uint8_t)(take(game) | 1);
        game->honest = false;
    }
    if (step != STEP_LOSE)
        input(game, flying->to, flying->bytes, flying->len);
    if (step != STEP_TWICE)
        *flying = game->air[--game->n];
}

static void inject(struct game *game, unsigned to)
{
    uint8_t bytes[PACKET_MAX] = { 0x40 };
    size_t len = 1 + take(game);

    game->honest = false;
    for (size_t i = 1; i < len; i++)
        bytes[i] = take(game);
    input(game, to, bytes, len);
}

static void play(struct game *game)
{
    uint8_t what = take(game);
    unsigned who = what >> 7;
    enum step step = (enum step)((what & 0x7f) % STEP_COUNT);

    if (game->broken[who])
        return;
    switch (step) {
    case STEP_SAY: say(game, who, FRAME_HEAD + take(game)); break;
    case STEP_SAY_LONG: say(game, who, 900 + 250u * take(game)); break;
    case STEP_STATE: say_state(game, who); break;
    case STEP_WAIT: game->now.mono_us += 1u << take(game) % 32; break;
    case STEP_ARRIVE:
    case STEP_TWICE:
    case STEP_LOSE:
    case STEP_CHANGE: land(game, step); break;
    case STEP_INJECT: inject(game, who); break;
    case STEP_COUNT: break;
    }
    for (unsigned i = 0; i < 2; i++)
        if (!game->broken[i])
            turn(game, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct game game;
    struct dgram_config config = { .queue_max = 1 << 20,
                                   .message_max = FRAME_MAX };

    game = (struct game){
        .data = data, .left = size, .honest = true, .now = { 1000000, 0 }
    };
    config.first_pn = take(&game) & 1 ? UINT32_MAX - 5 : 0;
    for (unsigned i = 0; i < 2; i++) {
        config.server = i == 1;
        config.seed = i;
        game.end[i] = dgram_new(&config, game.now);
    }
    for (int i = 0; i < STEPS && game.left; i++)
        play(&game);
    for (unsigned i = 0; i < 2; i++)
        dgram_free(game.end[i]);
    return 0;
}
