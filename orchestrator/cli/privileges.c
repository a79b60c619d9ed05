/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/privileges.h"

#include "base/cleanup.h"
#include "base/err.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const cap_value_t kept[] = {CAP_DAC_OVERRIDE, CAP_SYS_PTRACE};

static void cap_freep(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps);
}

static int fail(struct err *err, const char *what)
{
	int error = errno;

	return err_set(err, ERR_REFUSED, -error, "cannot give up privileges: %s: %s", what,
		       strerror(error));
}

static bool is_kept(cap_value_t cap)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i] == cap)
			return true;
	return false;
}

static bool has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;

	return cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0 && value == CAP_SET;
}

/* What executing a file as root would bring back. */
static int shrink_bounding_set(struct err *err)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (!is_kept(cap) && cap_get_bound(cap) == 1 && cap_drop_bound(cap) < 0)
			return fail(err, "bounding set");
	return 0;
}

static int give_up_capabilities(struct err *err)
{
	_cleanup_(cap_freep) cap_t caps = cap_get_proc();
	_cleanup_(cap_freep) cap_t rest = cap_init();

	if (!caps || !rest)
		return fail(err, "capabilities");
	if (has(caps, CAP_SETPCAP)) {
		int r = shrink_bounding_set(err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (has(caps, kept[i]) &&
		    (cap_set_flag(rest, CAP_PERMITTED, 1, &kept[i], CAP_SET) < 0 ||
		     cap_set_flag(rest, CAP_EFFECTIVE, 1, &kept[i], CAP_SET) < 0))
			return fail(err, "capabilities");
	/* An ambient capability goes with the inheritable one. */
	return cap_set_proc(rest) < 0 ? fail(err, "capabilities") : 0;
}

int privileges_give_up(struct err *err)
{
	const struct rlimit no_core = {0};

	/* libcurl would write there what decrypts its connections (7.71 and later). */
	if (unsetenv("SSLKEYLOGFILE") < 0)
		return fail(err, "SSLKEYLOGFILE");
	int r = give_up_capabilities(err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, "no_new_privs");
	if (setrlimit(RLIMIT_CORE, &no_core) < 0)
		return fail(err, "core files");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, "dumpable");
	return 0;
}
