/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When and how the process ends. Signals and a drained queue begin it; what it then waits for is a
 * mode; the last thing done is to remove berth's own networks, where no container is left on them.
 */
#include "base/cleanup.h"
#include "daemon/state.h"
#include "io/loop.h"

#include <signal.h>

#define LOOK_AGAIN_MS 200u   /* not everything that is waited for tells */
#define SETTLING_MS   5000u  /* for the items of containers that are not there yet */
#define CLEARING_MS   10000u /* at most; the service manager is told */

/* --- is there something to wait for? ---------------------------------------------------------- */

struct pending {
	struct daemon *daemon;
	enum leave_mode mode;
	bool found;
};

static struct backend *backend_of(const struct session *session)
{
	return ((const struct edition *)session->site->arg)->backend;
}

static bool used_up_first_heartbeat(const struct session *session)
{
	uint64_t ran_ms = loop_now_ms(session->site->loop) - session->started_mono_ms;

	return ran_ms >= (uint64_t)session->site->config->timeouts.first_heartbeat_ms;
}

/* May a running session be left to the next start? Not while one of its limits is being enforced:
 * the next start may have no more time for the answer. */
static bool may_be_left(const struct session *session, const struct pending *pending)
{
	if (session_is_in_question(session) && !pending->daemon->is_hurried)
		return false;
	return pending->mode == LEAVE_SESSIONS_RUNNING ||
	       (pending->mode == LEAVE_SESSIONS_BEATEN &&
		(session->times.first_heartbeat != 0 || used_up_first_heartbeat(session)));
}

static void look_for_pending(struct session *session, void *arg)
{
	struct pending *pending = arg;

	/* It does not come back and has its containers; an item without one is settled. */
	if (backend_of(session)->is_given_up && !session_give_up_traceless(session) &&
	    !session_is_traceless(session))
		return;
	if (session_is_unanswered(session))
		return;
	if (session->state == SESSION_JUDGING)
		lookup_hurry(session->site->lookup);
	if (session->state == SESSION_RUNNING) {
		if (may_be_left(session, pending))
			return;
		lookup_sweep_often(session->site->lookup);
	}
	pending->found = true;
}

static void stop_one(struct session *session, void *arg)
{
	(void)arg;
	session_stop(session, END_SHUTDOWN);
}

static bool is_looking_for_stuck(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->claimant_count; i++)
		if (claimant_looks_for_stuck(daemon->claimants[i]))
			return true;
	return false;
}

static bool claimants_are_finished(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->claimant_count; i++)
		if (!claimant_is_finished(daemon->claimants[i]))
			return false;
	return true;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void on_cleared(struct engine_call *call, void *arg)
{
	struct backend *backend = arg;
	struct daemon *daemon = backend->daemon;

	/* In use by a container that waits for the next start; or, in Docker after a crash, by one
	 * that is long gone. */
	if (call->outcome == ENGINE_ALREADY) {
		log_event(
			LOG_INFO, "network_left", NULL, NULL,
			"%s: still in use; of a container that is gone, 'docker network disconnect "
			"--force %s CONTAINER' frees it",
			engine_bridge(backend->engine), engine_bridge(backend->engine));
	} else if (call->outcome != ENGINE_OK && call->outcome != ENGINE_NOT_FOUND) {
		(void)log_err(LOG_WARNING, "network_left", NULL, &call->err);
	}
	if (--daemon->clearing == 0)
		loop_stop(daemon->loop);
}

static void on_clearing_over(void *arg)
{
	struct daemon *daemon = arg;

	log_event(LOG_WARNING, "network_left", NULL, NULL,
		  "an engine takes too long to remove berth's network: it is left there");
	loop_stop(daemon->loop);
}

static void look_for_container(struct session *session, void *arg)
{
	bool *found = arg;

	*found |= session->container_id[0] || session->plan;
}

static bool has_containers(struct daemon *daemon)
{
	bool found = false;

	table_each(&daemon->table, look_for_container, &found);
	return found;
}

/* An engine that does not answer is not waited for. */
static void clear_and_stop(struct daemon *daemon)
{
	daemon->leaving = CLEARING;
	service_stopping(&daemon->service, CLEARING_MS);
	timer_arm(&daemon->leave_timer, daemon->loop, CLEARING_MS, on_clearing_over, daemon);
	for (size_t i = 0; !has_containers(daemon) && i < daemon->backend_count; i++) {
		struct backend *backend = daemon->backends[i];
		if (backend->is_given_up || !engine_may_have_bridge(backend->engine))
			continue;
		daemon->clearing++;
		engine_call_init(&backend->clear_call, on_cleared, backend);
		engine_remove_bridge(backend->engine, &backend->clear_call);
	}
	if (daemon->clearing == 0)
		loop_stop(daemon->loop);
}

