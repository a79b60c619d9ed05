#pragma once
/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine says about itself (/_ping, /version, /info), and whether berth can work with it.
 * Pure. Every refusal is ERR_REFUSED and says what to do.
 */
#include "base/err.h"
#include "base/json.h"
#include "engine/dialect.h"

/* Controllers that an engine may use, as bits. */
enum cgroup_controller {
	CONTROLLER_MEMORY = 1 << 0,
	CONTROLLER_PIDS = 1 << 1,
	CONTROLLER_CPU = 1 << 2,
};

/* What an engine's host gives it to keep promises with. */
struct engine_host {
	bool is_rootless;
	bool has_cgroup_v2;
	bool has_seccomp;   /* the engine's own profile filters system calls */
	bool takes_seccomp; /* it can filter them by another profile */
	bool has_apparmor, has_selinux;
	bool has_user_namespaces; /* root in its containers is not the host's */
	bool lacks_swap_limit;	  /* memory can be limited, swap cannot */
	int64_t cpus;		  /* 0: not said */
	char cgroup_manager[32];  /* "systemd", "cgroupfs" */
	unsigned controllers;
	char runtime[64]; /* the OCI runtime, unless a container chooses another; "": not said */
	char seccomp_profile[256]; /* path of the engine's own; "": not said */
	char runtimes[512];	   /* those to choose from, "runc, runsc"; cut if longer */
};

struct probe {
	const struct dialect *dialect;
	char engine_version[64]; /* "20.10.24" */
	struct api_version api;	 /* that is spoken from now on */
	char *data_root;	 /* NULL: not said */
	struct engine_host host; /* as far as the engine says it; zeroed: not said */
};

void probe_done(struct probe *probe);

/* ERR_REFUSED if the policy has an AppArmor profile, an SELinux type or a user name space that this
 * engine, on its host, would leave out without a word. `remedy`: how it gets user name spaces. */
int probe_check_confinement(const struct engine_host *host, const struct policy *policy,
			    const char *remedy, struct err *err);

/* Which kind of engine answered a ping. `libpod` is the value of its Libpod-API-Version header,
 * NULL: it has none. */
int probe_detect(struct probe *probe, const char *libpod, struct err *err);

/* The body of GET /version: the newest API that both sides know, refused when there is none.
 * ERR_ENGINE (-EBADMSG) for a reply that makes no sense. */
int probe_read_version(struct probe *probe, struct json_object *version, struct err *err);

/* "Podman 4.3.1, API 1.41, rootless, cgroup v2", once all of it is known. */
void probe_describe(const struct probe *probe, char into[128]);
