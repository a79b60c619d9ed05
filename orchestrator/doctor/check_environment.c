/* SPDX-License-Identifier: Apache-2.0 */
/* What berth needs of an environment before it claims anything: a key, and an image. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/exit.h"
#include "doctor/checks.h"
#include "doctor/image_look.h"

#include <errno.h>
#include <unistd.h>

/* Where it comes from, never what it is. */
static char *key_text(const struct key_source *key)
{
	if (key->file)
		return xasprintf("file %s", key->file);
	if (key->variable)
		return xasprintf("variable %s", key->variable);
	return xasprintf("credential %s", key->credential ? key->credential : "(none)");
}

static void suggest_key(struct finding *finding, const struct environment *environment,
			const struct err *err)
{
	const struct key_source *key = &environment->key;
	_cleanup_free_ char *file = key->file ? doctor_word(key->file) : NULL;

	if (key->file && err->code == -EPERM)
		finding_remedy(finding, "chmod 600 %s", file);
	else if (key->file && err->code == -EACCES)
		finding_remedy(finding, "chown %u %s", (unsigned)geteuid(), file);
	else if (key->file && err->kind == ERR_REFUSED)
		finding_remedy(finding, "mv %s %s.old", file, file);
	else if (key->file)
		/* It waits for the key to be pasted, which stands in no history then. */
		finding_remedy(finding, "install -D -m 600 /dev/stdin %s", file);
	else if (key->variable)
		finding_remedy(finding, "read -rs %s && export %s", key->variable, key->variable);
	else if (!key->credential)
		finding_remedy(finding,
			       "berth doctor --environment-id %s --environment-key-file key",
			       environment->id);
}

static void check_key(const struct subject *subject, struct finding *finding)
{
	const struct environment *environment = subject->environment;
	_cleanup_(secret_freep) struct secret *key = NULL;
	struct err err;

	if (key_read(&environment->key, &key, &err) < 0) {
		finding_fail(finding, EXIT_CONFIG, "%s", err.text);
		suggest_key(finding, environment, &err);
		return;
	}
	_cleanup_free_ char *where = key_text(&environment->key);
	finding_ok(finding, "%s can be read, and by nobody else", where);
}

/* --- the image -------------------------------------------------------------------------------- */

static void suggest_image(const struct subject *subject, struct finding *finding)
{
	_cleanup_free_ char *client = doctor_client(subject->engine);
	_cleanup_free_ char *socket = doctor_word(subject->engine->settings->socket);
	_cleanup_free_ char *word = doctor_word(subject->environment->image);
	const char *image = subject->environment->image;

	if (text_starts_with(image, "localhost/berth-session-node"))
		finding_remedy(finding, "images/session-node/build.sh --load unix://%s", socket);
	else
		finding_remedy(finding, "%s %s %s", client,
			       text_starts_with(image, "localhost/") ? "load --input" : "pull",
			       text_starts_with(image, "localhost/") ? "IMAGE.tar" : word);
}

static void check_image(const struct subject *subject, struct finding *finding)
{
	const struct environment *environment = subject->environment;
	struct image_look look;

	image_look(&subject->doctor->visit, subject->engine, environment->image, &look);
	bool may_be_pulled = environment->pull != PULL_NEVER &&
			     !text_starts_with(environment->image, "localhost/");
	if (look.outcome == ENGINE_OK) {
		finding_ok(finding, "%s is there (%.19s)", environment->image, look.facts.id);
	} else if (look.outcome == ENGINE_NOT_FOUND && may_be_pulled) {
		finding_warn(finding, "%s is not there: the first session waits until it is pulled",
			     environment->image);
		suggest_image(subject, finding);
	} else {
		finding_fail(finding,
			     look.outcome == ENGINE_NOT_FOUND ? EXIT_CONFIG : EXIT_UNAVAILABLE,
			     "%s", look.err.text);
		suggest_image(subject, finding);
	}
	image_facts_done(&look.facts);
}

const struct check environment_checks[] = {
	{"key", check_key, false},
	{"image.present", check_image, true},
	{NULL},
};
