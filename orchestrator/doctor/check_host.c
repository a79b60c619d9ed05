/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine has left, and what must not be in berth's surroundings. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/exit.h"
#include "doctor/check_space.h"
#include "doctor/checks.h"
#include "io/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void check_space(struct finding *finding, const char *what, int64_t free_bytes, int64_t floor_bytes,
		 const char *floor_key)
{
	char is[32], must[32];

	/* Whole MiB are exact enough to read. */
	text_format_size(is, free_bytes >> 20 << 20);
	text_format_size(must, floor_bytes);
	if (free_bytes == INT64_MAX)
		finding_skip(finding, "%s: how much is free cannot be told from here", what);
	else if (free_bytes < floor_bytes)
		finding_fail(finding, EXIT_TEMPORARY,
			     "%s: %s free, host.%s asks for %s: nothing is claimed", what, is,
			     floor_key, must);
	else
		finding_ok(finding, "%s: %s free (host.%s: %s)", what, is, floor_key, must);
}

static void check_memory(const struct subject *subject, struct finding *finding)
{
	check_space(finding, "memory", space_in_memory(),
		    subject->doctor->fleet->host.min_free_memory_bytes, "min_free_memory");
	if (finding->result == RESULT_FAILURE)
		finding_remedy(finding, "ps -eo rss,pid,args --sort=-rss | head");
}

/* The nearest place above `path` that is there, "" for the one that berth was started in. */
static char *nearest_that_is_there(const char *path)
{
	char *there = xstrdup(path), *slash;

	while (*there && access(there, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		slash = strrchr(there, '/');
		there[!slash ? 0 : slash == there ? 1 : slash - there] = '\0';
	}
	return there;
}

static void check_state_dir(const struct subject *subject, struct finding *finding)
{
	const char *path = subject->doctor->fleet->state_dir;
	_cleanup_free_ char *there = nearest_that_is_there(path);
	const char *place = *there ? there : ".";
	_cleanup_free_ char *word = doctor_word(place);
	struct stat status;

	if (stat(place, &status) == 0 && !S_ISDIR(status.st_mode)) {
		finding_fail(finding, EXIT_CONFIG,
			     "%s is no directory: move it away, or name another", place);
		finding_remedy(finding, "ls -l %s", word);
	} else if (access(place, W_OK | X_OK) < 0) {
		finding_fail(finding, EXIT_CONFIG, "%s cannot be written: %s", place,
			     strerror(errno));
		_cleanup_free_ char *own = doctor_word(path);
		/* With the numbers of berth's user: who pastes it is root. Only the directory
		 * itself becomes that user's, and never the one that it lies in. */
		finding_remedy(finding, "install -d -m 700 -o %u -g %u %s", (unsigned)geteuid(),
			       (unsigned)getegid(), own);
	} else if (strcmp(there, path) == 0) {
		finding_ok(finding, "%s can be written", path);
	} else {
		finding_ok(finding, "%s is not there yet: the first start makes it", path);
	}
}

static void check_api_key(const struct subject *subject, struct finding *finding)
{
	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *key = getenv("ANTHROPIC_API_KEY");

	(void)subject;
	if (!key || *key == '\0') {
		finding_ok(finding, "ANTHROPIC_API_KEY is not set");
		return;
	}
	finding_fail(finding, EXIT_CONFIG,
		     "ANTHROPIC_API_KEY is set: it opens the whole organization, and berth refuses "
		     "to serve beside it");
	finding_remedy(finding, "unset ANTHROPIC_API_KEY");
}

const struct check host_checks[] = {
	{"memory.free", check_memory, false},
	{"state_dir", check_state_dir, false},
	{"api_key", check_api_key, false},
	{NULL},
};
