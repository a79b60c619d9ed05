/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One function per operation of the engine's API; route.c names them, the module of each noun
 * defines them.
 */

struct request;

/* system.c */
void handle_ping(struct request *request);
void handle_version(struct request *request);
void handle_info(struct request *request);

/* events.c */
void handle_events(struct request *request);

/* images.c */
void handle_image_inspect(struct request *request);
void handle_image_pull(struct request *request);

/* create.c */
void handle_create(struct request *request);

/* container_read.c */
void handle_list(struct request *request);
void handle_inspect(struct request *request);
void handle_logs(struct request *request);

/* container_act.c */
void handle_start(struct request *request);
void handle_kill(struct request *request);
void handle_stop(struct request *request);
void handle_wait(struct request *request);
void handle_archive(struct request *request);
void handle_remove(struct request *request);

/* podman_*.c: what Podman has instead of the handlers above */
void handle_podman_version(struct request *request);
void handle_podman_info(struct request *request);
void handle_podman_create(struct request *request);
void handle_podman_inspect(struct request *request);
void handle_podman_init(struct request *request);
void handle_podman_start(struct request *request);
void handle_podman_kill(struct request *request);
void handle_podman_remove(struct request *request);
void handle_libpod_remove(struct request *request);

/* networks.c */
void handle_network_list(struct request *request);
void handle_network_create(struct request *request);
void handle_network_inspect(struct request *request);
void handle_network_remove(struct request *request);

/* volumes.c */
void handle_volume_list(struct request *request);
void handle_volume_create(struct request *request);
void handle_volume_inspect(struct request *request);
void handle_volume_remove(struct request *request);
