/* SPDX-License-Identifier: MIT
 *
 * A batch of operations as one transaction; see store_db.h.
 */
#include "server/store_db_impl.h"

#include "server/event.h"
#include "shared/error.h"
#include "shared/frame.h"
#include "shared/text.h"

/* ---- what an operation changes besides the room's log ---- */

/* The form by which a name is unique. */
static struct str fold(const char *name, char out[NAME_MAX_BYTES])
{
    return str_bytes(out, text_fold(str_of(name), out, NAME_MAX_BYTES));
}

static bool record(struct db *db, const struct store_op *op)
{
    char bytes[NAME_MAX_BYTES];
    struct str folded = fold(op->text, bytes);

    return db_run(db, SQL_ACCOUNT_YIELD, "si", folded, op->account) &&
           db_run(db, SQL_ACCOUNT_ADD, "sis", folded, op->account,
                  str_of(op->text));
}

static bool set_token(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_ACCOUNT_TOKEN, "is", op->account, str_of(op->text));
}

static bool rename_account(struct db *db, const struct store_op *op)
{
    char bytes[NAME_MAX_BYTES];
    struct str folded = fold(op->text, bytes);

    return db_run(db, SQL_ACCOUNT_YIELD, "si", folded, op->account) &&
           db_run(db, SQL_ACCOUNT_NAME, "sis", folded, op->account,
                  str_of(op->text)) &&
           db_run(db, SQL_SIDE_NAME, "is", op->account, str_of(op->text));
}

static bool set_key(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_KEY_SET, "issii", op->account, str_of(op->text),
                  str_of(op->note), op->ts, (uint64_t)op->kind);
}

static bool set_resume(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_RESUME_SET, "iiss", op->account, op->device,
                  str_of(op->text), str_of(op->note));
}

static bool set_secret(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_ACCOUNT_SECRET, "is", op->account, str_of(op->text));
}

static bool set_rank(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_ACCOUNT_RANK, "ii", op->account, (uint64_t)op->kind);
}

static bool set_invite(struct db *db, const struct store_op *op)
{
    if (op->kind == 0)
        return db_run(db, SQL_INVITE_DROP, "si", str_of(op->text), op->ts);
    return db_run(db, SQL_INVITE_SET, "sii", str_of(op->text), op->ts,
                  (uint64_t)op->kind);
}

static bool forget(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_DEVICE_DROP_ALL, "i", op->account) &&
           db_run(db, SQL_RESUME_DROP_ALL, "i", op->account) &&
           db_run(db, SQL_KEY_DROP_ALL, "i", op->account) &&
           db_run(db, SQL_REFUSAL_DROP_ALL, "i", op->account) &&
           db_run(db, SQL_SANCTION_FORGET, "i", op->account) &&
           db_run(db, SQL_GUEST_FORGET, "i", op->account) &&
           db_run(db, SQL_ACCOUNT_DROP, "i", op->account);
}

static bool retire(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_DEVICE_DROP, "ii", op->account, op->device) &&
           db_run(db, SQL_RESUME_DROP, "ii", op->account, op->device) &&
           db_run(db, SQL_REFUSAL_DROP, "ii", op->account, op->device);
}

static bool found(struct db *db, const struct store_op *op)
{
    char bytes[NAME_MAX_BYTES];
    struct str folded = fold(op->text, bytes);

    return db_run(db, SQL_ROOM_YIELD, "si", folded, op->room) &&
           db_run(db, SQL_ROOM_ADD, "sisi", folded, op->room, str_of(op->text),
                  (uint64_t)op->kind);
}

static bool set_side(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_SIDE_SET, "iis", op->room, op->account,
                  str_of(op->text));
}

static bool set_topic(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_ROOM_TOPIC, "is", op->room, str_of(op->text));
}

static bool enter(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_MEMBER_ADD, "iii", op->room, op->account,
                  (uint64_t)op->kind) &&
           db_run(db, SQL_GUEST_DROP, "ii", op->room, op->account);
}

static bool leave(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_MEMBER_DROP, "ii", op->room, op->account);
}

