/* SPDX-License-Identifier: MIT
 *
 * Whose a name is: keys, tokens that change, devices added by a code and
 * revoked, invitations; and that who is refused stands in the log.
 */
#include "tests/server.h"

#include "server/hasher.h"
#include "shared/limits.h"

/* Who comes, and with what. */
struct comer {
    const char *nick;
    uint64_t device;
    unsigned key; /* 0: none */
    struct str token;
    const char *code, *secret;
};

static void show_key(struct peer *p, unsigned key)
{
    p->s->has_key = key != 0;
    memset(p->s->key.bytes, (int)key, sizeof p->s->key.bytes);
}

/* AUTH_OK or ERROR; the peer stays connected in both cases. */
static struct msg come(struct rig *rig, const struct comer *who,
                       struct peer **out)
{
    struct peer *p = peer_new(rig, TRANSPORT_TCP);
    struct msg msg = { .kind = KIND_AUTH };

    say_hello(p, who->device);
    settle(rig);
    show_key(p, who->key);
    msg.auth.nick = str_of(who->nick);
    msg.auth.token = who->token;
    msg.auth.code = str_of(who->code);
    msg.auth.label = S("box");
    msg.auth.method = who->secret ? S("password") : str_of(NULL);
    msg.auth.secret = str_of(who->secret);
    msg.auth.cseq = p->cseq + 1;
    say(p, &msg);
    say_sync(p);
    settle(rig);
    if (take(p, KIND_AUTH_OK, &msg)) {
        p->account = msg.auth_ok.account;
        p->cseq = msg.auth_ok.last_cseq;
        memcpy(p->token, msg.auth_ok.token.ptr, TOKEN_LEN);
    } else {
        msg = must(p, KIND_ERROR);
    }
    *out = p;
    return msg;
}

/* Who is let in, and has said something. */
static struct peer *come_in(struct rig *rig, const struct comer *who)
{
    struct peer *p;
    struct msg msg = come(rig, who, &p);

    assert_int_equal(msg.kind, KIND_AUTH_OK);
    join(p, "#lobby");
    return p;
}

static enum err refused(struct rig *rig, const struct comer *who)
{
    uint64_t before = rig->w->env.metrics.auth_refused;
    struct peer *p;
    struct msg msg = come(rig, who, &p);

    assert_int_equal(msg.kind, KIND_ERROR);
    assert_int_equal(rig->w->env.metrics.auth_refused, before + 1);
    cut(p);
    return (enum err)msg.error.code;
}

/* The last peer, which has been cut, is no more: there is room for another. */
static void rig_drop_last(struct rig *rig)
{
    struct peer *p = rig->peers[--rig->n_peers];

    assert_null(p->s);
    link_free(p->link);
    free(p);
}

static struct str token_of(const struct peer *p)
{
    return str_bytes(p->token, TOKEN_LEN);
}

/* ---- keys ---- */

static void test_names_belong_to_the_key_that_came_first(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer other = { .nick = "ANN", .device = 8, .key = 2 };
    struct comer nobody = { .nick = "ann", .device = 9 };
    struct peer *first = come_in(rig, &ann), *second;
    uint64_t account = first->account;

    (void)state;
    assert_int_equal(refused(rig, &other), ERROR_NAME_TAKEN);
    assert_int_equal(refused(rig, &nobody), ERROR_NAME_TAKEN);
    cut(first);
    pass(rig, (uint64_t)40 * 86400 * 1000); /* no absence is too long */
    assert_int_equal(refused(rig, &other), ERROR_NAME_TAKEN);
    rig_restart(rig);
    assert_int_equal(refused(rig, &other), ERROR_NAME_TAKEN);
    ann.device = 70; /* the same key, another program */
    second = come_in(rig, &ann);
    assert_int_equal(second->account, account);
    rig_free(rig);
}

