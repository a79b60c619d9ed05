/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-engine: behaves like the REST API of Docker or Podman as far as a client of containers uses
 * it, and misbehaves as told. The manual is fakeengine.py; --help lists the options.
 */
#include "containers.h"
#include "engine.h"
#include "events.h"
#include "http.h"
#include "rules.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char usage[] =
	"usage: fake-engine --socket PATH --control PATH [OPTION]...\n"
	"  --kind docker|podman      whose API it speaks (docker)\n"
	"  --api-min V --api-max V   supported API versions (1.12, Podman 1.24; and 1.41)\n"
	"  --server-version V        what it calls itself (20.10.24, Podman 4.3.1)\n"
	"  --header 'NAME: VALUE'    a further header on every engine response\n"
	"  --image NAME              an image present from the start (may be repeated)\n"
	"  --info JSON               members that replace those of /info (Podman: laid over it)\n"
	"  --worker PATH|none        what containers run (fake-worker beside this program)\n"
	"  --run-ms N                without workers: containers exit 0 after N ms\n"
	"  --cleanup-ms N            how long Podman's containers are \"stopped\" before "
	"\"exited\" (30)\n"
	"  --backlog N               of the engine's listening socket (512)\n"
	"  --log FILE                write the journal as JSON lines\n"
	"  --log-bodies              with the bodies of create requests\n"
	"  --keep-log N              newest requests kept in memory (20000)\n"
	"  --kill-pid-file FILE --kill-at N [--kill-when before|after]\n"
	"                            SIGKILL the process of that pid at the Nth request\n";

enum {
	OPT_SOCKET = 256,
	OPT_CONTROL,
	OPT_KIND,
	OPT_API_MIN,
	OPT_API_MAX,
	OPT_SERVER_VERSION,
	OPT_HEADER,
	OPT_IMAGE,
	OPT_INFO,
	OPT_WORKER,
	OPT_RUN_MS,
	OPT_CLEANUP_MS,
	OPT_BACKLOG,
	OPT_LOG,
	OPT_LOG_BODIES,
	OPT_KEEP_LOG,
	OPT_KILL_PID_FILE,
	OPT_KILL_AT,
	OPT_KILL_WHEN,
	OPT_HELP,
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"control", required_argument, NULL, OPT_CONTROL},
	{"kind", required_argument, NULL, OPT_KIND},
	{"api-min", required_argument, NULL, OPT_API_MIN},
	{"api-max", required_argument, NULL, OPT_API_MAX},
	{"server-version", required_argument, NULL, OPT_SERVER_VERSION},
	{"header", required_argument, NULL, OPT_HEADER},
	{"image", required_argument, NULL, OPT_IMAGE},
	{"info", required_argument, NULL, OPT_INFO},
	{"worker", required_argument, NULL, OPT_WORKER},
	{"run-ms", required_argument, NULL, OPT_RUN_MS},
	{"cleanup-ms", required_argument, NULL, OPT_CLEANUP_MS},
	{"backlog", required_argument, NULL, OPT_BACKLOG},
	{"log", required_argument, NULL, OPT_LOG},
	{"log-bodies", no_argument, NULL, OPT_LOG_BODIES},
	{"keep-log", required_argument, NULL, OPT_KEEP_LOG},
	{"kill-pid-file", required_argument, NULL, OPT_KILL_PID_FILE},
	{"kill-at", required_argument, NULL, OPT_KILL_AT},
	{"kill-when", required_argument, NULL, OPT_KILL_WHEN},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

struct kill_options {
	const char *pid_file;
	const char *when;
	int64_t at;
};

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "fake-engine: %s\n%s", what, usage);
	exit(64);
}

static char *worker_beside_us(void)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len < 0)
		fail("cannot find myself");
	path[len] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	return xasprintf("%s/fake-worker", path);
}

static void add_header(struct options *options, const char *line)
{
	const char *colon = strchr(line, ':');
	char *name;

	if (!colon)
		fail("--header wants 'NAME: VALUE'");
	name = strndup(line, (size_t)(colon - line));
	json_put(options->headers, name, colon + 1 + strspn(colon + 1, " "));
	free(name);
}

