#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What must not be shown of the output of a session's container. */
#include "base/json.h"
#include "base/redact.h"

/* Looks for the environment key (NULL: not known here), and for what `inspect` says the container
 * was given (ANTHROPIC_* in Config.Env): its work secret, the sessions token inside it, and its
 * key. The result is the caller's. */
struct redactor *redactor_of_container(struct json_object *inspect,
				       const struct secret *environment_key);
