/* SPDX-License-Identifier: Apache-2.0 */
#include "system.h"

#include "containers.h"
#include "handlers.h"
#include "request.h"
#include "text.h"

#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* The members of Docker 20.10.24's /info that a client could decide by. */
static const char info_defaults[] =
	"{\"ID\":\"FAKE:J4VU:7KJR:P3FH:JZSS:32VL:TS3J:4GZH:PE6F:BFVG:ZKMM:XKG5\","
	"\"Driver\":\"overlay2\",\"DriverStatus\":[[\"Backing Filesystem\",\"extfs\"]],"
	"\"Plugins\":{\"Volume\":[\"local\"],\"Network\":[\"bridge\",\"host\",\"null\"],"
	"\"Authorization\":null,\"Log\":[\"json-file\",\"local\"]},"
	"\"MemoryLimit\":true,\"SwapLimit\":true,\"KernelMemory\":true,\"CpuCfsPeriod\":true,"
	"\"CpuCfsQuota\":true,\"CPUShares\":true,\"CPUSet\":true,\"PidsLimit\":true,"
	"\"IPv4Forwarding\":true,\"OomKillDisable\":true,\"LoggingDriver\":\"json-file\","
	"\"CgroupDriver\":\"cgroupfs\",\"CgroupVersion\":\"1\",\"KernelVersion\":\"6.1.0\","
	"\"OperatingSystem\":\"Fake engine\",\"OSType\":\"linux\",\"Architecture\":\"x86_64\","
	"\"DockerRootDir\":\"/var/lib/docker\",\"Name\":\"fake\",\"Labels\":[],"
	"\"Runtimes\":{\"runc\":{\"path\":\"runc\"}},\"DefaultRuntime\":\"runc\","
	"\"LiveRestoreEnabled\":false,\"InitBinary\":\"docker-init\","
	"\"SecurityOptions\":[\"name=seccomp,profile=default\"],\"Warnings\":null}";

static struct json_object *info_object(const struct engine *engine)
{
	struct json_object *info = json_tokener_parse(info_defaults);

	if (json_object_is_type(engine->options.info, json_type_object)) {
		json_object_object_foreach (engine->options.info, key, value)
			json_object_object_add(info, key, json_object_get(value));
	}
	return info;
}

bool system_has_runtime(const struct engine *engine, const char *name)
{
	struct json_object *info = info_object(engine);
	bool has = json_has(json_member(info, "Runtimes"), name);

	json_object_put(info);
	return has;
}

bool system_has_apparmor(const struct engine *engine)
{
	struct json_object *info = info_object(engine);
	struct json_object *options = json_member(info, "SecurityOptions");
	bool has = false;

	for (size_t i = 0; options && i < json_object_array_length(options); i++)
		has |= strcmp(json_object_get_string(json_object_array_get_idx(options, i)),
			      "name=apparmor") == 0;
	json_object_put(info);
	return has;
}

void handle_ping(struct request *request)
{
	struct text body = {0};

	text_adds(&body, "OK");
	reply_text(request, 200, "text/plain; charset=utf-8", &body);
}

void handle_version(struct request *request)
{
	const struct options *options = &request->engine->options;
	struct json_object *json = json_object_new_object();
	struct json_object *platform = json_object_new_object();

	json_put(platform, "Name", "");
	json_object_object_add(json, "Platform", platform);
	json_put(json, "Version", options->server_version);
	json_put(json, "ApiVersion", options->api_max);
	json_put(json, "MinAPIVersion", options->api_min);
	json_put(json, "GitCommit", "fake");
	json_put(json, "Os", "linux");
	json_put(json, "Arch", "amd64");
	json_put(json, "KernelVersion", "6.1.0");
	reply_json(request, 200, json);
}

void handle_info(struct request *request)
{
	const struct engine *engine = request->engine;
	struct json_object *info = info_object(engine);
	int64_t containers = HASH_CNT(by_id, engine->containers);
	struct sysinfo system;

	(void)sysinfo(&system);
	if (!json_has(info, "NCPU"))
		json_object_object_add(info, "NCPU",
				       json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	if (!json_has(info, "MemTotal"))
		json_object_object_add(
			info, "MemTotal",
			json_object_new_int64((int64_t)system.totalram * system.mem_unit));
	json_object_object_add(info, "Containers", json_object_new_int64(containers));
	json_object_object_add(info, "ContainersRunning", json_object_new_int64(engine->running));
	json_object_object_add(info, "ContainersStopped",
			       json_object_new_int64(containers - engine->running));
	json_put(info, "ServerVersion", engine->options.server_version);
	reply_json(request, 200, info);
}
