/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "io/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATUS_PAUSE_MS 1000u
#define LISTEN_MS	1000u

/* --- the status line -------------------------------------------------------------------------- */

static void add_standings(struct buf *line, const struct service_facts *facts)
{
	(void)!buf_addf(line, "environments %s: %u", claimant_standing_name(CLAIMANT_IS_SERVING),
			facts->environments[CLAIMANT_IS_SERVING]);
	for (enum claimant_standing standing = 0; standing < CLAIMANT_STANDINGS; standing++)
		if (standing != CLAIMANT_IS_SERVING && facts->environments[standing] > 0)
			(void)!buf_addf(line, ", %s: %u", claimant_standing_name(standing),
					facts->environments[standing]);
}

static void write_status(struct buf *line, enum service_phase phase,
			 const struct service_facts *facts)
{
	static const char *const words[] = {
		[SERVICE_STARTING] = "starting; ",   [SERVICE_READY] = "",
		[SERVICE_RELOADING] = "reloading; ", [SERVICE_FINISHING] = "finishing; ",
		[SERVICE_STOPPING] = "stopping; ",
	};

	(void)!buf_adds(line, words[phase]);
	if (facts->engines_away > 0)
		(void)!buf_addf(line, "engines away: %u of %u; ", facts->engines_away,
				facts->engines);
	(void)!buf_addf(line, "sessions running: %zu, slots taken: %" PRId64 " of %" PRId64 "; ",
			facts->sessions, facts->slots, facts->slots_at_most);
	add_standings(line, facts);
	if (facts->unheard > 0)
		(void)!buf_addf(line, "; polls without an answer: %u of %u", facts->unheard,
				facts->polling);
}

static void on_status_due(void *arg)
{
	struct service *service = arg;
	struct service_facts facts = {0};
	_cleanup_(buf_done) struct buf line;

	buf_init(&line, sizeof(service->told) - 1);
	service->look(&facts, service->arg);
	service->has_looked = true;
	service->looked_ms = loop_now_ms(service->loop);
	(void)!buf_adds(&line, "STATUS=");
	write_status(&line, service->phase, &facts);
	if (strcmp(line.data, service->told) == 0)
		return;
	(void)snprintf(service->told, sizeof(service->told), "%s", line.data);
	notify_send(line.data);
}

void service_changed(struct service *service)
{
	uint64_t now = loop_now_ms(service->loop), due_ms = 0;

	if (service->status_timer.source)
		return;
	if (service->has_looked && service->looked_ms + STATUS_PAUSE_MS > now)
		due_ms = service->looked_ms + STATUS_PAUSE_MS - now;
	timer_arm(&service->status_timer, service->loop, due_ms, on_status_due, service);
}

/* --- the watchdog ----------------------------------------------------------------------------- */

static bool goes_unheard(const struct service *service)
{
	struct service_facts facts = {0};

	if (service->phase != SERVICE_READY && service->phase != SERVICE_RELOADING)
		return false;
	service->look(&facts, service->arg);
	return facts.polling > 0 && facts.unheard == facts.polling;
}

static void say_whether_heard(const struct service *service)
{
	if (service->is_unheard)
		log_event(LOG_WARNING, "watchdog", NULL, NULL,
			  "polls get no answer, again and again: unless one does, the service "
			  "manager will end this process and start it anew; sessions run on");
	else
		log_event(LOG_INFO, "watchdog", NULL, NULL, "polls are answered again");
}

static void on_watchdog_due(void *arg)
{
	struct service *service = arg;
	bool was_unheard = service->is_unheard;
	uint64_t next_ms = (service->watchdog_ms + 1) / 2;

	service->is_unheard = goes_unheard(service);
	if (service->is_unheard != was_unheard)
		say_whether_heard(service);
	if (service->is_unheard)
		next_ms = LISTEN_MS;
	else
		notify_send("WATCHDOG=1");
	timer_arm(&service->watchdog_timer, service->loop, next_ms, on_watchdog_due, service);
}

/* --- phases ----------------------------------------------------------------------------------- */

void service_init(struct service *service, struct loop *loop,
		  void (*look)(struct service_facts *ret, void *arg), void *arg)
{
	*service = (struct service){.loop = loop, .look = look, .arg = arg};
	service->watchdog_ms = notify_watchdog_ms();
	if (service->watchdog_ms > 0)
		timer_arm(&service->watchdog_timer, loop, 0, on_watchdog_due, service);
	service_changed(service);
}

void service_done(struct service *service)
{
	timer_cancel(&service->status_timer);
	timer_cancel(&service->watchdog_timer);
}

static void go_to(struct service *service, enum service_phase phase)
{
	service->phase = phase;
	service_changed(service);
}

void service_ready(struct service *service)
{
	if (service->phase != SERVICE_STARTING)
		return;
	notify_send("READY=1");
	go_to(service, SERVICE_READY);
}

void service_reloading(struct service *service)
{
	if (service->phase != SERVICE_READY)
		return;
	notify_reloading();
	go_to(service, SERVICE_RELOADING);
}

void service_reloaded(struct service *service)
{
	if (service->phase != SERVICE_RELOADING)
		return;
	notify_send("READY=1");
	go_to(service, SERVICE_READY);
}

void service_finishing(struct service *service)
{
	if (service->phase < SERVICE_FINISHING)
		go_to(service, SERVICE_FINISHING);
}

void service_stopping(struct service *service, uint64_t within_ms)
{
	_cleanup_free_ char *text = NULL;

	if (service->phase == SERVICE_STOPPING)
		return;
	text = xasprintf("STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64, within_ms * 1000);
	notify_send(text);
	go_to(service, SERVICE_STOPPING);
}