static void look_again(void *arg)
{
	daemon_changed(arg);
}

void leaving_review(struct daemon *daemon)
{
	struct pending pending = {.daemon = daemon, .mode = daemon->leave_mode};

	if (daemon->leaving == CLEARING)
		return;
	if (daemon->leaving == STAYING && claimants_are_finished(daemon)) {
		if (!daemon->options->drain)
			leaving_begin(daemon, LEAVE_SESSIONS_RUNNING);
		else if (backends_are_settled(daemon)) /* also one that no environment is on */
			daemon->leaving = FINISHING;
	}
	/* Also what a poll that was under way has brought since. */
	if (daemon->ends_sessions)
		table_each(&daemon->table, stop_one, NULL);
	if (daemon->leaving != FINISHING || !claimants_are_finished(daemon))
		return;
	table_each(&daemon->table, look_for_pending, &pending);
	if (!pending.found && (daemon->is_hurried || !is_looking_for_stuck(daemon)))
		clear_and_stop(daemon);
	else
		timer_arm(&daemon->pending_timer, daemon->loop, LOOK_AGAIN_MS, look_again, daemon);
}

static void give_up_traceless(struct session *session, void *arg)
{
	bool *found = arg;

	*found |= session_give_up_traceless(session);
}

static void report_traceless(struct session *session, void *arg)
{
	struct log_ids ids = session_ids(session);

	(void)arg;
	if (session_is_traceless(session))
		log_event(LOG_ERROR, "undecided", &ids, NULL,
			  "left as it is, acked or perhaps acked, and nobody is offered it: 'berth "
			  "queue stop %s' ends it",
			  session->item.id);
}

static void on_out_of_patience(void *arg)
{
	struct daemon *daemon = arg;
	bool has_traceless = false;

	/* The next start would find nothing of them, and nobody else is offered their items. */
	table_each(&daemon->table, give_up_traceless, &has_traceless);
	if (has_traceless) {
		timer_arm(&daemon->leave_timer, daemon->loop, SETTLING_MS, on_out_of_patience,
			  daemon);
		return;
	}
	log_event(LOG_WARNING, "leaving", NULL, NULL,
		  "what is still under way is left to the next start");
	table_each(&daemon->table, report_traceless, NULL);
	daemon_add_verdict(daemon, VERDICT_PARTIAL);
	clear_and_stop(daemon);
}

static void look_for_traceless(struct session *session, void *arg)
{
	bool *found = arg;

	*found |= session_give_up_traceless(session) || session_is_traceless(session);
}

bool leaving_settles(struct daemon *daemon)
{
	bool found = false;

	table_each(&daemon->table, look_for_traceless, &found);
	if (found && !daemon->is_settling)
		timer_arm(&daemon->leave_timer, daemon->loop, FLEET_PATIENCE_MS, on_out_of_patience,
			  daemon);
	daemon->is_settling = found;
	if (found)
		timer_arm(&daemon->pending_timer, daemon->loop, LOOK_AGAIN_MS, look_again, daemon);
	return found;
}

/* Sessions have the grace of the configuration that they were started with. */
static void find_longest_grace(struct session *session, void *arg)
{
	int64_t *longest_ms = arg, grace_ms = session->site->config->timeouts.stop_grace_ms;

	if (grace_ms > *longest_ms)
		*longest_ms = grace_ms;
}

static uint64_t time_to_leave_ms(struct daemon *daemon)
{
	int64_t grace_ms = daemon->ends_sessions ? fleet_longest_grace_ms(daemon->fleet) : 0;

	if (daemon->ends_sessions)
		table_each(&daemon->table, find_longest_grace, &grace_ms);
	return (uint64_t)grace_ms + FLEET_PATIENCE_MS + CLEARING_MS;
}

/* With what its item takes. */
static void find_longest_stop(struct session *session, void *arg)
{
	int64_t *longest_ms = arg, grace_ms = session->site->config->timeouts.stop_grace_ms;

	if (session->state == SESSION_STOPPING && grace_ms + SESSION_BEAT_MS > *longest_ms)
		*longest_ms = grace_ms + SESSION_BEAT_MS;
}

/* What is being ended when the time of a drain is over is ended: the next one may have no more
 * time for it. A signal comes once. */
