#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host gives a user who runs a container engine without root: a session that outlives its
 * logins, ids for containers, and control over cgroups. Read from the host's files; `root` stands
 * before every path, "" for the machine that this runs on.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The user's name, the caller's; NULL if the host has none of that id. */
char *rootless_user(const char *root, uid_t uid);

/* True if the host was started by systemd: what follows is asked of nothing else. */
bool rootless_has_systemd(const char *root);

/* True if the user's units run without a login (loginctl enable-linger). */
bool rootless_lingers(const char *root, const char *user);

/* How many ids beyond its own `user` may use, by /etc/subuid or /etc/subgid: `file` is "subuid" or
 * "subgid". -errno if the file cannot be read. */
int64_t rootless_ids(const char *root, const char *file, const char *user, uid_t uid);

/* The first id of 65,536 in a row that /etc/subuid or /etc/subgid gives to nobody. */
int64_t rootless_free_ids(const char *root, const char *file);

/* Where the program is, as a text of the caller's; NULL if the usual folders do not have it. */
char *rootless_find_program(const char *root, const char *name);

/* The controllers that the user's session may use, "cpu memory pids", as a text of the caller's;
 * NULL if the user has no session. cgroup v2. */
char *rootless_controllers(const char *root, uid_t uid);

/* True if `word` is one of the words of `list`. */
bool rootless_has_word(const char *list, const char *word);