static bool kick(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_MEMBER_DROP, "ii", op->room, op->about) &&
           db_run(db, SQL_GUEST_DROP, "ii", op->room, op->about);
}

static bool set_mode(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_ROOM_MODE, "iiiis", op->room, (uint64_t)op->kind,
                  op->seq, op->ts, str_of(op->text));
}

static bool set_role(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_MEMBER_ROLE, "iii", op->room, op->about,
                  (uint64_t)op->kind);
}

static bool set_sanction(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_SANCTION_SET, "iisis", op->room, (uint64_t)op->kind,
                  str_of(op->text), op->ts, str_of(op->note)) &&
           (op->kind == sanction_MUTE || kick(db, op));
}

static bool lift(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_SANCTION_DROP, "iis", op->room, (uint64_t)op->kind,
                  str_of(op->text));
}

static bool add_guest(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_GUEST_ADD, "ii", op->room, op->about);
}

static bool open_direct(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_MEMBER_ADD_SIDES, "i", op->room);
}

/* Events of a room up to seq, and what hangs on them. */
static bool drop_events(struct db *db, uint64_t room, uint64_t seq)
{
    uint64_t lo = (uint64_t)db_key(room, 0), hi = (uint64_t)db_key(room, seq);

    return db_run(db, SQL_EVENT_DROP, "ii", lo, hi) &&
           db_run(db, SQL_VERSION_DROP, "ii", lo, hi) &&
           db_run(db, SQL_REACTION_DROP, "ii", lo, hi);
}

static bool trim(struct db *db, const struct store_op *op)
{
    return drop_events(db, op->room, op->seq);
}

static bool set_read(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_MEMBER_READ, "iii", op->room, op->account, op->seq);
}

/* ---- messages that become others ---- */

static bool change(struct db *db, const struct event *target)
{
    struct msg_event body = event_body(target);

    return db_run(db, SQL_EVENT_CHANGE, "isissii",
                  (uint64_t)db_key(body.room, body.seq), body.text, body.edited,
                  body.by, body.reacts, body.as_of, body.pinned);
}

static bool edit(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_VERSION_ADD, "ii",
                  (uint64_t)db_key(op->room, op->target->seq),
                  (uint64_t)db_key(op->room, op->event->seq)) &&
           change(db, op->target);
}

static bool redact(struct db *db, const struct store_op *op)
{
    uint64_t key = (uint64_t)db_key(op->room, op->target->seq);

    return db_run(db, SQL_VERSION_BLANK, "i", key) &&
           db_run(db, SQL_VERSION_DROP, "ii", key, key) &&
           db_run(db, SQL_REACTION_DROP, "ii", key, key) &&
           change(db, op->target);
}

static bool pin(struct db *db, const struct store_op *op)
{
    return change(db, op->target);
}

static bool erase(struct db *db, const struct store_op *op)
{
    const struct event *target = op->target;
    struct str nick = event_body(target).nick;

    return redact(db, op) &&
           db_run(db, SQL_EVENT_UNNAME, "is",
                  (uint64_t)db_key(op->room, target->seq), nick) &&
           (target->kind != event_REDACT ||
            db_run(db, SQL_TAKEN_UNNAME, "is",
                   (uint64_t)db_key(op->room, target->ref), nick));
}

static bool react(struct db *db, const struct store_op *op)
{
    bool add = op->text[0] == '+';

    return db_run(db, add ? SQL_REACTION_ADD : SQL_REACTION_TAKE, "isi",
                  (uint64_t)db_key(op->room, op->target->seq),
                  str_of(op->text + 1), op->account) &&
           change(db, op->target);
}

/* Known as dropped from the first slice on, gone with the last. */
static bool drop(struct db *db, const struct store_op *op)
{
    return db_run(db, SQL_ROOM_DROP, "i", op->room) &&
           db_run(db, SQL_MEMBER_DROP_ALL, "i", op->room) &&
           db_run(db, SQL_SANCTION_DROP_ALL, "i", op->room) &&
           db_run(db, SQL_GUEST_DROP_ALL, "i", op->room) &&
           db_run(db, SQL_SIDE_DROP, "i", op->room) && trim(db, op) &&
           db_run(db, SQL_ROOM_BURY, "iii", op->room,
                  (uint64_t)db_key(op->room, 0),
                  (uint64_t)db_key(op->room, UINT32_MAX));
}

