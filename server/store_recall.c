/* SPDX-License-Identifier: MIT
 *
 * All that is stored, told row by row; see store_db.h.
 */
#include "server/store_db_impl.h"

static void read_last(sqlite3_stmt *stmt, struct store_row *row)
{
    row->room = db_num(stmt, 0);
    row->account = db_num(stmt, 1);
}

/* An account whose name somebody else has taken has none. */
static void read_account(sqlite3_stmt *stmt, struct store_row *row)
{
    row->account = db_num(stmt, 0);
    if (!db_num(stmt, 3))
        row->text = db_text(stmt, 1);
    row->token = db_text(stmt, 2);
    row->rank = (unsigned)db_num(stmt, 4);
    row->note = db_text(stmt, 5);
}

static void read_invite(sqlite3_stmt *stmt, struct store_row *row)
{
    row->text = db_text(stmt, 0);
    row->ts = db_num(stmt, 1);
    row->left = db_num(stmt, 2);
}

static void read_key(sqlite3_stmt *stmt, struct store_row *row)
{
    row->account = db_num(stmt, 0);
    row->text = db_text(stmt, 1);
    row->note = db_text(stmt, 2);
    row->added = db_num(stmt, 3);
    row->ts = db_num(stmt, 4);
    row->revoked = db_num(stmt, 5);
}

static void read_resume(sqlite3_stmt *stmt, struct store_row *row)
{
    row->account = db_num(stmt, 0);
    row->device = db_num(stmt, 1);
    row->text = db_text(stmt, 2);
    row->note = db_text(stmt, 3);
}

static void read_device(sqlite3_stmt *stmt, struct store_row *row)
{
    row->account = db_num(stmt, 0);
    row->device = db_num(stmt, 1);
    row->cseq = db_num(stmt, 2);
}

static void read_refusal(sqlite3_stmt *stmt, struct store_row *row)
{
    read_device(stmt, row);
    row->error = (unsigned)db_num(stmt, 3);
}

static void read_room(sqlite3_stmt *stmt, struct store_row *row)
{
    row->room = db_num(stmt, 0);
    row->room_kind = (unsigned)db_num(stmt, 1);
    row->text = db_text(stmt, 2);
    row->topic = db_text(stmt, 3);
    if (db_num(stmt, 4))
        row->kind = ROW_DROPPED;
    row->first = db_seq((int64_t)db_num(stmt, 5));
    row->head = db_seq((int64_t)db_num(stmt, 6));
    row->ts = db_num(stmt, 7);
    row->mode = (unsigned)db_num(stmt, 8);
    row->slow = db_num(stmt, 9);
    row->most = db_num(stmt, 10);
    row->note = db_text(stmt, 11);
}

static void read_side(sqlite3_stmt *stmt, struct store_row *row)
{
    row->room = db_num(stmt, 0);
    row->account = db_num(stmt, 1);
    row->text = db_text(stmt, 2);
}

static void read_guest(sqlite3_stmt *stmt, struct store_row *row)
{
    row->room = db_num(stmt, 0);
    row->account = db_num(stmt, 1);
}

static void read_member(sqlite3_stmt *stmt, struct store_row *row)
{
    read_guest(stmt, row);
    row->head = db_num(stmt, 2);
    row->rank = (unsigned)db_num(stmt, 3);
}

static void read_sanction(sqlite3_stmt *stmt, struct store_row *row)
{
    row->room = db_num(stmt, 0);
    row->rank = (unsigned)db_num(stmt, 1);
    row->text = db_text(stmt, 2);
    row->ts = db_num(stmt, 3);
    row->note = db_text(stmt, 4);
}

static const struct {
    enum sql sql;
    enum store_row_kind kind;
    void (*read)(sqlite3_stmt *, struct store_row *);
} KINDS[] = {
    { SQL_ALL_LAST, ROW_LAST, read_last },
    { SQL_ALL_ACCOUNTS, ROW_ACCOUNT, read_account },
    { SQL_ALL_DEVICES, ROW_DEVICE, read_device },
    { SQL_ALL_REFUSALS, ROW_REFUSAL, read_refusal },
    { SQL_ALL_ROOMS, ROW_ROOM, read_room },
    { SQL_ALL_SIDES, ROW_SIDE, read_side },
    { SQL_ALL_MEMBERS, ROW_MEMBER, read_member },
    { SQL_ALL_INVITES, ROW_INVITE, read_invite },
    { SQL_ALL_KEYS, ROW_KEY, read_key },
    { SQL_ALL_RESUMES, ROW_RESUME, read_resume },
    { SQL_ALL_SANCTIONS, ROW_SANCTION, read_sanction },
    { SQL_ALL_GUESTS, ROW_GUEST, read_guest },
};

bool db_recall(struct db *db, void (*each)(void *ctx, const struct store_row *),
               void *ctx)
{
    db->trouble = NULL;
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        sqlite3_stmt *stmt = db_bind(db, KINDS[i].sql, "");

        while (stmt && db_step(db, stmt)) {
            struct store_row row = { .kind = KINDS[i].kind };

            KINDS[i].read(stmt, &row);
            each(ctx, &row);
        }
        if (db->trouble)
            return false;
    }
    return true;
}
