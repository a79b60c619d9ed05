#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files. Errors name the path and what to do. */
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

#include <stdint.h>
#include <sys/types.h>

/* Appends the content of `path` to `buf`, up to its maximum. ERR_INPUT. */
int file_read(const char *path, struct buf *buf, struct err *err);

/* The same for a file that decides what others may do: refuses (ERR_REFUSED) one that is not a
 * regular file, belongs to somebody else than root or this process's user, or that its group or
 * others can write. */
int file_read_trusted(const char *path, struct buf *buf, struct err *err);

/* Reads a key: the file's content without white space at both ends. Refuses (ERR_REFUSED) a file
 * that its group or others can read or write, or that is not a regular file; ERR_INPUT for one that
 * is missing, empty, or holds control characters. The result is the caller's. */
int file_read_secret(const char *path, struct secret **ret, struct err *err);

/* Creates `path` and its parents with `mode`; existing ones are left as they are. */
int file_make_directories(const char *path, mode_t mode, struct err *err);

/* Appends `len` bytes to `fd` in full. */
int file_write_all(int fd, const char *data, size_t len);
