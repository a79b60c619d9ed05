#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan in the words of Podman's own API (libpod 4.0.0, as 4.3.1 serves it), the proof that the
 * engine understood it, and what it can keep on its host. Pure. The Docker-compatible API is no way
 * to create a container: it drops fields without a word (see dialect_podman.c).
 */
#include "base/err.h"
#include "base/json.h"
#include "engine/probe.h"
#include "plan/plan.h"

#include <stdbool.h>

#define PODMAN_REMEDY_RUNTIME                                                                      \
	"a Podman service runs every container with the same runtime: start one with this "        \
	"runtime "                                                                                 \
	"(`runtime` of containers.conf), or leave `runtime` out of the policy"

/* The body of POST /libpod/containers/create, like docker_render(). */
struct json_object *podman_render(const struct plan *plan, bool masked);

/* Compares what GET /libpod/containers/{id}/json says with the plan, like docker_verify(). Limits
 * are echoed there, not proven: see engine_prove(). */
int podman_verify(const struct plan *plan, struct json_object *inspect, struct err *err);

/* What Podman has written for the runtime of a container that is prepared: the caller's, it holds
 * secrets. -ENOENT, -EACCES, -EBADMSG with the reason in words. */
int podman_read_config(const struct container *container, struct json_object *inspect,
		       struct json_object **ret, const char **ret_why);

/* Whether the runtime was told to filter system calls, and by the policy's own profile, or else by
 * the engine's; NULL: that one cannot be read. ERR_REFUSED. */
int podman_prove_profile(const struct policy *policy, const char *engines_own,
			 struct json_object *config, struct err *err);

/* What the runtime was told cannot be known, and `why`: 0 if the policy waives the filter. */
int podman_refuse_profile(const struct policy *policy, const char *why, struct err *err);

/* Whether the runtime was told what the plan asks for (oci_config.h). Where that cannot be read, it
 * is refused only if the policy has a seccomp profile of its own. ERR_REFUSED. */
int podman_prove_config(const struct probe *probe, const struct plan *plan,
			const struct container *container, struct json_object *inspect,
			struct err *err);

/* GET /libpod/info into the probe. ERR_ENGINE (-EBADMSG). */
int podman_read_info(struct probe *probe, struct json_object *info, struct err *err);

/* ERR_REFUSED with the fields, the reason and the remedy if the policy promises what this engine
 * cannot keep on its host. */
int podman_check_host(const struct probe *probe, const struct policy *policy, struct err *err);
