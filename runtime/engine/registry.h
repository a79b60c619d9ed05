#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials for a registry from a Docker config.json, as the X-Registry-Auth header of a pull.
 * Only what stands in `auths` is used; no helper program is ever run. Pure.
 */
#include "base/err.h"
#include "base/json.h"

/* The header's value (base64url of a JSON object, Docker API 1.41) for `registry` ("ghcr.io",
 * "localhost:5000", "docker.io") into *ret, a heap string of the caller's to wipe and free; NULL
 * when the file has nothing for it. ERR_REFUSED if the file leaves that registry to a helper,
 * ERR_INPUT if its entry makes no sense. No text of the file is repeated in an error. */
int registry_auth(struct json_object *config, const char *registry, char **ret, struct err *err);
