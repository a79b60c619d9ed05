/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one polite question tells: the numbers of the queue are asked for, nothing is claimed. They
 * show whether the control plane answers, whether it knows the key, and what its clock says.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/enquiry.h"
#include "cli/exit.h"
#include "config/values.h"
#include "doctor/checks.h"
#include "doctor/url_look.h"

#include <inttypes.h>
#include <string.h>

/* The Date header counts whole seconds, and the answer was under way. */
#define SKEW_SEEN_MS 2000
#define SKEW_WARN_MS 5000
#define SKEW_FAIL_MS 300000 /* tokens and certificates are not valid yet, or not any more */

void doctor_ask_control_plane(struct doctor *doctor, const struct environment *environment,
			      struct control_plane *ret)
{
	struct visit *visit = &doctor->visit;
	struct enquiry enquiry = {.loop = NULL};
	struct secret *key = NULL;

	*ret = (struct control_plane){.depth = -1};
	if (key_read(&environment->key, &key, NULL) < 0)
		return;
	ret->was_asked = true;
	ret->outcome = QUEUE_INVALID;
	if (enquiry_open(&enquiry, doctor->fleet, environment, visit->loop, &visit->exit_code, key,
			 &ret->err) == 0) {
		(void)enquiry_stats(&enquiry);
		ret->outcome = enquiry.call.outcome;
		ret->http_status = enquiry.call.http_status;
		ret->duration_ms = enquiry.call.duration_ms;
		ret->has_time = enquiry.call.server_time_ms > 0;
		ret->skew_ms = enquiry.call.server_time_ms - loop_wall_ms(visit->loop);
		ret->depth = json_get_int(enquiry.call.json, "depth", -1);
		ret->err = enquiry.call.err;
	}
	enquiry_close(&enquiry);
}

/* An answer that was not given by the control plane's own mind says nothing of the key. */
static bool has_decided(const struct control_plane *plane)
{
	return plane->outcome == QUEUE_OK || plane->outcome == QUEUE_REJECTED;
}

static void suggest_asking(struct finding *finding, const char *url)
{
	_cleanup_free_ char *word = doctor_word(url);

	finding_remedy(finding, "curl -sS -o /dev/null -w '%%{http_code}\\n' %s", word);
}

static void suggest_new_key(struct finding *finding, const char *file)
{
	_cleanup_free_ char *word = doctor_word(file);

	finding_remedy(finding, "install -D -m 600 /dev/stdin %s", word);
}

static void check_reachable(const struct subject *subject, struct finding *finding)
{
	const struct control_plane *plane = subject->plane;
	const char *url = subject->doctor->fleet->base_url;

	if (!plane->was_asked) {
		finding_skip(finding, "there is no key to ask with");
	} else if (has_decided(plane)) {
		finding_ok(finding, "%s answers in %" PRIu64 " ms", url, plane->duration_ms);
	} else {
		finding_fail(finding,
			     plane->outcome == QUEUE_INVALID ? EXIT_CONFIG : EXIT_TEMPORARY, "%s",
			     plane->err.text);
		suggest_asking(finding, url);
	}
}

static void check_key(const struct subject *subject, struct finding *finding)
{
	const struct control_plane *plane = subject->plane;
	const struct environment *environment = subject->environment;

	if (!plane->was_asked || !has_decided(plane)) {
		finding_skip(finding, "the control plane has not said");
	} else if (plane->outcome == QUEUE_OK && plane->depth >= 0) {
		finding_ok(finding, "accepted for %s; items waiting: %" PRId64, environment->id,
			   plane->depth);
	} else if (plane->outcome == QUEUE_OK) {
		finding_ok(finding, "accepted for %s", environment->id);
	} else if (plane->http_status == 403) {
		/* Only a poll would tell, and a poll claims. */
		finding_warn(finding, "%s; whether it may poll is not known", plane->err.text);
	} else {
		finding_fail(finding, EXIT_CREDENTIALS, "%s", plane->err.text);
		if (environment->key.file)
			suggest_new_key(finding, environment->key.file);
	}
}

static void check_skew(const struct subject *subject, struct finding *finding)
{
	const struct control_plane *plane = subject->plane;
	int64_t skew_ms = plane->skew_ms < 0 ? -plane->skew_ms : plane->skew_ms;
	const char *side = plane->skew_ms < 0 ? "ahead of" : "behind";
	char text[32];

	text_format_duration(text, skew_ms / 1000 * 1000);
	if (!plane->was_asked || !plane->has_time) {
		finding_skip(finding, "the control plane has not said what time it is");
		return;
	}
	if (skew_ms <= SKEW_SEEN_MS) {
		finding_ok(finding, "this host's clock is the control plane's");
		return;
	}
	if (skew_ms <= SKEW_WARN_MS) {
		finding_ok(finding, "this host's clock is %s %s the control plane's", text, side);
		return;
	}
	if (skew_ms <= SKEW_FAIL_MS)
		finding_warn(finding, "this host's clock is %s %s the control plane's", text, side);
	else
		finding_fail(finding, EXIT_TEMPORARY,
			     "this host's clock is %s %s the control plane's: keys may not hold",
			     text, side);
	finding_remedy(finding, "timedatectl set-ntp true");
}

/* --- what containers are told ----------------------------------------------------------------- */

static bool is_its_own_loopback(const struct subject *subject)
{
	const struct policy *policy = subject->environment->policy;

	return value_url_is_loopback(subject->doctor->fleet->session_base_url) &&
	       policy->network != NETWORK_ENGINE;
}

static void check_session_url(const struct subject *subject, struct finding *finding)
{
	const struct fleet *fleet = subject->doctor->fleet;
	const char *url = fleet->session_base_url;
	struct err err;

	if (!url) {
		finding_skip(finding,
			     "sessions are told nothing: their worker's own default holds");
	} else if (is_its_own_loopback(subject)) {
		finding_warn(finding, "%s is, in a session, that session itself", url);
		finding_remedy(finding, "ip -brief address  # one of these for session_base_url");
	} else if (strcmp(url, fleet->base_url) == 0 && subject->plane->was_asked &&
		   has_decided(subject->plane)) {
		finding_ok(finding, "%s, which answers", url);
	} else if (url_look(&subject->doctor->visit, fleet, url, &err) == 0) {
		finding_ok(finding, "%s answers this host", url);
	} else {
		finding_warn(finding,
			     "%s does not answer this host, which sessions may see "
			     "otherwise: %s",
			     url, err.text);
		suggest_asking(finding, url);
	}
}

const struct check queue_checks[] = {
	{"queue.reachable", check_reachable, false},
	{"queue.key", check_key, false},
	{"clock.skew", check_skew, false},
	{"session_url.reachable", check_session_url, false},
	{NULL},
};
