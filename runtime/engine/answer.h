#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* From how an exchange with an engine ended to what that means, and words for it. Pure. */
#include "engine/dialect.h"
#include "io/lane.h"

/* Says in `err` why, unless it is ENGINE_OK: what was done to which `subject` (NULL: none), the
 * status, and the engine's words, withheld if they repeat a secret of `plan` (NULL: the request
 * carried none). ERR_TEMPORARY where the engine did not answer, else ERR_ENGINE. */
enum engine_outcome answer_judge(const struct dialect *dialect, enum engine_operation operation,
				 const struct http_request *request, const char *subject,
				 const struct plan *plan, struct err *err);

/* For a 2xx reply that is not what it should be: ENGINE_UNKNOWN. */
enum engine_outcome answer_is_malformed(const struct dialect *dialect,
					enum engine_operation operation, const char *subject,
					struct err *err);