static void test_names_of_guests_go_as_they_went(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer guest = { .nick = "ann", .device = 7 };
    struct comer owner = { .nick = "ann", .device = 8, .key = 2 };
    struct peer *p = come_in(rig, &guest), *q;

    (void)state;
    assert_int_equal(come(rig, &owner, &q).error.code, ERROR_NAME_TAKEN);
    cut(q);
    cut(p);
    pass(rig, limit(&rig->w->env, LIMIT_RESUME) * 1000 + 1000);
    come_in(rig, &owner);
    assert_int_equal(refused(rig, &guest), ERROR_NAME_TAKEN);
    rig_free(rig);
}

static void test_names_are_bound_when_a_guest_shows_a_key(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer guest = { .nick = "ann", .device = 7 };
    struct peer *p = come_in(rig, &guest), *q;
    uint64_t account = p->account;
    struct comer same = {
        .nick = "", .device = 7, .key = 3, .token = token_of(p)
    };

    (void)state;
    q = come_in(rig, &same);
    assert_int_equal(q->account, account);
    guest.token = token_of(p); /* what a guest had is of no use now */
    assert_int_equal(come(rig, &guest, &q).error.code, ERROR_NAME_TAKEN);
    rig_restart(rig);
    assert_int_equal(come(rig, &guest, &q).error.code, ERROR_NAME_TAKEN);
    rig_free(rig);
}

static void test_names_admit_no_guests_when_told(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer guest = { .nick = "bob", .device = 7 };
    struct comer ann = { .nick = "ann", .device = 8, .key = 1 };

    (void)state;
    rig->w->policy.no_guests = true;
    assert_int_equal(refused(rig, &guest), ERROR_REG_CLOSED);
    come_in(rig, &ann);
    rig->w->policy.registration = REGISTRATION_CLOSED;
    ann.nick = "eve";
    ann.key = 2;
    assert_int_equal(refused(rig, &ann), ERROR_REG_CLOSED);
    rig_free(rig);
}

static void test_names_make_the_first_one_admin(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer guest = { .nick = "bob", .device = 7 };
    struct comer ann = { .nick = "ann", .device = 8, .key = 1 };
    struct comer eve = { .nick = "eve", .device = 9, .key = 2 };

    (void)state;
    come_in(rig, &guest);
    come_in(rig, &ann);
    rig_restart(rig);
    come_in(rig, &eve);
    assert_int_equal(world_account_named(rig->w, S("ann"))->rank, RANK_ADMIN);
    assert_int_equal(world_account_named(rig->w, S("eve"))->rank, RANK_USER);
    rig_free(rig);
}

/* ---- tokens ---- */

static void test_names_change_their_token_with_every_use(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann);
    uint8_t old[TOKEN_LEN];

    (void)state;
    memcpy(old, p->token, TOKEN_LEN);
    ann.nick = "";
    ann.token = str_bytes(old, TOKEN_LEN);
    come_in(rig, &ann);
    p = come_in(rig, &ann); /* the answer was lost: it may be used again */
    assert_memory_not_equal(p->token, old, TOKEN_LEN);
    ann.token = token_of(p);
    rig_restart(rig);
    come_in(rig, &ann);
    ann.token = str_bytes(old, TOKEN_LEN); /* the newer one has been used */
    assert_int_equal(refused(rig, &ann), ERROR_RESUME_INVALID);
    rig_restart(rig);
    assert_int_equal(refused(rig, &ann), ERROR_RESUME_INVALID);
    rig_free(rig);
}

static void test_names_refuse_a_token_that_was_stolen(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann);
    struct comer thief = {
        .nick = "", .device = 7, .key = 2, .token = token_of(p)
    };

    (void)state;
    assert_int_equal(refused(rig, &thief), ERROR_RESUME_INVALID);
    thief.key = 0;
    assert_int_equal(refused(rig, &thief), ERROR_RESUME_INVALID);
    thief.key = 1; /* even the own key, when the program is another */
    thief.device = 8;
    assert_int_equal(refused(rig, &thief), ERROR_RESUME_INVALID);
    assert_non_null(p->s); /* and nobody was thrown out */
    rig_free(rig);
}

