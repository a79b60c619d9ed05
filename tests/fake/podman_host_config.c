/* SPDX-License-Identifier: Apache-2.0 */
/* The HostConfig of libpod's inspect: the spec as Podman 4.3.1 shows it, limits it ignores not. */
#include "podman.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* In the order of a real one; what the spec decides is put in below. */
static const char host_config_defaults[] =
	"{\"Binds\":[],\"CgroupManager\":\"\",\"CgroupMode\":\"\",\"ContainerIDFile\":\"\","
	"\"LogConfig\":{\"Type\":\"k8s-file\",\"Config\":null,\"Path\":\"\",\"Tag\":\"\","
	"\"Size\":\"0B\"},\"NetworkMode\":\"\",\"PortBindings\":{},\"RestartPolicy\":"
	"{\"Name\":\"\",\"MaximumRetryCount\":0},\"AutoRemove\":false,\"VolumeDriver\":\"\","
	"\"VolumesFrom\":null,\"CapAdd\":[],\"CapDrop\":[],\"Dns\":[],\"DnsOptions\":[],"
	"\"DnsSearch\":[],\"ExtraHosts\":[],\"GroupAdd\":[],\"IpcMode\":\"shareable\","
	"\"Cgroup\":\"\",\"Cgroups\":\"default\",\"Links\":null,\"OomScoreAdj\":0,"
	"\"PidMode\":\"private\",\"Privileged\":false,\"PublishAllPorts\":false,"
	"\"ReadonlyRootfs\":false,\"SecurityOpt\":[],\"Tmpfs\":{},\"UTSMode\":\"private\","
	"\"UsernsMode\":\"\",\"ShmSize\":65536000,\"Runtime\":\"oci\",\"ConsoleSize\":[0,0],"
	"\"Isolation\":\"\",\"CpuShares\":0,\"Memory\":0,\"NanoCpus\":0,\"CgroupParent\":\"\","
	"\"BlkioWeight\":0,\"BlkioWeightDevice\":null,\"BlkioDeviceReadBps\":null,"
	"\"BlkioDeviceWriteBps\":null,\"BlkioDeviceReadIOps\":null,"
	"\"BlkioDeviceWriteIOps\":null,\"CpuPeriod\":0,\"CpuQuota\":0,\"CpuRealtimePeriod\":0,"
	"\"CpuRealtimeRuntime\":0,\"CpusetCpus\":\"\",\"CpusetMems\":\"\",\"Devices\":[],"
	"\"DiskQuota\":0,\"KernelMemory\":0,\"MemoryReservation\":0,\"MemorySwap\":0,"
	"\"MemorySwappiness\":0,\"OomKillDisable\":false,\"PidsLimit\":0,\"Ulimits\":[],"
	"\"CpuCount\":0,\"CpuPercent\":0,\"IOMaximumIOps\":0,\"IOMaximumBandwidth\":0,"
	"\"CgroupConf\":null}";

static const char *option_at(struct json_object *options, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(options, i));
}

static bool has_option(struct json_object *options, const char *a, const char *b)
{
	for (size_t i = 0; options && i < json_object_array_length(options); i++) {
		if (strcmp(option_at(options, i), a) == 0 || strcmp(option_at(options, i), b) == 0)
			return true;
	}
	return false;
}

static void add_option(struct text *text, const char *option)
{
	text_addf(text, "%s%s", text->len ? "," : "", option);
}

/* "U" stands for the container's user, whose numbers are known once it is initialized. */
static void add_owner(struct text *text, const struct container *container)
{
	const char *user = json_text(container->spec, "user", "");
	const char *colon = strchr(user, ':');
	int uid = atoi(user);

	if (!container->was_set_up)
		add_option(text, "U");
	else
		text_addf(text, "%suid=%d,gid=%d", text->len ? "," : "", uid,
			  colon ? atoi(colon + 1) : uid);
}

