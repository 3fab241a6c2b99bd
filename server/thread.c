/* SPDX-License-Identifier: MIT
 *
 * Threads; see thread.h.
 */
#include "server/thread.h"

#include <assert.h>
#include <signal.h>
#include <sys/resource.h>

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

void threads_join(struct threads *threads)
{
    while (threads->n)
        pthread_join(threads->ids[--threads->n], NULL);
}
