/* SPDX-License-Identifier: MIT */
#include "tests/test.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/str.h"
#include "shared/wire.h"
#include "tui/outbox.h"

enum { DEVICE = 77 };

struct place {
    char dir[64], path[96], error[256];
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    strcpy(place->dir, "/tmp/chat-outbox.XXXXXX");
    if (!mkdtemp(place->dir))
        return -1;
    snprintf(place->path, sizeof place->path, "%s/outbox", place->dir);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", place->dir);
    free(place);
    return system(command);
}

static struct outbox *open_box(struct place *place, uint64_t device)
{
    struct outbox *box =
        outbox_open(place->path, device, place->error, sizeof place->error);

    if (!box)
        fail_msg("%s", place->error);
    return box;
}

static uint64_t add(struct outbox *box, const char *text)
{
    char room[] = "#room";
    struct entry draft = { .kind = ENTRY_SEND,
                           .event = event_MESSAGE,
                           .room = room,
                           .text = (char *)(uintptr_t)text,
                           .ts = 1234 };

    return outbox_put(box, &draft);
}

static size_t file_size(const struct place *place)
{
    struct stat st;

    assert_int_equal(stat(place->path, &st), 0);
    return (size_t)st.st_size;
}

static void patch(const struct place *place, size_t at, uint8_t byte)
{
    int fd = open(place->path, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* Three lines, on disk, left behind. */
static void leave_three(struct place *place)
{
    struct outbox *box = open_box(place, DEVICE);

    add(box, "one");
    add(box, "two");
    add(box, "three");
    assert_int_equal(outbox_sync(box), 0);
    outbox_close(box);
}

static void test_outbox_counts_from_one(void **state)
{
    struct outbox *box = outbox_open(NULL, DEVICE, NULL, 0);

    (void)state;
    assert_int_equal(outbox_next(box), 1);
    assert_int_equal(add(box, "a"), 1);
    assert_int_equal(add(box, "b"), 2);
    assert_int_equal(outbox_next(box), 3);
    assert_int_equal(outbox_device(box), DEVICE);
    outbox_close(box);
}

static void test_outbox_keeps_entries_over_a_restart(void **state)
{
    struct place *place = *state;
    struct outbox *box;

    leave_three(place);
    box = open_box(place, 1);

    assert_int_equal(outbox_device(box), DEVICE);
    assert_int_equal(outbox_len(box), 3);
    assert_int_equal(outbox_at(box, 0)->cseq, 1);
    assert_string_equal(outbox_at(box, 2)->text, "three");
    assert_string_equal(outbox_at(box, 2)->room, "#room");
    assert_int_equal(outbox_at(box, 2)->kind, ENTRY_SEND);
    assert_int_equal(outbox_at(box, 2)->event, 1);
    assert_int_equal(outbox_at(box, 2)->ts, 1234);
    assert_false(outbox_at(box, 2)->sent);
    assert_int_equal(outbox_next(box), 4);
    assert_null(outbox_notice(box));
    outbox_close(box);
}

static void test_outbox_keeps_what_is_done_done(void **state)
{
    struct place *place = *state;
    struct outbox *box;

    leave_three(place);
    box = open_box(place, 1);
    outbox_done(box, 2);
    outbox_close(box);
    box = open_box(place, 1);

    assert_int_equal(outbox_len(box), 1);
    assert_int_equal(outbox_at(box, 0)->cseq, 3);
    outbox_done(box, 3);
    outbox_close(box);
    box = open_box(place, 1);
    assert_int_equal(outbox_len(box), 0);
    assert_int_equal(outbox_next(box), 4);
    outbox_close(box);
}

static void test_outbox_keeps_an_advanced_counter(void **state)
{
    struct place *place = *state;
    struct outbox *box = open_box(place, DEVICE);

    outbox_advance(box, 50);
    outbox_advance(box, 40);
    outbox_close(box);
    box = open_box(place, 1);

    assert_int_equal(outbox_next(box), 50);
    assert_int_equal(outbox_device(box), DEVICE);
    outbox_close(box);
}

static void test_outbox_finds_by_cseq(void **state)
{
    struct outbox *box = outbox_open(NULL, DEVICE, NULL, 0);

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        add(box, "x");
    outbox_advance(box, 1000);
    add(box, "far");
    outbox_done(box, 50);

    assert_null(outbox_find(box, 50));
    assert_int_equal(outbox_find(box, 51)->cseq, 51);
    assert_int_equal(outbox_find(box, 100)->cseq, 100);
    assert_null(outbox_find(box, 101));
    assert_string_equal(outbox_find(box, 1000)->text, "far");
    outbox_close(box);
}

/* A crash may cut the file anywhere: whole records stay, no notice. */
static void test_outbox_survives_a_cut_at_every_byte(void **state)
{
    struct place *place = *state;
    size_t size, before = 0;
    char copy[4096];
    int fd;

    leave_three(place);
    size = file_size(place);
    fd = open(place->path, O_RDONLY);
    assert_int_equal(read(fd, copy, sizeof copy), size);
    close(fd);
    for (size_t cut = 0; cut <= size; cut++) {
        struct outbox *box;

        fd = open(place->path, O_WRONLY | O_TRUNC);
        assert_int_equal(write(fd, copy, cut), cut);
        close(fd);
        box = open_box(place, DEVICE);
        assert_null(outbox_notice(box));
        assert_true(outbox_len(box) >= before && outbox_len(box) <= 3);
        before = outbox_len(box);
        outbox_close(box);
    }
    assert_int_equal(before, 3);
}

static void test_outbox_goes_on_behind_a_torn_tail(void **state)
{
    struct place *place = *state;
    struct outbox *box;

    leave_three(place);
    assert_int_equal(truncate(place->path, (off_t)file_size(place) - 1), 0);
    box = open_box(place, 1);
    assert_int_equal(outbox_len(box), 2);
    assert_int_equal(add(box, "again"), 3);
    assert_int_equal(outbox_sync(box), 0);
    outbox_close(box);
    box = open_box(place, 1);

    assert_int_equal(outbox_len(box), 3);
    assert_string_equal(outbox_at(box, 2)->text, "again");
    outbox_close(box);
}

static void test_outbox_takes_zeros_at_the_end_for_torn(void **state)
{
    struct place *place = *state;
    struct outbox *box;

    leave_three(place);
    assert_int_equal(truncate(place->path, (off_t)file_size(place) + 4096), 0);
    box = open_box(place, 1);

    assert_int_equal(outbox_len(box), 3);
    assert_null(outbox_notice(box));
    outbox_close(box);
}

/* Wherever a bit turns, no line is sent that was not written, none goes
 * unnoticed. */
static void test_outbox_notices_damage_at_every_byte(void **state)
{
    struct place *place = *state;
    size_t size;

    leave_three(place);
    size = file_size(place);
    for (size_t at = 0; at < size; at++) {
        struct outbox *box;
        bool last = at >= size - 41; /* the last record may be torn */

        unlink(place->path);
        leave_three(place);
        patch(place, at, 0xa5);
        box = open_box(place, 99);
        if (outbox_notice(box))
            assert_int_equal(outbox_len(box), 0);
        else
            assert_true(last && outbox_len(box) == 2);
        outbox_close(box);
    }
}

static void test_outbox_puts_a_damaged_file_aside(void **state)
{
    struct place *place = *state;
    char aside[160];
    struct outbox *box;
    size_t size;

    leave_three(place);
    size = file_size(place);
    patch(place, size / 2, 0xff);
    box = open_box(place, 99);

    assert_int_equal(outbox_len(box), 0);
    assert_int_equal(outbox_device(box), 99); /* a counter of its own */
    assert_non_null(outbox_notice(box));
    assert_non_null(strstr(outbox_notice(box), "damaged-1"));
    snprintf(aside, sizeof aside, "%s.damaged-1", place->path);
    assert_int_equal(access(aside, F_OK), 0);
    add(box, "new");
    assert_int_equal(outbox_sync(box), 0);
    outbox_close(box);
    box = open_box(place, 1);
    assert_int_equal(outbox_device(box), 99);
    assert_int_equal(outbox_len(box), 1);
    outbox_close(box);
}

static void test_outbox_does_not_read_a_stranger(void **state)
{
    struct place *place = *state;
    FILE *file = fopen(place->path, "w");
    struct outbox *box;

    fputs("dear diary, today I met a checksum", file);
    fclose(file);
    box = open_box(place, DEVICE);

    assert_int_equal(outbox_len(box), 0);
    assert_non_null(outbox_notice(box));
    outbox_close(box);
}

static void test_outbox_stays_small(void **state)
{
    struct place *place = *state;
    struct outbox *box = open_box(place, DEVICE);
    char text[512];
    uint64_t cseq = 0;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (unsigned i = 0; i < 20000; i++) {
        cseq = add(box, text);
        if (i % 50 == 0)
            assert_int_equal(outbox_sync(box), 0);
        if (i >= 10)
            outbox_done(box, cseq - 10);
    }
    assert_int_equal(outbox_sync(box), 0);

    assert_in_range(file_size(place), 1, 2 * 1024 * 1024);
    outbox_close(box);
    box = open_box(place, 1);
    assert_int_equal(outbox_len(box), 10);
    assert_int_equal(outbox_at(box, 9)->cseq, cseq);
    assert_int_equal(outbox_next(box), cseq + 1);
    assert_int_equal(outbox_device(box), DEVICE);
    outbox_close(box);
}

/* The file is begun anew while lines are waiting: they are still there. */
static void test_outbox_keeps_what_waits_when_it_shrinks(void **state)
{
    struct place *place = *state;
    struct outbox *box = open_box(place, DEVICE);
    static char text[64 * 1024];

    memset(text, 'x', sizeof text - 1);
    for (unsigned i = 0; i < 30; i++)
        add(box, text);
    assert_int_equal(outbox_sync(box), 0);
    outbox_done(box, 28);
    assert_int_equal(outbox_sync(box), 0);
    assert_in_range(file_size(place), 1, 3 * sizeof text);
    outbox_close(box);
    box = open_box(place, 1);

    assert_int_equal(outbox_len(box), 2);
    assert_int_equal(outbox_at(box, 0)->cseq, 29);
    assert_int_equal(outbox_next(box), 31);
    assert_int_equal(outbox_device(box), DEVICE);
    outbox_close(box);
}

static void test_outbox_says_why_it_cannot_open(void **state)
{
    struct place *place = *state;

    strcpy(place->path, "/nonexistent/outbox");
    assert_null(outbox_open(place->path, 1, place->error, sizeof place->error));
    assert_non_null(strstr(place->error, "/nonexistent/outbox"));
}

static void test_outbox_keeps_which_line_is_meant(void **state)
{
    struct place *place = *state;
    struct outbox *box = open_box(place, DEVICE);
    char room[] = "#room", text[] = "better";
    struct entry draft = { .kind = ENTRY_EDIT,
                           .room = room,
                           .text = text,
                           .ts = 5,
                           .ref = 1ull << 40,
                           .peer = 1ull << 50,
                           .epoch = 77 };

    assert_int_equal(outbox_put(box, &draft), 1);
    add(box, "a line");
    assert_int_equal(outbox_sync(box), 0);
    outbox_close(box);
    box = open_box(place, 1);
    assert_int_equal(outbox_len(box), 2);
    assert_int_equal(outbox_at(box, 0)->kind, ENTRY_EDIT);
    assert_int_equal(outbox_at(box, 0)->ref, 1ull << 40);
    assert_int_equal(outbox_at(box, 0)->peer, 1ull << 50);
    assert_int_equal(outbox_at(box, 0)->epoch, 77);
    assert_string_equal(outbox_at(box, 0)->room, "#room");
    assert_string_equal(outbox_at(box, 0)->text, "better");
    assert_int_equal(outbox_at(box, 1)->ref, 0);
    assert_int_equal(outbox_at(box, 1)->peer, 0);
    outbox_close(box);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_outbox_counts_from_one),
        TEST(test_outbox_keeps_entries_over_a_restart),
        TEST(test_outbox_keeps_what_is_done_done),
        TEST(test_outbox_keeps_an_advanced_counter),
        TEST(test_outbox_finds_by_cseq),
        TEST(test_outbox_survives_a_cut_at_every_byte),
        TEST(test_outbox_goes_on_behind_a_torn_tail),
        TEST(test_outbox_takes_zeros_at_the_end_for_torn),
        TEST(test_outbox_notices_damage_at_every_byte),
        TEST(test_outbox_puts_a_damaged_file_aside),
        TEST(test_outbox_does_not_read_a_stranger),
        TEST(test_outbox_stays_small),
        TEST(test_outbox_keeps_what_waits_when_it_shrinks),
        TEST(test_outbox_says_why_it_cannot_open),
        TEST(test_outbox_keeps_which_line_is_meant),

    };

    return RUN(tests);
}