/* Not even before the last trace of it is gone. */
static void test_names_that_are_forgotten_open_to_no_token(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann);
    uint64_t account = p->account;

    (void)state;
    ann.nick = "";
    ann.token = token_of(p);
    cut(p);
    world_dismiss(rig->w, world_account(rig->w, account), rig->now);
    assert_int_equal(refused(rig, &ann), ERROR_RESUME_INVALID);
    pass(rig, 10000);
    assert_null(world_account(rig->w, account));
    ann = (struct comer){ .nick = "ann", .device = 7, .key = 1 };
    assert_int_not_equal(come_in(rig, &ann)->account, account);
    rig_free(rig);
}

/* ---- devices ---- */

static void ask(struct peer *p, unsigned act, uint64_t number)
{
    struct msg msg = { .kind = KIND_DEVICES };

    msg.devices.act = act;
    msg.devices.number = number;
    forget(p);
    say(p, &msg);
    settle(p->rig);
}

/* A code of the account, in small letters and without its dash. */
static void get_code(struct peer *p, char out[CODE_TEXT])
{
    size_t n = 0;
    struct msg msg;

    ask(p, devices_ADD, 0);
    msg = must(p, KIND_CODE);
    assert_int_equal(msg.code.code.len, CODE_TEXT - 1);
    for (size_t i = 0; i < CODE_TEXT - 1; i++) {
        char c = msg.code.code.ptr[i];

        if (c != '-')
            out[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out[n] = '\0';
}

static void test_names_take_another_key_by_a_code(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann), *q;
    char code[CODE_TEXT];
    struct comer laptop = {
        .nick = "ann", .device = 8, .key = 2, .code = "0000-0000"
    };
    struct msg msg;

    (void)state;
    assert_int_equal(refused(rig, &laptop), ERROR_AUTH_FAILED);
    get_code(p, code);
    laptop.code = code;
    q = come_in(rig, &laptop);
    assert_int_equal(q->account, p->account);
    ann.device = 9;
    ann.key = 3; /* it was good once */
    ann.code = code;
    assert_int_equal(refused(rig, &ann), ERROR_AUTH_FAILED);

    rig_restart(rig);
    laptop.code = NULL;
    q = come_in(rig, &laptop);
    ask(q, devices_LIST, 0);
    msg = must(q, KIND_DEVICE);
    assert_int_equal(msg.device.number, 1);
    assert_int_equal(msg.device.own, 0);
    msg = must(q, KIND_DEVICE);
    assert_int_equal(msg.device.number, 2);
    assert_true(str_is(msg.device.label, "box"));
    assert_int_equal(msg.device.own, 1);
    assert_int_equal(must(q, KIND_DEVICE).device.number, 0);
    rig_free(rig);
}

static void test_names_end_a_code_after_a_while(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann);
    char code[CODE_TEXT];
    struct comer laptop = {
        .nick = "ann", .device = 8, .key = 2, .code = code
    };

    (void)state;
    get_code(p, code);
    cut(p);
    pass(rig, limit(&rig->w->env, LIMIT_CODE_LIFE) * 1000);
    assert_int_equal(refused(rig, &laptop), ERROR_AUTH_FAILED);
    rig_free(rig);
}

static void test_names_let_nobody_guess_codes(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann);
    struct comer thief = {
        .nick = "ann", .device = 8, .key = 2, .code = "ABCD-EFGH"
    };
    char code[CODE_TEXT];

    (void)state;
    get_code(p, code);
    for (int i = 0; i < 5; i++)
        assert_int_equal(refused(rig, &thief), ERROR_AUTH_FAILED);
    thief.code = code; /* too late, were it the right one */
    assert_int_equal(refused(rig, &thief), ERROR_AUTH_THROTTLED);
    ann.device = 9; /* who has the key is not kept waiting */
    come_in(rig, &ann);
    rig_free(rig);
}

