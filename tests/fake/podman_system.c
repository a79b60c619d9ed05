/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, version and info as Podman 4.3.1 words them. */
#include "handlers.h"
#include "podman.h"

#include <stdarg.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static const char version_defaults[] =
	"{\"Platform\":{\"Name\":\"linux/amd64/debian-12\"},\"Components\":["
	"{\"Name\":\"Podman Engine\",\"Version\":\"\",\"Details\":{\"APIVersion\":\"\","
	"\"Arch\":\"amd64\",\"BuildTime\":\"1970-01-01T00:00:00Z\",\"Experimental\":\"false\","
	"\"GitCommit\":\"\",\"GoVersion\":\"go1.19.8\",\"KernelVersion\":\"6.1.0\","
	"\"MinAPIVersion\":\"4.0.0\",\"Os\":\"linux\"}},"
	"{\"Name\":\"Conmon\",\"Version\":\"conmon version 2.1.6, commit: unknown\","
	"\"Details\":{\"Package\":\"conmon_2.1.6+ds1-1_amd64\"}},"
	"{\"Name\":\"OCI Runtime (runc)\",\"Version\":\"runc version 1.1.5+ds1\","
	"\"Details\":{\"Package\":\"runc_1.1.5+ds1-1+deb12u1_amd64\"}}],"
	"\"GitCommit\":\"\",\"GoVersion\":\"go1.19.8\",\"Os\":\"linux\",\"Arch\":\"amd64\","
	"\"KernelVersion\":\"6.1.0\",\"BuildTime\":\"1970-01-01T00:00:00Z\"}";

/* Rootless on cgroup v1, where no controller can be used. */
static const char info_defaults[] =
	"{\"host\":{\"arch\":\"amd64\",\"buildahVersion\":\"1.28.2\",\"cgroupManager\":"
	"\"cgroupfs\",\"cgroupVersion\":\"v1\",\"cgroupControllers\":[],\"conmon\":{\"package\":"
	"\"conmon_2.1.6+ds1-1_amd64\",\"path\":\"/usr/bin/conmon\",\"version\":"
	"\"conmon version 2.1.6, commit: unknown\"},\"cpus\":2,\"cpuUtilization\":"
	"{\"userPercent\":5.38,\"systemPercent\":4.1,\"idlePercent\":90.52},\"distribution\":"
	"{\"distribution\":\"debian\",\"version\":\"12\",\"codename\":\"bookworm\"},"
	"\"eventLogger\":\"file\",\"hostname\":\"fake\",\"idMappings\":{\"gidmap\":null,"
	"\"uidmap\":null},\"kernel\":\"6.1.0\",\"logDriver\":\"k8s-file\",\"memFree\":0,"
	"\"memTotal\":0,\"networkBackend\":\"netavark\",\"ociRuntime\":{\"name\":\"runc\","
	"\"package\":\"runc_1.1.5+ds1-1+deb12u1_amd64\",\"path\":\"/usr/bin/runc\",\"version\":"
	"\"runc version 1.1.5+ds1\"},\"os\":\"linux\",\"remoteSocket\":{\"path\":"
	"\"unix:///run/podman/podman.sock\",\"exists\":true},\"serviceIsRemote\":false,"
	"\"security\":{\"apparmorEnabled\":false,\"capabilities\":\"CAP_AUDIT_WRITE,CAP_CHOWN,"
	"CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_KILL,CAP_MKNOD,CAP_NET_BIND_SERVICE,"
	"CAP_NET_RAW,CAP_SETFCAP,CAP_SETGID,CAP_SETPCAP,CAP_SETUID,CAP_SYS_CHROOT\","
	"\"rootless\":true,\"seccompEnabled\":true,\"seccompProfilePath\":"
	"\"/usr/share/containers/seccomp.json\",\"selinuxEnabled\":false},\"slirp4netns\":"
	"{\"executable\":\"/usr/bin/slirp4netns\",\"package\":\"slirp4netns_1.2.0-1_amd64\","
	"\"version\":\"slirp4netns version 1.2.0\"},\"swapFree\":0,\"swapTotal\":0,\"uptime\":"
	"\"0h 8m 8.00s\",\"linkmode\":\"dynamic\"},\"store\":{\"configFile\":"
	"\"/usr/share/containers/storage.conf\",\"containerStore\":{\"number\":0,\"paused\":0,"
	"\"running\":0,\"stopped\":0},\"graphDriverName\":\"overlay\",\"graphOptions\":{},"
	"\"graphRoot\":\"/var/lib/containers/storage\",\"graphRootAllocated\":270553174016,"
	"\"graphRootUsed\":17791279104,\"graphStatus\":{\"Backing Filesystem\":\"extfs\"},"
	"\"imageCopyTmpDir\":\"/var/tmp\",\"imageStore\":{\"number\":1},\"runRoot\":"
	"\"/run/containers/storage\",\"volumePath\":\"/var/lib/containers/storage/volumes\"},"
	"\"registries\":{},\"plugins\":{\"volume\":[\"local\"],\"network\":[\"bridge\","
	"\"macvlan\"],\"log\":[\"k8s-file\",\"none\",\"passthrough\",\"journald\"],"
	"\"authorization\":null},\"version\":{\"APIVersion\":\"\",\"Version\":\"\",\"GoVersion\":"
	"\"go1.19.8\",\"GitCommit\":\"\",\"BuiltTime\":\"Thu Jan  1 00:00:00 1970\",\"Built\":0,"
	"\"OsArch\":\"linux/amd64\",\"Os\":\"linux\"}}";

