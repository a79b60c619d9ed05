#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Single values of a plan in Docker's notation: what is asked for, and what is compared later. */
#include "plan/plan.h"

/* A container's output is kept in two files of half the policy's size each: with one, reaching the
 * size would throw all of it away. */
#define DOCKER_LOG_FILES "2"

/* The caller's, like every text here. */
char *docker_tmpfs_options(const struct policy_tmpfs *tmpfs, const struct policy *policy);
char *docker_log_file_size(const struct policy *policy);

int64_t docker_nano_cpus(const struct policy *policy);
