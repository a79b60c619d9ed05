#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan in the words of Docker's API (v1.41), the proof that the engine understood it, and what it
 * can keep on its host. Pure.
 */
#include "base/err.h"
#include "base/json.h"
#include "engine/probe.h"
#include "plan/plan.h"

#include <stdbool.h>

/* The body of POST /containers/create. With `masked`, what plan_hides() reads "***". The result is
 * the caller's; a body that is not masked holds secrets: send it, do not print it. */
struct json_object *docker_render(const struct plan *plan, bool masked);

/* Compares what GET /containers/{id}/json says with the plan, field by field. ERR_REFUSED naming
 * field, what was asked, what the engine made of it, and the remedy. Fields waived by the policy's
 * `unenforced` are not compared. */
int docker_verify(const struct plan *plan, struct json_object *inspect, struct err *err);

/* GET /info into the probe. ERR_ENGINE (-EBADMSG), ERR_REFUSED. */
int docker_read_info(struct probe *probe, struct json_object *info, struct err *err);

/* Like podman_check_host(). */
int docker_check_host(const struct probe *probe, const struct policy *policy, struct err *err);
