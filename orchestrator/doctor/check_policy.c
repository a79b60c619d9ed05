/* SPDX-License-Identifier: Apache-2.0 */
/* Can the engine keep each policy that is used on it, and how does that show? */
#include "base/cleanup.h"
#include "cli/exit.h"
#include "doctor/checks.h"
#include "doctor/policy_value.h"
#include "engine/evidence.h"
#include "engine/probe.h"

static struct finding *add(const struct subject *subject, const struct policy *policy,
			   const char *field)
{
	_cleanup_free_ char *id = xasprintf("policy.%s.%s", policy->name, field);

	return doctor_add(subject, id);
}

static void check_host(const struct subject *subject, const struct policy *policy)
{
	_cleanup_free_ char *client = doctor_client(subject->engine);
	struct finding *finding = add(subject, policy, "host");
	struct err err;

	if (engine_check_policy(subject->engine->engine, policy, &err) == 0) {
		finding_ok(finding, "nothing that this engine says of its host is against it");
		return;
	}
	finding_fail(finding, EXIT_CONFIG, "%s", err.text);
	finding_remedy(finding, "%s info", client);
}

static void check_promise(const struct subject *subject, const struct policy *policy,
			  const struct promise *promise)
{
	const struct dialect *dialect = engine_probe(subject->engine->engine)->dialect;
	struct finding *finding = add(subject, policy, promise->field);
	enum evidence evidence = evidence_of(promise, policy, dialect);
	_cleanup_free_ char *value = policy_value(policy, promise->field);

	if (policy->unenforced & promise->waivers)
		finding_warn(finding,
			     "%s, not promised (unenforced): whether it holds is not looked at",
			     value);
	else if (evidence == EVIDENCE_NONE)
		finding_ok(finding, "%s; %s", value, evidence_text(evidence));
	else
		finding_ok(finding, "%s; %s: %s", value, evidence_name(evidence),
			   evidence_text(evidence));
}

void doctor_check_policies(const struct subject *subject)
{
	const struct policy *policy;

	for (size_t i = 0; (policy = doctor_policy(subject->doctor, subject->engine->settings, i));
	     i++) {
		check_host(subject, policy);
		for (const struct promise *promise = promises; promise->field; promise++)
			check_promise(subject, policy, promise);
	}
}
