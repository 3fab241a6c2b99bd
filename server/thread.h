/* SPDX-License-Identifier: MIT
 *
 * EDGE threads: starting some that work for one owner, how they wait, and
 * their end.  They get no signals: those are for the thread that owns them.
 */
#ifndef SERVER_THREAD_H
#define SERVER_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

enum { THREADS_MAX = 4 };

struct threads {
    pthread_t ids[THREADS_MAX];
    size_t n;
};

/* One more, THREADS_MAX at most; false: the system gives none. */
bool threads_start(struct threads *, void *(*run)(void *), void *arg);

/* What the calling thread does can wait: others go first. */
void thread_yield(void);

/* A condition that thread_wait can wait for. */
void thread_cond(pthread_cond_t *);

/* Wait so long at most; the lock is held. returns false: that was all of it */
bool thread_wait(pthread_cond_t *, pthread_mutex_t *, unsigned ms);

/* Wait until all have ended. */
void threads_join(struct threads *);

#endif