static void test_names_throw_out_a_key_that_is_revoked(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer laptop = { .nick = "ann", .device = 8, .key = 2 };
    struct peer *p = come_in(rig, &ann), *q;
    char code[CODE_TEXT];
    struct msg msg;

    (void)state;
    ask(p, devices_REVOKE, 1);
    assert_int_equal(must(p, KIND_ERROR).error.code, ERROR_FORBIDDEN);
    get_code(p, code);
    laptop.code = code;
    q = come_in(rig, &laptop);
    ask(p, devices_REVOKE, 2);
    must(p, KIND_OK);
    msg = must(q, KIND_BYE);
    assert_int_equal(msg.bye.code, ERROR_ACCOUNT_DISABLED);

    laptop.code = NULL;
    assert_int_equal(refused(rig, &laptop), ERROR_NAME_TAKEN);
    laptop.token = token_of(q);
    laptop.nick = "";
    assert_int_equal(refused(rig, &laptop), ERROR_RESUME_INVALID);
    rig_restart(rig);
    laptop.nick = "ann";
    laptop.token = str_of(NULL);
    assert_int_equal(refused(rig, &laptop), ERROR_NAME_TAKEN);
    rig_free(rig);
}

static void test_names_of_guests_have_no_devices(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct peer *p = enter(rig, "bob");

    (void)state;
    ask(p, devices_ADD, 0);
    assert_int_equal(must(p, KIND_ERROR).error.code, ERROR_FORBIDDEN);
    rig_free(rig);
}

/* ---- users of the server's machine ---- */

static bool find_login(const char *name, uint32_t *uid)
{
    *uid = strcmp(name, "ann") == 0 ? 1000 : 1001;
    return strcmp(name, "ann") == 0 || strcmp(name, "bob") == 0;
}

/* Over the socket, as the system says who it is. */
static struct msg come_local(struct rig *rig, const char *login, uint32_t uid,
                             const char *nick, struct peer **out)
{
    struct link_config config = { .transport = TRANSPORT_TCP,
                                  .body_max = BODY_MAX,
                                  .queue_max = 1 << 24 };
    struct local local = { .uid = uid };
    struct hub_peer from = { .transport = TRANSPORT_TCP,
                             .name = S("unix"),
                             .clear = true,
                             .local = &local };
    struct peer *p = calloc(1, sizeof *p);
    struct msg msg;
    enum err why;

    snprintf(local.login, sizeof local.login, "%s", login);
    rig->w->config.login = find_login;
    p->rig = rig;
    p->link = link_new(&config, rig->now);
    p->s = hub_open(rig->hub, &from, &why, rig->now);
    p->s->edge = p;
    rig->peers[rig->n_peers++] = p;
    say_hello(p, rng_next(&rig->rng) | 1);
    say_auth(p, nick, str_of(NULL));
    say_sync(p);
    settle(rig);
    *out = p;
    if (!take(p, KIND_AUTH_OK, &msg))
        return must(p, KIND_ERROR);
    p->account = msg.auth_ok.account;
    return msg;
}

static void test_names_of_users_are_theirs_on_the_socket(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct peer *ann, *p;
    struct comer net = { .nick = "ann", .device = 8, .key = 2 };
    char code[CODE_TEXT];
    uint64_t refused_before;
    struct msg msg;

    (void)state;
    rig->w->policy.registration = REGISTRATION_CLOSED;
    /* bob tries before ann has ever been here */
    refused_before = rig->w->env.metrics.auth_refused;
    msg = come_local(rig, "bob", 1001, "ann", &p);
    assert_int_equal(msg.error.code, ERROR_NAME_TAKEN);
    msg = come_local(rig, "bob", 1001, "Ann", &p);
    assert_int_equal(msg.kind, KIND_AUTH_OK); /* nobody's login: a guest */
    assert_int_equal(msg.auth_ok.bound, 0);
    msg = (struct msg){ .kind = KIND_NICK };
    msg.nick.nick = S("ann");
    say(p, &msg);
    settle(rig);
    assert_int_equal(must(p, KIND_ERROR).error.code, ERROR_NAME_TAKEN);
    cut(p);
    pass(rig, limit(&rig->w->env, LIMIT_RESUME) * 1000 + 1000);

    msg = come_local(rig, "ann", 1000, "ann", &ann);
    assert_int_equal(msg.auth_ok.bound, 1);
    join(ann, "#lobby");
    msg = come_local(rig, "bob", 1001, "ANN", &p);
    assert_int_equal(msg.error.code, ERROR_NAME_TAKEN);
    assert_int_equal(refused(rig, &net), ERROR_NAME_TAKEN);
    assert_int_equal(rig->w->env.metrics.auth_refused, refused_before + 4);

    get_code(ann, code); /* this takes her name to the network */
    net.code = code;
    assert_int_equal(come_in(rig, &net)->account, ann->account);
    rig_restart(rig);
    msg = come_local(rig, "ann", 1000, "ann", &p);
    assert_int_equal(msg.auth_ok.account, ann->account);
    rig_free(rig);
}

