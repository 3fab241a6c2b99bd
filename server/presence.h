/* SPDX-License-Identifier: MIT
 *
 * How people are, measured: heartbeats and silence of sessions in, one state
 * per account out, told as deltas, gathered for LIMIT_PRESENCE_BATCH, to those
 * who share a small room.
 */
#ifndef SERVER_PRESENCE_H
#define SERVER_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/now.h"

struct account;
struct room;
struct session;
struct world;

/* How long nothing has been heard of it, us. Being held back is no silence. */
uint64_t presence_silence(const struct session *, struct now);

/* When a READY session's state changes if nothing is heard, mono_us. */
uint64_t presence_deadline(const struct session *);

/* Look at an account's sessions again; what changed will be told. */
void presence_update(struct world *, struct account *, struct now);

/*
 * Its last session ended.
 *   reason   value set reason
 *   silent   it has been silent for this long, us
 */
void presence_gone(struct world *, struct account *, unsigned reason,
                   uint64_t silent, struct now);

/* It came back. cause: value set reason; away_ms: as it says. */
void presence_back(struct world *, struct account *, unsigned cause,
                   uint64_t away_ms, struct now);

/* Somebody new must learn how it is: tell it even if nothing changed. */
void presence_news(struct world *, struct account *, struct now);

/* Tell what is due; call when tell_at_us of the world has come. */
void presence_tell(struct world *, struct now);

/* All it may know, for a session that had to miss changes. */
void presence_picture(struct world *, struct session *);

#endif