static uint64_t patience_ms(struct daemon *daemon)
{
	int64_t grace_ms = 0;

	if (!daemon->is_signalled)
		table_each(&daemon->table, find_longest_stop, &grace_ms);
	return (uint64_t)grace_ms + FLEET_PATIENCE_MS;
}

void leaving_begin(struct daemon *daemon, enum leave_mode mode)
{
	if (daemon->leaving == CLEARING)
		return;
	if (daemon->leaving == STAYING || mode < daemon->leave_mode)
		daemon->leave_mode = mode;
	daemon->leaving = FINISHING;
	if (daemon->leave_mode == LEAVE_SESSIONS_RUNNING || daemon->ends_sessions)
		service_stopping(&daemon->service, time_to_leave_ms(daemon));
	else
		service_finishing(&daemon->service);
	for (size_t i = 0; i < daemon->claimant_count; i++)
		claimant_stop(daemon->claimants[i]);
	if (daemon->leave_mode == LEAVE_SESSIONS_RUNNING)
		timer_arm(&daemon->leave_timer, daemon->loop, patience_ms(daemon),
			  on_out_of_patience, daemon);
	daemon_changed(daemon);
}

/* --- signals ---------------------------------------------------------------------------------- */

static void die_by_signal(int signo)
{
	sigset_t set;

	(void)signal(signo, SIG_DFL);
	(void)raise(signo);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* A service that is told to leave has not failed: what went wrong on the way was said, and tried
 * again. From here on it counts. */
static void forget_troubles(struct daemon *daemon)
{
	if (!daemon->options->drain)
		daemon->verdict = 0;
}

static void on_terminate(void *arg)
{
	struct daemon *daemon = arg;
	bool stops = daemon->fleet->on_shutdown == SHUTDOWN_STOP;

	daemon->ends_sessions = stops;
	if (daemon->is_signalled) {
		/* Asked twice: end by the signal, at once. */
		log_event(LOG_WARNING, "stopping", NULL, NULL, "a second signal: leaving at once");
		die_by_signal(SIGTERM);
	}
	daemon->is_signalled = daemon->is_hurried = true;
	forget_troubles(daemon);
	log_event(LOG_INFO, "stopping", NULL, NULL, "%s",
		  stops ? "no more claims; ending the running sessions"
			: "no more claims; running sessions are left to the next start");
	leaving_begin(daemon, stops ? LEAVE_NO_SESSION : LEAVE_SESSIONS_RUNNING);
}

static void on_quit(void *arg)
{
	struct daemon *daemon = arg;

	forget_troubles(daemon);
	log_event(LOG_INFO, "stopping", NULL, NULL, "no more claims; waiting for the sessions");
	leaving_begin(daemon, LEAVE_NO_SESSION);
}

static void on_hangup(void *arg)
{
	struct daemon *daemon = arg;

	service_reloading(&daemon->service);
	daemon_reload(daemon);
	service_reloaded(&daemon->service);
}

static void on_status_wanted(void *arg)
{
	struct daemon *daemon = arg;

	for (size_t i = 0; i < daemon->claimant_count; i++)
		claimant_report(daemon->claimants[i]);
}

static void on_time_over(void *arg)
{
	struct daemon *daemon = arg;

	daemon->is_hurried = true;
	log_event(LOG_INFO, "stopping", NULL, NULL, "--max-time is over");
	leaving_begin(daemon, LEAVE_SESSIONS_RUNNING);
}

int leaving_init(struct daemon *daemon, struct err *err)
{
	const struct daemon_options *options = daemon->options;
	const struct {
		int signo;
		loop_fn fn;
	} signals[] = {
		{SIGTERM, on_terminate}, {SIGINT, on_terminate},      {SIGQUIT, on_quit},
		{SIGHUP, on_hangup},	 {SIGUSR1, on_status_wanted},
	};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		int r = loop_on_signal(daemon->loop, signals[i].signo, signals[i].fn, daemon, err);
		if (r < 0)
			return r;
	}
	daemon->leave_mode = options->wait     ? LEAVE_NO_SESSION
			     : options->detach ? LEAVE_SESSIONS_RUNNING
					       : LEAVE_SESSIONS_BEATEN;
	if (options->max_time_ms > 0)
		timer_arm(&daemon->time_timer, daemon->loop, (uint64_t)options->max_time_ms,
			  on_time_over, daemon);
	return 0;
}

void leaving_done(struct daemon *daemon)
{
	timer_cancel(&daemon->time_timer);
	timer_cancel(&daemon->pending_timer);
	timer_cancel(&daemon->leave_timer);
}