void podman_error_as(struct request *request, int status, const char *cause, const char *message)
{
	struct json_object *json = json_object_new_object();

	json_put(json, "cause", cause);
	json_put(json, "message", message);
	json_put_number(json, "response", status);
	reply_json(request, status, json);
}

void podman_error(struct request *request, int status, const char *cause, const char *format, ...)
{
	struct text message = {0};
	va_list args;

	va_start(args, format);
	text_addv(&message, format, args);
	va_end(args);
	text_addf(&message, ": %s", cause);
	podman_error_as(request, status, cause, message.data);
	text_done(&message);
}

void handle_podman_version(struct request *request)
{
	const struct options *options = &request->engine->options;
	struct json_object *json = json_tokener_parse(version_defaults);
	struct json_object *engine = json_object_array_get_idx(json_member(json, "Components"), 0);

	json_put(engine, "Version", options->server_version);
	json_put(json_member(engine, "Details"), "APIVersion", options->server_version);
	json_put(json, "Version", options->server_version);
	json_put(json, "ApiVersion", options->api_max);
	json_put(json, "MinAPIVersion", options->api_min);
	reply_json(request, 200, json);
}

static struct json_object *info_object(const struct engine *engine)
{
	struct json_object *info = json_tokener_parse(info_defaults);

	json_overlay(info, engine->options.info);
	return info;
}

struct json_object *podman_host(const struct engine *engine)
{
	struct json_object *info = info_object(engine);
	struct json_object *host = json_object_get(json_member(info, "host"));

	json_object_put(info);
	return host;
}

bool podman_ignores_limits(const struct engine *engine)
{
	struct json_object *host = podman_host(engine);
	bool ignores = json_flag(json_member(host, "security"), "rootless") &&
		       strcmp(json_text(host, "cgroupVersion", ""), "v1") == 0;

	json_object_put(host);
	return ignores;
}

void handle_podman_info(struct request *request)
{
	const struct engine *engine = request->engine;
	struct json_object *info = info_object(engine);
	struct json_object *host = json_member(info, "host");
	struct json_object *counts = json_member(json_member(info, "store"), "containerStore");
	struct json_object *version = json_member(info, "version");
	int64_t containers = HASH_CNT(by_id, engine->containers);
	struct sysinfo system;

	(void)sysinfo(&system);
	if (json_number(host, "memTotal", 0) == 0) {
		json_put_number(host, "memTotal", (int64_t)(system.totalram * system.mem_unit));
		json_put_number(host, "memFree", (int64_t)(system.freeram * system.mem_unit));
	}
	json_put_number(counts, "number", containers);
	json_put_number(counts, "running", engine->running);
	json_put_number(counts, "stopped", containers - engine->running);
	json_put(version, "APIVersion", engine->options.server_version);
	json_put(version, "Version", engine->options.server_version);
	reply_json(request, 200, info);
}
