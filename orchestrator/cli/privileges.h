#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What berth itself may do. It handles keys and speaks for whoever starts it with an engine that is
 * as good as root, so it gives up at once what it has no use for.
 */
struct err;

/*
 * Before any key is read. From here on, for this process and whatever it would run:
 *
 * - no capability but CAP_DAC_OVERRIDE (key files, state and engine sockets of others; whoever is
 *   root owns most files anyway) and CAP_SYS_PTRACE (Podman's files, seen through its monitor's
 *   /proc/PID/root), and those only if they are there; also not by way of the bounding, inheritable
 *   and ambient sets. Nobody but root has any to give up;
 * - no new privileges by executing a file (no_new_privs);
 * - what SSLKEYLOGFILE asks for, the secrets of TLS connections in a file, is not done;
 * - nobody but root may attach to it or read its memory: not dumpable, and no core files.
 *
 * ERR_REFUSED if the kernel refuses any of that: berth must not go on then.
 */
int privileges_give_up(struct err *err);
