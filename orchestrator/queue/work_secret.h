#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `secret` of a work item: base64url of {"sessions_token": "...", ...}. Only the token is used;
 * `api_base_url`, which may stand next to it, is never followed: the operator's base URL wins.
 */
#include "base/secret.h"

#include <stdbool.h>

/* Longer secrets and tokens are no use: they must fit an environment variable with room to spare.
 */
#define WORK_SECRET_MAX ((size_t)64 << 10)
#define WORK_TOKEN_MAX	((size_t)8 << 10)

/* Decodes `text`. True with both set, to be freed by the caller; false with neither touched if it
 * is NULL, no base64, no such object, or its token is missing, empty, too long or unprintable. */
bool work_secret_decode(const char *text, struct secret **ret_secret, struct secret **ret_token);
