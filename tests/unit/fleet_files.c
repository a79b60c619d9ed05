/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fleet_files.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const variables[] = {
	"ANTHROPIC_API_KEY",
	"ANTHROPIC_ENVIRONMENT_ID",
	"ANTHROPIC_ENVIRONMENT_KEY",
	"ANTHROPIC_ENVIRONMENT_KEY_FILE",
	"ANTHROPIC_BASE_URL",
	"ANTHROPIC_WORKER_ID",
	"BERTH_CONFIG",
	"BERTH_ENGINE",
	"DOCKER_HOST",
	"CONTAINER_HOST",
	"CREDENTIALS_DIRECTORY",
	"STATE_DIRECTORY",
	"XDG_STATE_HOME",
};

static void forget_variables(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		(void)unsetenv(variables[i]);
}

void write_file(const char *path, unsigned mode, const char *text)
{
	char *slash = strrchr(path, '/');

	if (slash) {
		_cleanup_free_ char *folder = xstrndup(path, (size_t)(slash - path));
		assert_true(mkdir(folder, 0700) == 0 || errno == EEXIST);
	}
	(void)unlink(path);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
}

static char source[PATH_MAX];

const char *fleet_files_source(void)
{
	return source;
}

int fleet_files_setup(void **state)
{
	char template[] = "/tmp/berth-test-XXXXXX";
	const char *folder = mkdtemp(template);

	if (source[0] == '\0' && !getcwd(source, sizeof(source)))
		return -1;
	if (!folder || chdir(folder) < 0)
		return -1;
	*state = xstrdup(folder);
	forget_variables();
	write_file("key", 0600, "the-key\n");
	write_file("policies/hardened.yaml", 0600, "user: \"10001:10001\"\n");
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int fleet_files_teardown(void **state)
{
	_cleanup_free_ char *folder = *state;

	forget_variables();
	if (chdir(source) < 0)
		return -1;
	return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static int load(const char *yaml, struct fleet_flags *flags, struct problems *problems,
		struct fleet **ret)
{
	if (yaml) {
		write_file("fleet.yaml", 0644, yaml);
		flags->config = flags->config ? flags->config : "fleet.yaml";
	}
	problems_init(problems);
	return fleet_load(flags, problems, ret);
}

struct fleet *loaded(const char *yaml, struct fleet_flags flags)
{
	struct problems problems;
	struct fleet *fleet = NULL;

	int r = load(yaml, &flags, &problems, &fleet);
	assert_string_equal(problems_text(&problems), "");
	assert_int_equal(r, 0);
	problems_done(&problems);
	return fleet;
}

void assert_problems(const char *yaml, struct fleet_flags flags, const char *lines)
{
	struct problems problems;
	struct fleet *fleet = NULL;

	int r = load(yaml, &flags, &problems, &fleet);
	assert_string_equal(problems_text(&problems), lines);
	assert_int_equal(r, -EINVAL);
	assert_null(fleet);
	problems_done(&problems);
}
