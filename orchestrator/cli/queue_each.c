/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/queue_each.h"

#include "base/cleanup.h"
#include "cli/exit.h"
#include "cli/shared_flags.h"
#include "io/loop.h"

#include <signal.h>
#include <stdio.h>

struct asking {
	struct loop *loop;
	int interrupted; /* an exit code */
};

static void on_interrupt(void *arg)
{
	struct asking *asking = arg;

	asking->interrupted = 128 + SIGINT;
	loop_stop(asking->loop);
}

static void on_terminate(void *arg)
{
	struct asking *asking = arg;

	asking->interrupted = 128 + SIGTERM;
	loop_stop(asking->loop);
}

int queue_complain(const char *command, const struct enquiry *enquiry)
{
	const struct queue_call *call = &enquiry->call;

	if (*enquiry->exit_code != EXIT_DONE)
		return *enquiry->exit_code;
	(void)fprintf(stderr, "berth %s: environment %s: %s\n", command, enquiry->peer.name,
		      call->err.text);
	if (call->outcome == QUEUE_REJECTED)
		return EXIT_CREDENTIALS;
	return call->outcome == QUEUE_INVALID ? EXIT_CONFIG : EXIT_TEMPORARY;
}

/* --- keys ------------------------------------------------------------------------------------- */

static bool has_key(const struct environment *environment)
{
	const struct key_source *key = &environment->key;

	return key->file || key->variable || key->credential;
}

/* The organization's key. False if there is none. */
static bool find_api_key(struct key_source *ret)
{
	static char name[] = "ANTHROPIC_API_KEY";
	/* One thread. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	char *file = getenv("ANTHROPIC_API_KEY_FILE"), *value = getenv(name);

	*ret = (struct key_source){.file = file && *file ? file : NULL,
				   .variable = value && *value ? name : NULL};
	return ret->file || ret->variable;
}

static int take_key(const struct queue_command *command, const struct environment *environment,
		    struct secret **ret, bool *ret_is_api_key)
{
	struct key_source source = environment->key, api_key;
	bool has_api_key = find_api_key(&api_key);
	struct err err;

	*ret_is_api_key = !has_key(environment) && has_api_key && command->takes_api_key;
	if (*ret_is_api_key)
		source = api_key;
	if (key_read(&source, ret, &err) == 0)
		return EXIT_DONE;
	(void)fprintf(stderr, "berth %s: environment %s: %s%s\n", command->name, environment->name,
		      err.text,
		      has_key(environment) ? ""
		      : has_api_key ? ": this call takes the environment's key alone, and no "
				      "organization's; say --environment-key-file FILE"
				    : ": say --environment-key-file FILE");
	return EXIT_CONFIG;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask_one(const struct queue_command *command, const struct fleet *fleet,
		   const struct environment *environment, struct asking *asking)
{
	struct enquiry enquiry = {.loop = NULL};
	struct secret *key = NULL;
	bool is_api_key;
	struct err err;

	int exit_code = take_key(command, environment, &key, &is_api_key);
	if (exit_code != EXIT_DONE)
		return exit_code;
	if (enquiry_open(&enquiry, fleet, environment, asking->loop, &asking->interrupted, key,
			 &err) < 0) {
		(void)fprintf(stderr, "berth %s: %s\n", command->name, err.text);
		exit_code = EXIT_CONFIG;
	} else {
		enquiry.peer.key_is_api_key = is_api_key;
		exit_code = command->ask(&enquiry, environment, command->arg);
	}
	enquiry_close(&enquiry);
	return exit_code;
}

static int ask_all(const struct queue_command *command, const struct fleet *fleet)
{
	struct asking asking = {.loop = NULL};
	int exit_code = EXIT_DONE;
	struct err err;

	if (loop_new(&asking.loop, &err) < 0 ||
	    loop_on_signal(asking.loop, SIGINT, on_interrupt, &asking, &err) < 0 ||
	    loop_on_signal(asking.loop, SIGTERM, on_terminate, &asking, &err) < 0) {
		(void)fprintf(stderr, "berth %s: %s\n", command->name, err.text);
		exit_code = EXIT_INTERNAL;
	}
	for (size_t i = 0; exit_code != EXIT_INTERNAL && i < fleet->environment_count; i++) {
		if (asking.interrupted)
			break;
		exit_code = exit_graver(exit_code,
					ask_one(command, fleet, &fleet->environments[i], &asking));
	}
	loop_free(asking.loop);
	return asking.interrupted ? asking.interrupted : exit_code;
}

int queue_each(const struct queue_command *command)
{
	/* Neither policies nor engines matter to a queue, and keys are read one by one. */
	command->flags->need = FLEET_ENGINE_ONLY;
	struct fleet *fleet = load_or_explain(command->flags);
	int exit_code = EXIT_CONFIG;

	if (!fleet)
		return EXIT_CONFIG;
	if (fleet->environment_count == 0) {
		(void)fprintf(stderr,
			      "berth %s: no environment is configured: say --environment-id ID, or "
			      "--config FILE\n",
			      command->name);
	} else if (command->is_about_one && fleet->environment_count > 1) {
		(void)fprintf(stderr,
			      "berth %s: there are several environments: say which with "
			      "--environment-id\n",
			      command->name);
		exit_code = EXIT_USAGE;
	} else {
		exit_code = ask_all(command, fleet);
	}
	fleet_free(fleet);
	return exit_code;
}
