#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test needs; cmocka wants these headers before its own. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
