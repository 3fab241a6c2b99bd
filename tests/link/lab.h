/* SPDX-License-Identifier: MIT
 *
 * The event loop of a measurement: sockets at both ends of emulated links, in
 * one process, so that one clock says when a message left and when it came.
 * Runs as a command of tests/e2e/netem.
 */
#ifndef TESTS_LINK_LAB_H
#define TESTS_LINK_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/heap.h"
#include "shared/now.h"

/* A socket, or a deadline, or both; lives inside its owner. */
struct lab_end {
    struct timer timer; /* first: mono_us */
    int fd;
    bool listening; /* its first connection takes its place */
    /* The socket may have something, or room, or the deadline has come. */
    void (*turn)(struct lab_end *, struct now);
};

struct secure_base;

struct lab {
    int epoll, control, ns[2];
    struct heap deadlines;
    struct secure_base *keys[2]; /* of both sides, for who encrypts */
};

void lab_die(const char *what);
struct now lab_now(void);

/* Take up what netem left in the environment; ends the program without it. */
void lab_open(struct lab *);
void lab_fini(struct lab *);

enum lab_kind { LAB_STREAM, LAB_DATAGRAM };

/*
 * Both ends of a connection over link number `link`; `turn` of each is set.
 * A stream is not connected yet: then a's turn comes, and b's.
 */
void lab_pair(struct lab *, enum lab_kind, unsigned link, struct lab_end *a,
              struct lab_end *b);

/* Sockets that are made from now on are of this side. */
void lab_enter(struct lab *, unsigned side);

/* The address of a side of a link, network order. */
uint32_t lab_address(unsigned side, unsigned link);

void lab_watch(struct lab *, struct lab_end *);
void lab_wake(struct lab *, struct lab_end *, uint64_t at_us);
void lab_close(struct lab *, struct lab_end *);

/* Until the time has come, or `done` says so. */
void lab_run(struct lab *, uint64_t until_us, bool (*done)(void *), void *arg);

/* ---- what netem is told ---- */

void lab_set(struct lab *, const char *spec);
void lab_restart(struct lab *, uint64_t seed);

/* IP bytes handed to each link since lab_restart, there and back. */
struct lab_count {
    uint64_t bytes[2];
};

/* For n links, into counts. */
void lab_counts(struct lab *, struct lab_count *counts, size_t n);

#endif