static void set_option(struct options *options, struct kill_options *victim, int option)
{
	switch (option) {
	case OPT_SOCKET:
		options->socket = optarg;
		break;
	case OPT_CONTROL:
		options->control = optarg;
		break;
	case OPT_KIND:
		options->podman = strcmp(optarg, "podman") == 0;
		if (!options->podman && strcmp(optarg, "docker") != 0)
			fail("--kind wants docker or podman");
		break;
	case OPT_API_MIN:
		options->api_min = optarg;
		break;
	case OPT_API_MAX:
		options->api_max = optarg;
		break;
	case OPT_SERVER_VERSION:
		options->server_version = optarg;
		break;
	case OPT_HEADER:
		add_header(options, optarg);
		break;
	case OPT_IMAGE:
		json_object_array_add(options->images, json_object_new_string(optarg));
		break;
	case OPT_INFO:
		options->info = json_tokener_parse(optarg);
		if (!json_object_is_type(options->info, json_type_object))
			fail("--info wants a JSON object");
		break;
	case OPT_WORKER:
		free(options->worker);
		options->worker = strcmp(optarg, "none") == 0 ? NULL : xstrdup(optarg);
		break;
	case OPT_RUN_MS:
		options->run_ms = atoll(optarg);
		break;
	case OPT_CLEANUP_MS:
		options->cleanup_ms = atoll(optarg);
		break;
	case OPT_BACKLOG:
		options->backlog = atoi(optarg);
		break;
	case OPT_LOG:
		options->log = fopen(optarg, "ae");
		if (!options->log)
			fail("cannot open the --log file");
		break;
	case OPT_LOG_BODIES:
		options->log_bodies = true;
		break;
	case OPT_KEEP_LOG:
		options->keep_log = (size_t)atoll(optarg);
		break;
	case OPT_KILL_PID_FILE:
		victim->pid_file = optarg;
		break;
	case OPT_KILL_AT:
		victim->at = atoll(optarg);
		break;
	case OPT_KILL_WHEN:
		victim->when = optarg;
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		fail("unknown option");
	}
}

/* The kill switch of the command line is an ordinary rule. */
static void add_kill_rule(struct engine *engine, const struct kill_options *victim)
{
	struct json_object *rule;

	if (!victim->pid_file)
		return;
	rule = json_object_new_object();
	json_put(rule, "kill", victim->when);
	json_put(rule, "pid_file", victim->pid_file);
	json_object_object_add(rule, "after", json_object_new_int64(victim->at - 1));
	(void)rules_add(engine, rule);
	json_object_put(rule);
}

struct signals {
	struct engine *engine;
	struct watch watch;
	bool stop;
};

static void on_signal(void *arg)
{
	struct signals *signals = arg;
	struct signalfd_siginfo info;

	while (read(signals->watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			containers_reap(signals->engine);
		else
			signals->stop = true;
	}
}

static void watch_signals(struct signals *signals)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		abort();
	watch_start(signals->engine->loop, &signals->watch, fd, EPOLLIN, on_signal, signals);
}

static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int serve(struct engine *engine, const struct kill_options *victim)
{
	struct signals signals = {.engine = engine};

	raise_file_limit();
	engine->loop = loop_new();
	watch_signals(&signals);
	engine_init(engine);
	add_kill_rule(engine, victim);
	engine->server = server_new(engine);
	while (engine->server && !signals.stop)
		server_turn(engine->server);
	if (engine->server)
		server_free(engine->server);
	engine_done(engine);
	watch_stop(engine->loop, &signals.watch);
	close(signals.watch.fd);
	loop_free(engine->loop);
	return signals.stop ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct kill_options victim = {.when = "before", .at = 1};
	struct engine engine = {.options = {
					.api_max = "1.41",
					.cleanup_ms = 30,
					.backlog = 512,
					.keep_log = 20000,
					.headers = json_object_new_object(),
					.images = json_object_new_array(),
					.worker = worker_beside_us(),
				}};
	struct options *options = &engine.options;
	int option, status;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(options, &victim, option);
	if (!options->socket || !options->control || optind < argc)
		fail("--socket and --control are needed, and nothing beside options");
	if (!options->api_min)
		options->api_min = options->podman ? "1.24" : "1.12";
	if (!options->server_version)
		options->server_version = options->podman ? "4.3.1" : "20.10.24";
	status = serve(&engine, &victim);
	json_object_put(options->headers);
	json_object_put(options->images);
	json_object_put(options->info);
	free(options->worker);
	if (options->log)
		fclose(options->log);
	return status;
}