static void add_tmpfs(struct json_object *tmpfs, const struct container *container,
		      struct json_object *mount)
{
	struct json_object *options = json_member(mount, "options");
	struct text text = {0};

	for (size_t i = 0; options && i < json_object_array_length(options); i++) {
		if (strcmp(option_at(options, i), "U") == 0)
			add_owner(&text, container);
		else if (strcmp(option_at(options, i), "notmpcopyup") != 0)
			add_option(&text, option_at(options, i));
	}
	if (!has_option(options, "rw", "ro"))
		add_option(&text, "rw");
	add_option(&text, "rprivate");
	if (!has_option(options, "nosuid", "suid"))
		add_option(&text, "nosuid");
	if (!has_option(options, "nodev", "dev"))
		add_option(&text, "nodev");
	if (!has_option(options, "tmpcopyup", "notmpcopyup"))
		add_option(&text, "tmpcopyup");
	json_put(tmpfs, json_text(mount, "destination", ""), text.data);
	text_done(&text);
}

static void add_bind(struct json_object *binds, struct json_object *mount)
{
	struct json_object *options = json_member(mount, "options");
	struct text text = {0};

	text_addf(&text, "%s:%s:", json_text(mount, "source", ""),
		  json_text(mount, "destination", ""));
	for (size_t i = 0; options && i < json_object_array_length(options); i++)
		text_addf(&text, "%s%s", i ? "," : "", option_at(options, i));
	json_object_array_add(binds, json_object_new_string(text.data));
	text_done(&text);
}

static void show_mounts(struct json_object *shown, const struct container *container)
{
	struct json_object *mounts = json_member(container->spec, "mounts");

	for (size_t i = 0; mounts && i < json_object_array_length(mounts); i++) {
		struct json_object *mount = json_object_array_get_idx(mounts, i);

		if (strcmp(json_text(mount, "type", ""), "tmpfs") == 0)
			add_tmpfs(json_member(shown, "Tmpfs"), container, mount);
		else
			add_bind(json_member(shown, "Binds"), mount);
	}
}

static bool holds(struct json_object *list, const char *name)
{
	return has_option(list, name, name);
}

static void show_caps(struct json_object *shown, const struct container *container)
{
	struct json_object *bounding = podman_bounding_caps(container);
	struct json_object *added = json_member(shown, "CapAdd");
	struct json_object *dropped = json_member(shown, "CapDrop");

	for (size_t i = 0; bounding && i < json_object_array_length(bounding); i++) {
		if (!podman_cap_is_default(option_at(bounding, i)))
			json_object_array_add(added,
					      json_object_new_string(option_at(bounding, i)));
	}
	for (const char *const *cap = podman_default_caps; *cap; cap++) {
		if (!holds(bounding, *cap))
			json_object_array_add(dropped, json_object_new_string(*cap));
	}
	json_object_put(bounding);
}

/* Without a request every container may have 2048 processes, where the engine can count them. */
static void show_limits(struct json_object *shown, const struct container *container)
{
	struct json_object *limits = json_member(container->spec, "resource_limits");
	struct json_object *memory = json_member(limits, "memory");
	struct json_object *cpu = json_member(limits, "cpu");
	int64_t limit = json_number(memory, "limit", 0);
	int64_t quota = json_number(cpu, "quota", 0);
	int64_t period = json_number(cpu, "period", 0);

	if (podman_ignores_limits(container->engine))
		return;
	json_put_number(shown, "Memory", limit);
	json_put_number(shown, "MemorySwap", json_number(memory, "swap", 2 * limit));
	json_put_number(shown, "MemorySwappiness",
			memory ? json_number(memory, "swappiness", -1) : 0);
	json_put_number(shown, "CpuQuota", quota);
	json_put_number(shown, "CpuPeriod", period);
	json_put_number(shown, "CpuShares", json_number(cpu, "shares", 0));
	if (period > 0)
		json_put_number(shown, "NanoCpus", quota * INT64_C(1000000000) / period);
	json_put_number(shown, "PidsLimit",
			json_number(json_member(limits, "pids"), "limit", 2048));
}

