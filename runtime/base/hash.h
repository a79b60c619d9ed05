#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* uthash, with a hash function that every compiler takes without a warning. */
#define HASH_FUNCTION(key, length, hash) HASH_FNV(key, length, hash)

#include <uthash.h>
