/* SPDX-License-Identifier: MIT
 *
 * The inside of the index: index.c (its life, and what goes into it) and
 * index_find.c.  Nobody else includes this.
 */
#ifndef SERVER_INDEX_IMPL_H
#define SERVER_INDEX_IMPL_H

#include <sqlite3.h>

#include "server/index.h"
#include "server/store_db_impl.h"

enum index_sql {
    INDEX_BEGIN,
    INDEX_COMMIT,
    INDEX_ROLLBACK,
    INDEX_MARK_GET,
    INDEX_MARK_SET,
    INDEX_MARK_DROP,
    INDEX_MARK_NEXT,
    INDEX_DOC_GET,
    INDEX_DOC_PUT,
    INDEX_DOC_DROP,
    INDEX_DOC_NEXT,
    INDEX_LINE_PUT,
    INDEX_LINE_DROP,
    INDEX_LINE_MERGE,
    INDEX_FIND,
    INDEX_SQLS
};

struct index {
    sqlite3 *lite;
    sqlite3_stmt *stmts[INDEX_SQLS]; /* prepared when first run */
    struct db *log;
};

/* A statement, reset and without arguments; NULL: it cannot be prepared. */
sqlite3_stmt *index_stmt(struct index *, enum index_sql);

/* The events lo..hi of a room, as far as they fit; false: not to be read. */
bool index_page(struct index *, struct store_answer *, size_t bytes);
void index_page_free(struct store_answer *);

#endif