static void test_names_of_keys_are_not_the_sockets(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer net = { .nick = "ann", .device = 8, .key = 2 };
    struct peer *p;

    (void)state;
    come_in(rig, &net);
    assert_int_equal(come_local(rig, "ann", 1000, "ann", &p).error.code,
                     ERROR_NAME_TAKEN);
    rig_free(rig);
}

/* ---- invitations ---- */

static void test_names_are_kept_for_those_invited(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer eve = { .nick = "eve", .device = 8, .key = 2 };
    char hash[SECURE_HASH_TEXT];

    (void)state;
    rig->w->policy.registration = REGISTRATION_INVITE;
    rig->w->policy.no_guests = true;
    code_hash(S("abcd-efgh"), hash);
    assert_true(codes_invite(&rig->w->codes, hash, rig->now.wall_ms + 3600000,
                             1, rig->now));
    assert_int_equal(refused(rig, &ann), ERROR_REG_CLOSED);
    ann.code = "wrong";
    assert_int_equal(refused(rig, &ann), ERROR_AUTH_FAILED);
    ann.code = "ABCDEFGH";
    come_in(rig, &ann);
    eve.code = "ABCDEFGH"; /* it was for one */
    assert_int_equal(refused(rig, &eve), ERROR_AUTH_FAILED);
    ann.code = NULL;
    ann.device = 9;
    come_in(rig, &ann); /* who has been here needs none */
    rig_free(rig);
}

