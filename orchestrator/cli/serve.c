/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/serve.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"

/* The gravest wins. */
static int exit_code_of(unsigned verdict, int locked_exit)
{
	static const struct {
		unsigned bit;
		int code;
	} gravity[] = {
		{VERDICT_BUG, EXIT_INTERNAL},
		{VERDICT_CONFIG_REFUSED, EXIT_CONFIG},
		{VERDICT_KEY_REJECTED, EXIT_CREDENTIALS},
		{VERDICT_NO_ENGINE, EXIT_UNAVAILABLE},
		{VERDICT_PARTIAL, EXIT_TEMPORARY},
	};

	if (verdict & VERDICT_LOCKED)
		return locked_exit;
	for (size_t i = 0; i < ARRAY_SIZE(gravity); i++)
		if (verdict & gravity[i].bit)
			return gravity[i].code;
	return EXIT_DONE;
}

static void log_warning(const char *line, void *arg)
{
	(void)arg;
	log_event(LOG_WARNING, "configuration", NULL, NULL, "%s", line);
}

int serve(const struct fleet_flags *flags, const struct daemon_options *options, int locked_exit)
{
	struct fleet *fleet = load_or_explain(flags);

	if (!fleet)
		return EXIT_CONFIG;
	problems_each(&fleet->warnings, log_warning, NULL);
	struct daemon_options with_flags = *options;
	with_flags.flags = flags;
	unsigned verdict = daemon_serve(fleet, &with_flags);
	(void)fleet_free(fleet);
	return exit_code_of(verdict, locked_exit);
}
