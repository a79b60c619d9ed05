#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of a policy file that have a form of their own, for the rows in policy_rows.c: each
 * parser stores one text in its target, or says why not (ERR_INPUT), as option.h asks.
 */
#include "base/err.h"

/* The target is a struct policy. */
int policy_parse_user(const char *text, void *target, struct err *err);
int policy_parse_capability(const char *text, void *target, struct err *err);
int policy_parse_seccomp(const char *text, void *target, struct err *err);
int policy_parse_cpus(const char *text, void *target, struct err *err);
int policy_parse_network_key(const char *text, void *target, struct err *err);
int policy_parse_waiver(const char *text, void *target, struct err *err);
int policy_parse_mount_root(const char *text, void *target, struct err *err);
int policy_parse_apparmor(const char *text, void *target, struct err *err);
int policy_parse_selinux(const char *text, void *target, struct err *err);
void policy_release_apparmor(void *target);
void policy_release_selinux(void *target);
void policy_release_seccomp(void *target);
void policy_release_network(void *target);
void policy_release_mount_roots(void *target);

/* The target is a struct policy_tmpfs. */
int policy_parse_tmpfs_path(const char *text, void *target, struct err *err);
int policy_parse_tmpfs_mode(const char *text, void *target, struct err *err);
void policy_release_tmpfs_path(void *target);