/* Who came as a guest, and is invited then, keeps name, rooms and all. */
static void test_names_of_guests_become_theirs(void **state)
{
    struct rig *rig = rig_new_durable(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer eve = { .nick = "eve", .device = 8, .key = 2 };
    char hash[SECURE_HASH_TEXT];
    struct peer *p, *q;
    struct msg msg;

    (void)state;
    rig->w->policy.registration = REGISTRATION_INVITE;
    code_hash(S("abcd-efgh"), hash);
    assert_true(codes_invite(&rig->w->codes, hash, rig->now.wall_ms + 3600000,
                             1, rig->now));
    p = come_in(rig, &ann);
    ann.token = str_bytes(p->token, TOKEN_LEN);
    ann.code = "wrong";
    assert_int_equal(refused(rig, &ann), ERROR_AUTH_FAILED);
    ann.code = "ABCDEFGH";
    msg = come(rig, &ann, &q);
    assert_int_equal(msg.kind, KIND_AUTH_OK);
    assert_int_equal(msg.auth_ok.account, p->account);
    assert_int_equal(msg.auth_ok.bound, 1);
    eve.code = "ABCDEFGH"; /* it has been used */
    assert_int_equal(refused(rig, &eve), ERROR_AUTH_FAILED);
    forget(q);
    join(q, "#more"); /* and with that it is stored */
    rig_restart(rig);
    ann.token = str_of(NULL);
    ann.code = NULL;
    assert_int_equal(come_in(rig, &ann)->account, p->account);
    rig_free(rig);
}

/* ---- passwords ---- */

/* What hashing costs is not what is tested. */
static struct rig *rig_for_passwords(void)
{
    struct limits limits = rig_limits();

    limits.value[LIMIT_PASSWORD_MEMORY] = 8;
    limits.value[LIMIT_PASSWORD_PASSES] = 1;
    return rig_new_durable(&limits);
}

static void set_password(struct peer *p, const char *secret)
{
    struct msg msg = { .kind = KIND_PASSWORD };

    msg.password.secret = str_of(secret);
    forget(p);
    say(p, &msg);
    settle(p->rig);
}

static void test_names_open_to_a_password(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer cafe = {
        .nick = "ann", .device = 8, .key = 2, .secret = "correct horse"
    };
    struct peer *p = come_in(rig, &ann), *q;

    (void)state;
    assert_int_equal(refused(rig, &cafe), ERROR_AUTH_FAILED); /* has none */
    set_password(p, "short");
    assert_int_equal(must(p, KIND_ERROR).error.code, ERROR_WEAK_SECRET);
    set_password(p, "correct horse");
    assert_int_equal(must(p, KIND_OK).ok.text.len, 0);
    rig_restart(rig);
    q = come_in(rig, &cafe);
    assert_int_equal(q->account, p->account);
    cafe.secret = NULL; /* its key is one of the account's from now on */
    cafe.device = 9;
    come_in(rig, &cafe);
    set_password(q, "");
    must(q, KIND_OK);
    cafe.key = 3;
    cafe.secret = "correct horse";
    assert_int_equal(refused(rig, &cafe), ERROR_AUTH_FAILED);
    rig_free(rig);
}

/* As if a password had been looked at for a while, and found to be right. */
static struct peer *come_slowly(struct rig *rig, const char *secret,
                                const struct account *whose)
{
    struct peer *p = peer_new(rig, TRANSPORT_TCP);

    say_hello(p, 50);
    settle(rig);
    p->s->proof =
        hasher_check(rig->w->hasher, str_of(secret), (struct hash_cost){ 8, 1 },
                     str_of(whose->secret));
    assert_int_equal(hasher_look(rig->w->hasher, p->s->proof), HASH_GOOD);
    return p;
}

static void say_secret(struct peer *p, const char *nick, const char *secret)
{
    struct msg msg = { .kind = KIND_AUTH };

    msg.auth.nick = str_of(nick);
    msg.auth.method = S("password");
    msg.auth.secret = str_of(secret);
    say(p, &msg);
    settle(p->rig);
}

static void test_names_compare_with_the_password_as_it_is(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann), *q;

    (void)state;
    set_password(p, "correct horse");
    q = come_slowly(rig, "correct horse", p->s->account);
    set_password(p, "another horse");
    say_secret(q, "ann", "correct horse");
    assert_int_equal(must(q, KIND_ERROR).error.code, ERROR_AUTH_FAILED);
    assert_null(q->s->proof);
    q = come_slowly(rig, "another horse", p->s->account);
    say_secret(q, "ann", "another horse");
    must(q, KIND_AUTH_OK);
    assert_null(q->s->proof);
    rig_free(rig);
}

/* A name that changes hands meanwhile does not open its new owner's account. */
static void test_names_compare_with_the_password_of_its_owner(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer eve = { .nick = "ann", .device = 8, .key = 2 };
    struct msg msg = { .kind = KIND_NICK };
    struct peer *p = come_in(rig, &ann), *q;

    (void)state;
    set_password(p, "correct horse");
    q = come_slowly(rig, "correct horse", p->s->account);
    msg.nick.nick = S("anna");
    say(p, &msg);
    settle(rig);
    must(p, KIND_OK);
    p = come_in(rig, &eve);
    say_secret(q, "ann", "correct horse");
    assert_int_equal(must(q, KIND_ERROR).error.code, ERROR_AUTH_FAILED);
    set_password(p, "correct horse"); /* alike, and not the same */
    q = come_slowly(rig, "correct horse",
                    world_account_named(rig->w, S("anna")));
    say_secret(q, "ann", "correct horse");
    assert_int_equal(must(q, KIND_ERROR).error.code, ERROR_AUTH_FAILED);
    rig_free(rig);
}

