#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_dir/logs: the end of the output of containers that are gone, one file each, readable by
 * its owner alone. The first line is a JSON object that says whose it is, the rest a transcript
 * (session/transcript.h). A file is there whole or not at all. Written by the one berth that holds
 * the lock of state_dir, read by anybody who may.
 */
#include "base/err.h"
#include "session/transcript.h"

#include <stddef.h>
#include <stdint.h>

/* Whose output it is. Texts may be NULL where nothing is known. */
struct capture_about {
	char *path; /* NULL: of no file */
	char *environment, *session, *work, *container, *name;
	int64_t exited_ms; /* since the epoch; 0: unknown */
	int exit_code;	   /* -1: unknown */
	bool is_cut;	   /* its beginning was not kept */
};

void capture_about_done(struct capture_about *about);

/* Writes one (`about` without its path), and deletes the oldest beyond `keep`. Names are made of
 * container name and id, so a second one of the same container takes the first one's place.
 * ERR_TEMPORARY. */
int captures_write(const char *state_dir, const struct capture_about *about, const struct buf *text,
		   int64_t keep, struct err *err);

/* What there is, in no order; files that are no captures are left out. None is no error, and no
 * directory is none. The array and what it holds are the caller's. ERR_INPUT. */
int captures_list(const char *state_dir, struct capture_about **ret, size_t *ret_count,
		  struct err *err);

/* The transcript of one that was listed, appended to `text`. ERR_INPUT: it cannot be read, or is
 * not there any more. */
int captures_read(const char *path, struct buf *text, struct err *err);
