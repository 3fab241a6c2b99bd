/* SPDX-License-Identifier: MIT
 *
 * Threads; see thread.h.
 */
#include "server/thread.h"

#include <assert.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

enum { PATIENT = 10 }; /* nice(1)'s, of one thread on Linux */

bool threads_start(struct threads *threads, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    int err;

    assert(threads->n < THREADS_MAX);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    err = pthread_create(&threads->ids[threads->n], NULL, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    threads->n += !err;
    return !err;
}

void thread_yield(void)
{
    setpriority(PRIO_PROCESS, 0, PATIENT); /* or it is as all others are */
}

/* By the clock that does not jump. */
void thread_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

bool thread_wait(pthread_cond_t *cond, pthread_mutex_t *lock, unsigned ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_cond_timedwait(cond, lock, &until) == 0;
}

void threads_join(struct threads *threads)
{
    while (threads->n)
        pthread_join(threads->ids[--threads->n], NULL);
}