/* Nothing is left of one that was not looked at in the end. */
static void test_names_of_those_kept_out_leave_nothing(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct sanctions *all = &rig->w->sanctions;
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer eve = { .nick = "eve", .device = 8, .key = 2 };
    struct peer *p = come_in(rig, &ann), *q;
    struct sanction_who key;

    (void)state;
    set_password(p, "correct horse");
    come_in(rig, &eve);
    q = come_slowly(rig, "correct horse", p->s->account);
    show_key(q, 3);
    key = sanction_key(&q->s->key);
    sanction_set(all, sanction_KEY, str_of(key.who), 0, str_of(NULL));
    say_secret(q, "ann", "correct horse");
    assert_int_equal(must(q, KIND_ERROR).error.code, ERROR_BANNED);
    sanction_lift(all, sanction_KEY, str_of(key.who));
    say_secret(q, "eve", "whatever it is");
    assert_int_equal(must(q, KIND_ERROR).error.code, ERROR_AUTH_FAILED);
    rig_free(rig);
}

static size_t answered(struct peer *p)
{
    struct msg msg;
    size_t n = 0;

    while (take(p, KIND_OK, &msg))
        n++;
    return n;
}

/* Hashing costs the server much, so to ask for it is a request. */
static void test_names_set_passwords_at_a_rate(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p = come_in(rig, &ann);

    (void)state;
    rig->w->env.limits.value[LIMIT_QUERY_BURST] = 4;
    rig->w->env.limits.value[LIMIT_QUERY_RATE] = 2;
    for (int i = 0; i < 10; i++) {
        struct msg msg = { .kind = KIND_PASSWORD };

        msg.password.secret = S("correct horse");
        say(p, &msg);
    }
    settle(rig);
    assert_int_equal(answered(p), 4);
    pass(rig, 1000);
    assert_int_equal(answered(p), 2);
    pass(rig, 2000);
    assert_int_equal(answered(p), 4);
    must_not(p, KIND_ERROR);
    rig_free(rig);
}

/* One of an account at a time, and no more is paid for what waits. */
static void test_names_hash_one_password_of_an_account(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct peer *p[3];
    size_t under_way = 0, n = 0;

    (void)state;
    hasher_free(rig->w->hasher);
    rig->w->hasher = hasher_new(true);
    rig->w->env.limits.value[LIMIT_PASSWORD_MEMORY] = 32768;
    rig->w->env.limits.value[LIMIT_QUERY_BURST] = 2; /* SYNC was one */
    rig->w->env.limits.value[LIMIT_QUERY_RATE] = 1;
    for (int i = 0; i < 3; i++, ann.device++)
        p[i] = come_in(rig, &ann);
    for (int i = 0; i < 3; i++) {
        struct msg msg = { .kind = KIND_PASSWORD };

        msg.password.secret = S("correct horse");
        say(p[i], &msg);
    }
    settle(rig);
    for (int i = 0; i < 3; i++)
        under_way += p[i]->s->proof != NULL;
    assert_in_range(under_way, 0, 1); /* none: it was quick */
    while (n < 3) {
        pass(rig, 10);
        n += answered(p[0]) + answered(p[1]) + answered(p[2]);
    }
    for (int i = 0; i < 3; i++)
        must_not(p[i], KIND_ERROR);
    rig_free(rig);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;

    while ((text = strstr(text, what))) {
        text += strlen(what);
        n++;
    }
    return n;
}

static void test_names_withstand_500_wrong_passwords(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer thief = {
        .nick = "ann", .device = 8, .key = 2, .secret = "wrong horse"
    };
    struct peer *p = come_in(rig, &ann), *q;
    unsigned failed = 0, throttled = 0;
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    set_password(p, "correct horse");
    rig->w->env.log.to = to;
    for (int i = 0; i < 500; i++) {
        enum err error;

        thief.secret = i == 499 ? "correct horse" : "wrong horse";
        error = refused(rig, &thief);
        failed += error == ERROR_AUTH_FAILED;
        throttled += error == ERROR_AUTH_THROTTLED;
        forget(rig->peers[rig->n_peers - 1]);
        rig_drop_last(rig);
    }
    assert_int_equal(failed, 5);
    assert_int_equal(throttled, 495); /* the right one among them */
    rig->w->env.log.to = NULL;
    fclose(to);
    assert_int_equal(count_of(text, "auth.refused"), 500);
    assert_null(strstr(text, "horse"));
    free(text);

    pass(rig, 1800 * 1000);
    q = come_in(rig, &thief);
    assert_int_equal(q->account, p->account);
    rig_free(rig);
}

