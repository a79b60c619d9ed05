#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Says in one line how an exchange with the control plane failed, with the server's own words as
 * far as they are fit for a log: printable, bounded, and without the key.
 */
#include "base/err.h"
#include "base/secret.h"
#include "io/lane.h"

/* Sets `err` to "HTTP 429 rate_limit_error: MESSAGE, request id ID", or to what stands in for that
 * when there was no reply or it is no error object. `key` is what the request was sent with. */
void reply_error(const struct http_request *request, const struct secret *key, enum err_kind kind,
		 int code, struct err *err);
