/* SPDX-License-Identifier: MIT
 *
 * Hashing passwords; see hasher.h.
 */
#include "server/hasher.h"

#include <argon2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "server/thread.h"
#include "shared/mem.h"

enum { HASH_BYTES = 32, LANES = 1 };

struct hash_job {
    struct hash_job *next; /* of those that wait */
    char *password;        /* owned, len bytes; wiped when it is done */
    size_t len;
    struct hash_cost cost;
    uint8_t salt[HASHER_SALT];
    char encoded[HASHER_TEXT]; /* to compare with, or what was made */
    bool compare, none;        /* none: there is nothing to compare with */
    bool running, ended;
    enum hash_state state;
};

struct hasher {
    bool stop;
    pthread_mutex_t lock; /* of all that follows, and of jobs */
    pthread_cond_t more;
    struct threads threads;         /* none: it is done at once */
    struct hash_job *first, **last; /* those that wait */
    size_t n;                       /* and those under way */
};

static void free_job(struct hash_job *job)
{
    if (job->password)
        mem_wipe(job->password, job->len);
    free(job->password);
    free(job);
}

/* ---- the work ---- */

static bool make(struct hash_job *job)
{
    return argon2id_hash_encoded(job->cost.passes, job->cost.memory_kib, LANES,
                                 job->password, job->len, job->salt,
                                 sizeof job->salt, HASH_BYTES, job->encoded,
                                 sizeof job->encoded) == ARGON2_OK;
}

static enum hash_state work(struct hash_job *job)
{
    bool good;

    if (job->compare && !job->none)
        good =
            argon2id_verify(job->encoded, job->password, job->len) == ARGON2_OK;
    else
        good = make(job) && !job->compare;
    mem_wipe(job->password, job->len);
    return good ? HASH_GOOD : HASH_BAD;
}

/* One of the crew; the lock is held whenever it is not working. */
static void *run(void *arg)
{
    struct hasher *h = arg;

    thread_yield();
    pthread_mutex_lock(&h->lock);
    while (!h->stop) {
        struct hash_job *job = h->first;
        enum hash_state state;

        if (!job) {
            pthread_cond_wait(&h->more, &h->lock);
            continue;
        }
        h->first = job->next;
        if (!h->first)
            h->last = &h->first;
        job->running = true;
        pthread_mutex_unlock(&h->lock);
        state = work(job);
        pthread_mutex_lock(&h->lock);
        job->running = false;
        job->state = state;
        h->n--;
        if (job->ended)
            free_job(job);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* ---- its life ---- */

struct hasher *hasher_new(bool threads)
{
    struct hasher *h = mem_new(1, sizeof *h);

    h->last = &h->first;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->more, NULL);
    for (int i = 0; i < HASHER_THREADS && threads; i++)
        threads_start(&h->threads, run, h);
    return h;
}

void hasher_free(struct hasher *h)
{
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_broadcast(&h->more);
    pthread_mutex_unlock(&h->lock);
    threads_join(&h->threads);
    while (h->first) {
        struct hash_job *job = h->first;

        h->first = job->next;
        free_job(job);
    }
    pthread_cond_destroy(&h->more);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---- jobs ---- */

static struct hash_job *new_job(struct str password, struct hash_cost cost)
{
    struct hash_job *job = mem_new(1, sizeof *job);

    job->password = mem_str(password);
    job->len = password.len;
    job->cost = cost;
    return job;
}

/* Have it done; NULL, and the job is freed: `most` or more wait. */
static struct hash_job *give(struct hasher *h, struct hash_job *job,
                             size_t most)
{
    if (!h->threads.n) {
        job->state = work(job);
        return job;
    }
    pthread_mutex_lock(&h->lock);
    if (h->n < most) {
        h->n++;
        *h->last = job;
        h->last = &job->next;
        pthread_cond_signal(&h->more);
    } else {
        free_job(job);
        job = NULL;
    }
    pthread_mutex_unlock(&h->lock);
    return job;
}

struct hash_job *hasher_make(struct hasher *h, struct str password,
                             struct hash_cost cost, const uint8_t *salt)
{
    struct hash_job *job = new_job(password, cost);

    memcpy(job->salt, salt, sizeof job->salt);
    return give(h, job, HASHER_MAKES);
}

struct hash_job *hasher_check(struct hasher *h, struct str password,
                              struct hash_cost cost, struct str encoded)
{
    struct hash_job *job = new_job(password, cost);

    job->compare = true;
    job->none = encoded.len == 0 || encoded.len >= sizeof job->encoded;
    if (!job->none)
        memcpy(job->encoded, encoded.ptr, encoded.len);
    return give(h, job, HASHER_QUEUE);
}

enum hash_state hasher_look(struct hasher *h, struct hash_job *job)
{
    enum hash_state state;

    pthread_mutex_lock(&h->lock);
    state = job->state;
    pthread_mutex_unlock(&h->lock);
    return state;
}

const char *hasher_encoded(const struct hash_job *job)
{
    return job->encoded;
}

/* Take it out of those that wait. */
static void withdraw(struct hasher *h, struct hash_job *job)
{
    struct hash_job **at = &h->first;

    while (*at && *at != job)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = job->next;
    if (!*at)
        h->last = at;
    h->n--;
}

void hasher_end(struct hasher *h, struct hash_job *job)
{
    bool running;

    if (!job)
        return;
    pthread_mutex_lock(&h->lock);
    running = job->running;
    job->ended = true;
    if (!running)
        withdraw(h, job);
    pthread_mutex_unlock(&h->lock);
    if (!running)
        free_job(job);
}