static bool (*const EFFECTS[EFFECT_COUNT])(struct db *,
                                           const struct store_op *) = {
    [EFFECT_ENTER] = enter,
    [EFFECT_LEAVE] = leave,
    [EFFECT_OPEN] = open_direct,
    [EFFECT_TOPIC] = set_topic,
    [EFFECT_RENAME] = rename_account,
    [EFFECT_RECORD] = record,
    [EFFECT_TOKEN] = set_token,
    [EFFECT_FORGET] = forget,
    [EFFECT_RETIRE] = retire,
    [EFFECT_FOUND] = found,
    [EFFECT_SIDE] = set_side,
    [EFFECT_UNNAME] = set_side,
    [EFFECT_DROP] = drop,
    [EFFECT_TRIM] = trim,
    [EFFECT_KEY] = set_key,
    [EFFECT_RESUME] = set_resume,
    [EFFECT_SECRET] = set_secret,
    [EFFECT_RANK] = set_rank,
    [EFFECT_INVITE] = set_invite,
    [EFFECT_EDIT] = edit,
    [EFFECT_REDACT] = redact,
    [EFFECT_ERASE] = erase,
    [EFFECT_REACT] = react,
    [EFFECT_PIN] = pin,
    [EFFECT_READ] = set_read,
    [EFFECT_MODE] = set_mode,
    [EFFECT_ROLE] = set_role,
    [EFFECT_KICK] = kick,
    [EFFECT_SANCTION] = set_sanction,
    [EFFECT_LIFT] = lift,
    [EFFECT_GUEST] = add_guest,
};

/* ---- the log and the counters ---- */

static bool add_event(struct db *db, const struct event *event,
                      uint64_t room_events)
{
    const struct msg_event *body;
    struct msg msg;

    if (wire_decode(&msg, frame_str(event->frame), db->scratch))
        return db_fail(db, SQLITE_MISUSE); /* we have encoded it ourselves */
    body = &msg.event;
    if (!db_run(db, SQL_EVENT_ADD, "iiiiiiiss",
                (uint64_t)db_key(event->room, event->seq), event->ts,
                (uint64_t)event->kind, event->account, event->device,
                event->cseq, body->ref, body->nick, body->text))
        return false;
    if (room_events == 0 || event->seq <= room_events)
        return true;
    return drop_events(db, event->room, event->seq - room_events);
}

static bool count(struct db *db, const struct store_op *op)
{
    if (op->error &&
        !db_run(db, SQL_REFUSAL_SET, "iiiii", op->account, op->device,
                op->cseq % REFUSED_MAX, op->cseq, (uint64_t)op->error))
        return false;
    if (!db_run(db, SQL_DEVICE_SET, "iii", op->account, op->device, op->cseq))
        return false;
    return sqlite3_changes(db->lite) > 0 ||
           db_run(db, SQL_DEVICE_ADD, "iii", op->account, op->device, op->cseq);
}

static bool write_one(struct db *db, const struct store_op *op,
                      uint64_t room_events)
{
    if (op->event && !add_event(db, op->event, room_events))
        return false;
    if (EFFECTS[op->effect] && !EFFECTS[op->effect](db, op))
        return false;
    return !op->cseq || count(db, op);
}

static bool write_all(struct db *db, const struct store_op *ops, size_t n,
                      uint64_t room_events)
{
    if (!db_run(db, SQL_BEGIN, ""))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!write_one(db, &ops[i], room_events))
            return false;
    return db_run(db, SQL_COMMIT, "");
}

int db_write(struct db *db, const struct store_op *ops, size_t n,
             uint64_t room_events)
{
    const char *why;

    db->trouble = db->damage;
    if (db->damage)
        return -ERROR_STORE;
    if (write_all(db, ops, n, room_events))
        return 0;
    why = db->trouble;
    if (!sqlite3_get_autocommit(db->lite))
        db_run(db, SQL_ROLLBACK, "");
    db->trouble = why;
    return -ERROR_STORE;
}
