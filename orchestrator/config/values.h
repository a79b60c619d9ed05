#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of a fleet file that have a form of their own: what each must look like, and where it
 * is kept. parse_*() and release_*() are for the rows of config/rows.c; their target is the struct
 * that the row's table describes.
 */
#include "base/err.h"

#include <stdbool.h>

int parse_version(const char *text, void *target, struct err *err);

int parse_instance(const char *text, void *target, struct err *err);
void release_instance(void *target);
int parse_base_url(const char *text, void *target, struct err *err);
void release_base_url(void *target);
int parse_session_base_url(const char *text, void *target, struct err *err);
void release_session_base_url(void *target);

int parse_engine_socket(const char *text, void *target, struct err *err);
void release_engine_socket(void *target);

int parse_environment_id(const char *text, void *target, struct err *err);
void release_environment_id(void *target);
int parse_environment_name(const char *text, void *target, struct err *err);
void release_environment_name(void *target);
int parse_image(const char *text, void *target, struct err *err);
void release_image(void *target);
int parse_network(const char *text, void *target, struct err *err);
void release_network(void *target);
int parse_block_ms(const char *text, void *target, struct err *err);

int parse_mount_source(const char *text, void *target, struct err *err);
void release_mount_source(void *target);
int parse_mount_target(const char *text, void *target, struct err *err);
void release_mount_target(void *target);

/* "unix:///path" to a path of the caller's. ERR_INPUT with what to write instead. */
int value_parse_socket(const char *text, char **ret_path, struct err *err);

/* True if `url` (one that parse_base_url() took) may be called without TLS: its host is this
 * machine. */
bool value_url_is_loopback(const char *url);