static void show_rlimits(struct json_object *shown, const struct container *container)
{
	struct json_object *limits = json_member(container->spec, "r_limits");

	for (size_t i = 0; limits && i < json_object_array_length(limits); i++) {
		struct json_object *limit = json_object_array_get_idx(limits, i);
		struct json_object *ulimit = json_object_new_object();
		char *name = xasprintf("RLIMIT_%s", json_text(limit, "type", ""));

		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		json_put(ulimit, "Name", name);
		json_put_number(ulimit, "Soft", json_number(limit, "soft", 0));
		json_put_number(ulimit, "Hard", json_number(limit, "hard", 0));
		json_object_array_add(json_member(shown, "Ulimits"), ulimit);
		free(name);
	}
}

/* Four digits and a unit of thousands: 1048576 is 1.049MB. */
static char *size_text(int64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1000 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		size /= 1000;
	return xasprintf("%.4g%s", size, units[unit]);
}

static void show_log(struct json_object *shown, const struct container *container)
{
	struct json_object *asked = json_member(container->spec, "log_configuration");
	struct json_object *log = json_member(shown, "LogConfig");
	char *path = xasprintf("/var/lib/containers/storage/overlay-containers/%s/userdata/ctr.log",
			       container->id);
	char *size = size_text(json_number(asked, "size", 0));

	json_put(log, "Type", json_text(asked, "driver", "k8s-file"));
	json_put(log, "Path", path);
	json_put(log, "Size", size);
	free(path);
	free(size);
}

static void show_namespaces(struct json_object *shown, struct json_object *spec, bool has_cgroup_v2)
{
	const char *pid = json_text(json_member(spec, "pidns"), "nsmode", "private");
	const char *ipc = json_text(json_member(spec, "ipcns"), "nsmode", "");

	json_put(shown, "CgroupMode",
		 json_text(json_member(spec, "cgroupns"), "nsmode",
			   has_cgroup_v2 ? "private" : "host"));
	json_put(shown, "PidMode", pid);
	/* Also a private or absent one is called shareable. */
	if (strcmp(ipc, "host") == 0)
		json_put(shown, "IpcMode", ipc);
}

struct json_object *podman_host_config(const struct container *container)
{
	struct json_object *spec = container->spec;
	struct json_object *shown = json_tokener_parse(host_config_defaults);
	struct json_object *host = podman_host(container->engine);

	json_put(shown, "CgroupManager", json_text(host, "cgroupManager", ""));
	show_namespaces(shown, spec, strcmp(json_text(host, "cgroupVersion", ""), "v2") == 0);
	json_put(shown, "NetworkMode", container->network);
	json_put(shown, "Cgroups", json_text(spec, "cgroups_mode", "default"));
	json_put(json_member(shown, "RestartPolicy"), "Name",
		 json_text(spec, "restart_policy", ""));
	json_put_number(shown, "OomScoreAdj", json_number(spec, "oom_score_adj", 0));
	json_put_number(shown, "ShmSize", json_number(spec, "shm_size", 65536000));
	json_put_flag(shown, "Privileged", json_flag(spec, "privileged"));
	json_put_flag(shown, "ReadonlyRootfs", json_flag(spec, "read_only_filesystem"));
	if (json_flag(spec, "init"))
		json_put_flag(shown, "Init", true);
	/* Of a seccomp profile nothing is shown, unconfined or not. */
	if (json_flag(spec, "no_new_privileges"))
		json_object_array_add(json_member(shown, "SecurityOpt"),
				      json_object_new_string("no-new-privileges"));
	show_mounts(shown, container);
	show_caps(shown, container);
	show_limits(shown, container);
	show_rlimits(shown, container);
	show_log(shown, container);
	json_object_put(host);
	return shown;
}
