#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Single values of a plan in Podman's notation: what is asked for, and what is compared later. */
#include "plan/plan.h"

/* The period of a CPU quota, in microseconds: the kernel's default. */
#define PODMAN_CPU_PERIOD_US 100000

/* How Podman (4.3) calls a network stack of a container's own. */
#define PODMAN_OWN_NETWORK "slirp4netns"

/* "none", "bridge", or PODMAN_OWN_NETWORK. */
const char *podman_network_mode(const struct plan *plan);

/* "size=BYTES", "mode=OCTAL"; the caller's. */
char *podman_tmpfs_size(const struct policy_tmpfs *tmpfs);
char *podman_tmpfs_mode(const struct policy_tmpfs *tmpfs);

/* As inspect shows it: the same, and whom it belongs to. The caller's. */
char *podman_tmpfs_options(const struct policy_tmpfs *tmpfs, const struct policy *policy);

/* As inspect shows it, "10.49MB": in powers of ten, four digits. The caller's. */
char *podman_log_size(const struct policy *policy);
