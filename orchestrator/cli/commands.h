#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/* One function per command, each in cmd_<verb>.c. argv[0] is the command's name; the result is an
 * exit code. */

int cmd_check(int argc, char **argv);
int cmd_drain(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_ps(int argc, char **argv);
int cmd_queue(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_version(int argc, char **argv);