static void test_names_do_not_say_who_exists(void **state)
{
    struct rig *rig = rig_for_passwords();
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer a = { .nick = "ann", .device = 8, .secret = "wrong horse" };
    struct comer b = { .nick = "nobody", .device = 9, .secret = "wrong horse" };
    struct msg one, other;
    struct peer *p;

    (void)state;
    p = come_in(rig, &ann);
    set_password(p, "correct horse");
    one = come(rig, &a, &p);
    other = come(rig, &b, &p);
    assert_int_equal(one.error.code, ERROR_AUTH_FAILED);
    assert_int_equal(other.error.code, ERROR_AUTH_FAILED);
    assert_true(str_eq(one.error.text, other.error.text));
    assert_null(world_account_named(rig->w, S("nobody")));
    rig_free(rig);
}

/* ---- the log ---- */

static void test_names_refused_stand_in_the_log(void **state)
{
    struct rig *rig = rig_new(NULL);
    struct comer ann = { .nick = "ann", .device = 7, .key = 1 };
    struct comer other = { .nick = "ann", .device = 8, .key = 2 };
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    come_in(rig, &ann);
    rig->w->env.log.to = to;
    assert_int_equal(refused(rig, &other), ERROR_NAME_TAKEN);
    rig->w->env.log.to = NULL;
    fclose(to);
    assert_non_null(strstr(text, "auth.refused"));
    assert_non_null(strstr(text, "ann"));
    assert_non_null(strstr(text, "SHA256:"));
    assert_non_null(strstr(text, "another key"));
    free(text);
    rig_free(rig);
}

static const struct CMUnitTest TESTS[] = {
    cmocka_unit_test(test_names_belong_to_the_key_that_came_first),
    cmocka_unit_test(test_names_of_guests_go_as_they_went),
    cmocka_unit_test(test_names_are_bound_when_a_guest_shows_a_key),
    cmocka_unit_test(test_names_admit_no_guests_when_told),
    cmocka_unit_test(test_names_make_the_first_one_admin),
    cmocka_unit_test(test_names_change_their_token_with_every_use),
    cmocka_unit_test(test_names_refuse_a_token_that_was_stolen),
    cmocka_unit_test(test_names_that_are_forgotten_open_to_no_token),
    cmocka_unit_test(test_names_take_another_key_by_a_code),
    cmocka_unit_test(test_names_end_a_code_after_a_while),
    cmocka_unit_test(test_names_let_nobody_guess_codes),
    cmocka_unit_test(test_names_throw_out_a_key_that_is_revoked),
    cmocka_unit_test(test_names_of_guests_have_no_devices),
    cmocka_unit_test(test_names_of_users_are_theirs_on_the_socket),
    cmocka_unit_test(test_names_of_keys_are_not_the_sockets),
    cmocka_unit_test(test_names_are_kept_for_those_invited),
    cmocka_unit_test(test_names_of_guests_become_theirs),
    cmocka_unit_test(test_names_open_to_a_password),
    cmocka_unit_test(test_names_compare_with_the_password_as_it_is),
    cmocka_unit_test(test_names_compare_with_the_password_of_its_owner),
    cmocka_unit_test(test_names_of_those_kept_out_leave_nothing),
    cmocka_unit_test(test_names_set_passwords_at_a_rate),
    cmocka_unit_test(test_names_hash_one_password_of_an_account),
    cmocka_unit_test(test_names_withstand_500_wrong_passwords),
    cmocka_unit_test(test_names_do_not_say_who_exists),
    cmocka_unit_test(test_names_refused_stand_in_the_log),
};

int main(void)
{
    return RUN(TESTS);
}
