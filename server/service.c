/* SPDX-License-Identifier: MIT
 *
 * The running server; see service.h.
 */
#include "server/service.h"

#include "server/census.h"
#include "server/hub.h"

static struct log *log_of(const struct service *service)
{
    return &hub_world(service->hub)->env.log;
}

struct policy service_policy(const struct settings *settings)
{
    return (struct policy){
        .registration = (enum registration)settings->registration,
        .no_guests = settings->guests != 0,
    };
}

int service_reload(struct service *service, struct now now)
{
    struct settings *settings = &service->settings;
    struct world *world = hub_world(service->hub);
    int err =
        config_reload(settings, service->argc, service->argv, &world->env.log);
    int key_err;

    supervisor_reloading(now);
    world_configure(world, &settings->limits);
    world->policy = service_policy(settings);
    retain_set_rules(world, settings->keep_rooms);
    world->env.log.format = (enum log_format)settings->log;
    log_set_level(&world->env.log, (enum log_level)settings->log_level,
                  log_str("by", str_of("the configuration")));
    key_err = keys_reload(&service->keys, settings, &world->env.log);
    supervisor_ready(service->places);
    return err ? err : key_err;
}

/* Whether the key that the settings name can be used. */
static int check_key(const struct settings *settings, struct log *log)
{
    char print[FINGERPRINT_TEXT], why[256];
    int err;

    if (!config_needs_key(settings) || !keys_exist(settings))
        return 0;
    err = keys_fingerprint(settings, print, why, sizeof why);
    if (err)
        LOG(log, KEYS_REFUSED, log_str("why", str_of(why)));
    else
        LOG(log, KEYS_GOOD, log_str("fingerprint", str_of(print)));
    return err;
}

int service_check(const struct service *service, struct log *log)
{
    struct settings fresh;
    uint64_t changed = 0;
    int err = config_reread(&fresh, service->argc, service->argv, log);

    if (!err) {
        changed = config_compare(&service->settings, &fresh, log);
        err = check_key(&fresh, log);
    }
    if (!err)
        LOG(log, CONFIG_GOOD, log_num("changed", changed));
    config_free(&fresh);
    return err;
}

void service_measure(const struct service *service)
{
    struct world *world = hub_world(service->hub);

    census_measure(world);
    world->env.metrics.cert_expires = keys_expire(&service->keys);
}

void service_stop(struct service *service)
{
    service->stopping = true;
    supervisor_stopping();
}

uint64_t service_look(struct service *service, struct now now)
{
    return time_min(keys_look(&service->keys, log_of(service), now),
                    supervisor_look(&service->supervisor, now));
}
