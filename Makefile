# SPDX-License-Identifier: Apache-2.0
# `make help` lists the targets. V=1 shows the commands, WERROR=1 makes warnings errors,
# VARIANT=asan|ubsan|coverage|valgrind builds and runs below build/VARIANT instead of build/default.

VERSION := 0.1.0

PREFIX	  ?= /usr/local
DESTDIR	  ?=
bindir	  ?= $(PREFIX)/bin
datadir	  ?= $(PREFIX)/share
mandir	  ?= $(datadir)/man
docdir	  ?= $(datadir)/doc/berth
sysconfdir ?= /etc
unitdir	  ?= $(PREFIX)/lib/systemd
bashcompdir ?= $(datadir)/bash-completion/completions
zshcompdir  ?= $(datadir)/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
fishcompdir ?= $(datadir)/fish/vendor_completions.d
VARIANT	  ?= default
WERROR	  ?= 0
V	  ?= 0
PYTHON	  ?= python3

BUILD := build/$(VARIANT)
TAP   := $(BUILD)/tap
Q     := $(if $(filter 1,$(V)),,@)

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# --- what is built from what ------------------------------------------------------------------

MANUAL_SOURCES	 := $(wildcard orchestrator/share/*.c)
PRODUCT_SOURCES	 := $(filter-out $(MANUAL_SOURCES),$(wildcard runtime/*/*.c orchestrator/*/*.c))
LIBRARY_SOURCES	 := $(filter-out orchestrator/cli/main.c,$(PRODUCT_SOURCES))
UNIT_TESTS	 := $(wildcard tests/unit/test_*.c)
UNIT_HELPERS	 := $(filter-out $(UNIT_TESTS),$(wildcard tests/unit/*.c))
SEAM_TESTS	 := $(wildcard tests/unit/seam/test_*.c)
SEAM_HELPERS	 := $(filter-out $(SEAM_TESTS),$(wildcard tests/unit/seam/*.c))
FAKE_WORKERS	 := $(wildcard tests/fake/*-worker.c)
FAKE_SOURCES	 := $(filter-out $(FAKE_WORKERS),$(wildcard tests/fake/*.c))
# What the benchmarks run besides berth: one program for each file that is not part of bench-plane.
BENCH_PLANE_SOURCES := $(wildcard tests/bench/plane*.c) $(patsubst %,tests/fake/%.c,loop park text)
BENCH_LOOP_SOURCES  := $(filter-out $(BENCH_PLANE_SOURCES),$(wildcard tests/bench/*.c))
WORLD_SOURCES	 := $(filter-out tests/world/test_%.c tests/world/%_script.c,$(wildcard tests/world/*.c))
C_FILES		 := $(wildcard runtime/*/*.[ch] orchestrator/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch])
SHELL_FILES	 := $(wildcard .ci/run orchestrator/share/*.sh tests/*.sh tests/*/*.sh tests/vm/job tests/vm/guest/*op tests/vm/guest/vm-job \
	images/*/*.sh)

BERTH	    := $(BUILD)/berth
LIBRARY	    := $(BUILD)/libberth.a
UNIT_BINS   := $(UNIT_TESTS:%.c=$(BUILD)/%) $(SEAM_TESTS:%.c=$(BUILD)/%)
FAKE_ENGINE := $(BUILD)/tests/fake-engine
FAKE_WORKER := $(FAKE_WORKERS:tests/fake/%.c=$(BUILD)/tests/%)
WORLD	    := $(BUILD)/tests/world/world
WORLD_SCRIPT := $(BUILD)/tests/world/plane-script
BENCH_PLANE := $(BUILD)/tests/bench-plane
BENCH_LOOPS := $(BENCH_LOOP_SOURCES:tests/bench/%.c=$(BUILD)/tests/bench-%)

PROBE	    := $(BUILD)/tests/hardening/probe

FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
FUZZ_TARGETS := $(filter-out replay,$(FUZZ_SOURCES:tests/fuzz/%.c=%))
FUZZERS	     := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/fuzz-%)
REPLAYS	     := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/replay-%)

object = $(patsubst %.c,$(BUILD)/%.o,$(1))

# --- flags: the user's CFLAGS and LDFLAGS come last and are never overwritten ------------------

# pkg-config's name and Debian's
LIBRARIES	:= libcurl:libcurl4-openssl-dev json-c:libjson-c-dev yaml-0.1:libyaml-dev \
	libcap:libcap-dev libsystemd:libsystemd-dev libcrypto:libssl-dev
TEST_LIBRARIES	:= cmocka:libcmocka-dev libmicrohttpd:libmicrohttpd-dev

PACKAGES := $(foreach library,$(LIBRARIES),$(firstword $(subst :, ,$(library))))
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wswitch-enum -Wimplicit-fallthrough \
	-Wcast-qual -Wnull-dereference -Wno-missing-field-initializers $(if $(filter 1,$(WERROR)),-Werror)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE -fno-common

flags_default  := -O2 -g -D_FORTIFY_SOURCE=3
flags_valgrind := -O1 -g
flags_clang    := -O2 -g
flags_asan     := -O1 -g -fno-omit-frame-pointer -fsanitize=address
flags_sanitize := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
flags_ubsan    := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
flags_coverage := -O0 -g --coverage
flags_fuzz     := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined

CFLAGS	 ?=
LDFLAGS	 ?=
BASE_CPP  = -D_GNU_SOURCE -DBERTH_VERSION='"$(VERSION)"' -DBERTH_DATADIR='"$(datadir)"' \
	-Iruntime -Iorchestrator -Itests $(shell pkg-config --cflags $(PACKAGES))
BASE_C	 := -std=gnu17 $(WARNINGS) $(HARDENING) $(flags_$(VARIANT)) -MMD -MP
BASE_LD	 := $(flags_$(VARIANT)) -pie -Wl,-z,relro,-z,now -Wl,--as-needed
BASE_LIBS = $(shell pkg-config --libs $(PACKAGES))
TEST_LIBS = -lcmocka -lmicrohttpd -lpthread

quiet = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $(2);)

# --- building ---------------------------------------------------------------------------------

.PHONY: all
all: $(BERTH) ## build berth

# Says what is missing by its Debian name, before the compiler says it in other words.
define require
	@missing=$$(command -v $(firstword $(CC)) >/dev/null || echo gcc; \
		command -v pkg-config >/dev/null || echo pkg-config; \
		echo '#include <uthash.h>' | $(CC) $(CPPFLAGS) $(CFLAGS) -E - >/dev/null 2>&1 || \
			echo uthash-dev; \
		for library in $(1); do \
			pkg-config --exists $${library%:*} 2>/dev/null || echo $${library#*:}; done); \
	[ -z "$$missing" ] || { \
		echo "missing Debian packages:" $$missing "(make $(2) installs them)" >&2; exit 1; }
endef

.PHONY: libraries test-libraries
libraries:
	$(call require,$(LIBRARIES),deps)
test-libraries:
	$(call require,$(TEST_LIBRARIES),deps-check)

$(call object,$(UNIT_TESTS) $(UNIT_HELPERS) $(SEAM_TESTS) $(SEAM_HELPERS) $(FAKE_SOURCES) $(FUZZ_SOURCES) \
	$(BENCH_PLANE_SOURCES)): | test-libraries

$(BUILD)/%.o: %.c Makefile | libraries
	@mkdir -p $(@D)
	$(call quiet,CC,$<)$(CC) $(BASE_CPP) $(BASE_C) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(LIBRARY): $(call object,$(LIBRARY_SOURCES))
	$(call quiet,AR,$@)rm -f $@ && ar rcs $@ $^

$(BERTH): $(call object,orchestrator/cli/main.c) $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) -o $@

# Where things will be, which some of them are told: a file that is written only when that changes.
places := $(VERSION) $(bindir) $(datadir) $(docdir) $(sysconfdir)
$(call object,orchestrator/config/places.c): $(BUILD)/places
$(BUILD)/places: always
	@mkdir -p $(@D)
	@echo '$(places)' | cmp -s - $@ || echo '$(places)' >$@
.PHONY: always
always:

$(UNIT_TESTS:%.c=$(BUILD)/%): %: %.o $(call object,$(UNIT_HELPERS)) $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) $(TEST_LIBS) -o $@

# The other side of the seam: these link a virtual clock and scripted peers instead of runtime/io.
$(SEAM_TESTS:%.c=$(BUILD)/%): %: %.o $(call object,$(SEAM_HELPERS)) $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) $(TEST_LIBS) -o $@

$(FAKE_ENGINE): $(call object,$(FAKE_SOURCES))
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) $(TEST_LIBS) -o $@

$(FAKE_WORKER): $(BUILD)/tests/%: $(BUILD)/tests/fake/%.o
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) -o $@

# It runs in images that have no library for it, and is no sanitizer's either.
$(PROBE): $(wildcard tests/hardening/*.[ch]) Makefile | libraries
	@mkdir -p $(@D)
	$(call quiet,CC,$@)$(CC) -std=gnu17 -O2 -D_GNU_SOURCE -Itests $(WARNINGS) -static $(filter %.c,$^) -o $@

# The other side of the seam once more: whole berths in a simulated world.
$(WORLD): $(call object,$(WORLD_SOURCES)) $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) -lm -o $@

# The world's control plane alone; its callers are in a script.
$(WORLD_SCRIPT): $(call object,$(wildcard tests/world/plane*.c) tests/world/sim.c) $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) -lm -o $@

$(BENCH_PLANE): $(call object,$(BENCH_PLANE_SOURCES))
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) $(TEST_LIBS) -o $@

$(BENCH_LOOPS): $(BUILD)/tests/bench-%: $(BUILD)/tests/bench/%.o $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) -lpthread -o $@

# The same with its corpus, and with what libFuzzer thinks of (VARIANT=fuzz, by clang).
$(REPLAYS): $(BUILD)/tests/fuzz/replay-%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) $(TEST_LIBS) -o $@

$(FUZZERS): $(BUILD)/tests/fuzz/fuzz-%: $(BUILD)/tests/fuzz/%.o $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) -fsanitize=fuzzer $(LDFLAGS) $^ $(BASE_LIBS) $(TEST_LIBS) -o $@

-include $(patsubst %.o,%.d,$(call object,$(PRODUCT_SOURCES) $(MANUAL_SOURCES) $(UNIT_TESTS) $(UNIT_HELPERS) \
	$(SEAM_TESTS) $(SEAM_HELPERS) $(FAKE_SOURCES) $(FAKE_WORKERS) $(WORLD_SOURCES) tests/world/plane_script.c \
	$(FUZZ_SOURCES) $(wildcard tests/bench/*.c)))

# --- manual pages, and installing --------------------------------------------------------------

MANUAL := $(BUILD)/manual
PAGES  := $(patsubst orchestrator/share/%.in,$(BUILD)/share/%,$(wildcard orchestrator/share/*.[15].in))
PLACES := -e 's|@version@|$(VERSION)|g' -e 's|@bindir@|$(bindir)|g' -e 's|@datadir@|$(datadir)|g' \
	-e 's|@docdir@|$(docdir)|g' -e 's|@sysconfdir@|$(sysconfdir)|g'

$(MANUAL): $(call object,$(MANUAL_SOURCES)) $(LIBRARY)
	$(call quiet,LINK,$@)$(CC) $(BASE_LD) $(LDFLAGS) $^ $(BASE_LIBS) -o $@

$(BUILD)/events: README.md orchestrator/share/events.awk
	@mkdir -p $(@D)
	$(Q)awk -f orchestrator/share/events.awk README.md >$@

$(BUILD)/share/%: orchestrator/share/%.in $(MANUAL) $(BUILD)/places $(BUILD)/events
	@mkdir -p $(@D)
	$(call quiet,MAN,$@)sed -e '/^@events@$$/{' -e 'r $(BUILD)/events' -e 'd' -e '}' $(PLACES) $< | \
		$(MANUAL) >$@

.PHONY: manual
manual: $(PAGES) ## write the manual pages below build/

.PHONY: install uninstall
install uninstall: %: $(BERTH) $(PAGES) ## put berth below PREFIX (DESTDIR, bindir, ...), or take it away
	$(Q)DESTDIR='$(DESTDIR)' bindir='$(bindir)' datadir='$(datadir)' mandir='$(mandir)' \
		docdir='$(docdir)' sysconfdir='$(sysconfdir)' unitdir='$(unitdir)' \
		bashcompdir='$(bashcompdir)' zshcompdir='$(zshcompdir)' fishcompdir='$(fishcompdir)' \
		orchestrator/share/install.sh $* $(BUILD)

# --- tests: every suite writes TAP below $(TAP), tests/tally.sh counts them --------------------

run_tap = tests/run-tap.sh $(TAP)/$(1).tap

.PHONY: check
check: deps-check ## install what the tests need, run every test
	$(Q)$(MAKE) --no-print-directory all test-tools
	$(Q)rm -rf $(TAP)
	$(Q)$(MAKE) --no-print-directory -k unit controlplane fake world-script flow soak cli compare \
		check-engines check-hardening || true
	$(Q)tests/tally.sh $(TAP)

.PHONY: test-tools
test-tools: $(BERTH) $(FAKE_ENGINE) $(FAKE_WORKER) $(UNIT_BINS) $(REPLAYS) $(WORLD) $(WORLD_SCRIPT) \
	$(PROBE) $(BENCH_PLANE) $(BENCH_LOOPS)

.PHONY: unit
unit: $(UNIT_BINS) $(REPLAYS) ## run the unit tests, and the fuzz targets with their corpora
	$(Q)for test in $(UNIT_BINS); do \
		$(call run_tap,unit-$$(basename $$test)) env CMOCKA_MESSAGE_OUTPUT=TAP $(WRAPPER) $$test \
			|| failed=1; done; \
	for target in $(FUZZ_TARGETS); do \
		$(call run_tap,corpus-$$target) $(WRAPPER) $(BUILD)/tests/fuzz/replay-$$target \
			tests/fuzz/corpus/$$target || failed=1; done; exit $${failed:-0}

.PHONY: controlplane
controlplane: ## check the control-plane simulator with the official SDK
	$(Q)$(call run_tap,controlplane) $(PYTHON) tests/tap.py tests/controlplane

.PHONY: fake
fake: $(FAKE_ENGINE) $(FAKE_WORKER) ## check the fake engine
	$(Q)FAKE_ENGINE_DIR=$(BUILD)/tests $(call run_tap,fake) $(PYTHON) tests/tap.py tests/fake

# They wait more than they work.
FLOW_JOBS ?= 8

# The address sanitizer keeps what was freed, which is what is looked for there.
FLOW_TESTS = $(filter-out $(if $(filter asan sanitize,$(VARIANT)),tests/flow/test_secrets_in_memory.py), \
	$(wildcard tests/flow/test_*.py))

.PHONY: flow
flow: $(BERTH) $(FAKE_ENGINE) $(FAKE_WORKER) ## run berth against the simulator and the fake engine
	$(Q)printf '%s\n' $(FLOW_TESTS) | BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests xargs -P $(FLOW_JOBS) -I @ sh -c \
		'$(call run_tap,flow-$$(basename @ .py)) $(PYTHON) tests/tap.py @'

SOAK_SESSIONS ?= 10000

.PHONY: soak
soak: $(BERTH) $(FAKE_ENGINE) $(FAKE_WORKER) ## run 10,000 sessions through one berth (SOAK_SESSIONS=N: as many)
	$(Q)TEST_TIMEOUT=900 SOAK_SESSIONS=$(SOAK_SESSIONS) BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests $(call run_tap,soak) $(PYTHON) tests/tap.py tests/soak
	$(Q)grep '^# .*session' $(TAP)/soak.tap

.PHONY: bench
bench: deps-bench $(BERTH) $(FAKE_ENGINE) $(BENCH_PLANE) $(BENCH_LOOPS) ## measure berth against baselines on a quiet machine (root; BENCH_ROWS="a c": those)
	$(Q)BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests $(PYTHON) tests/bench/bench.py $(BUILD)/bench

.PHONY: bench-publish
bench-publish: ## put what `make bench` measured last into README.md, with the plot
	$(Q)$(PYTHON) tests/bench/publish.py $(BUILD)/bench/bench.json

.PHONY: instructions
instructions: $(BERTH) $(FAKE_ENGINE) ## count berth's instructions per session; fail if they are 3 % over tests/bench/budget
	$(Q)BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests $(call run_tap,instructions) $(PYTHON) tests/tap.py \
		tests/bench/test_instructions.py
	$(Q)grep '^# .*budget' $(TAP)/instructions.tap

.PHONY: cli
cli: $(BERTH) $(FAKE_ENGINE) $(PAGES) ## check what berth prints, its schemas, manual, completions and installation
	$(Q)BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests $(call run_tap,cli) $(PYTHON) tests/tap.py tests/cli

.PHONY: golden
golden: $(BERTH) $(FAKE_ENGINE) $(UNIT_BINS) ## write the files of tests/golden anew; review what git diff shows
	$(Q)for test in $(UNIT_BINS); do ! strings $$test | grep -q GOLDEN_UPDATE || \
		GOLDEN_UPDATE=1 $$test >/dev/null || exit; done
	$(Q)GOLDEN_UPDATE=1 BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests $(PYTHON) tests/tap.py \
		tests/cli/test_golden.py

WORLD_SEEDS ?= 2000

.PHONY: world
world: $(WORLD) ## simulate years of sessions with every kind of failure (WORLD_SEEDS=2000)
	$(Q)$(call run_tap,world) $(WORLD) --seeds $(WORLD_SEEDS)

.PHONY: world-script
world-script: $(WORLD_SCRIPT) ## check that the world's control plane and the simulator answer alike
	$(Q)WORLD_SCRIPT=$(WORLD_SCRIPT) $(call run_tap,world-script) $(PYTHON) tests/tap.py \
		tests/world/test_script.py

.PHONY: world-mutants
world-mutants: $(WORLD) ## break berth in many small ways: the simulated world must notice each
	$(Q)$(call run_tap,world-mutants) tests/world/mutants.sh $(BUILD) "$(CC) $(BASE_CPP) $(BASE_C)" \
		"$(CC) $(BASE_LD) $(call object,$(WORLD_SOURCES))" "$(LIBRARY) $(BASE_LIBS) -lm"

FUZZ_SECONDS ?= 30
FUZZ_JOBS    ?= 2

.PHONY: fuzz fuzz-each
fuzz: ## let libFuzzer look for inputs that break what must hold (FUZZ_SECONDS=30 for each target)
	$(Q)$(MAKE) --no-print-directory -j2 VARIANT=fuzz CC=clang fuzz-each

fuzz-each: $(FUZZERS)
	$(Q)printf '%s\n' $(FUZZ_TARGETS) | xargs -P $(FUZZ_JOBS) -I @ sh -c '$(call run_tap,fuzz-@) \
		tests/fuzz/run.sh $(BUILD)/tests/fuzz/fuzz-@ @ $(FUZZ_SECONDS)'
	$(Q)grep -h '^# .* inputs, ' $(FUZZ_TARGETS:%=$(TAP)/fuzz-%.tap)

.PHONY: compare
compare: $(BERTH) $(FAKE_ENGINE) $(FAKE_WORKER) ## compare berth's calls with those of the official poller
	$(Q)BERTH=$(BERTH) FAKE_ENGINE_DIR=$(BUILD)/tests $(call run_tap,compare) $(PYTHON) tests/tap.py \
		tests/compare

.PHONY: compare-table
compare-table: ## print the table that compare checks, as README.md has it
	$(Q)$(PYTHON) tests/compare/table.py

.PHONY: check-engines
check-engines: $(BERTH) ## run berth on every kind of real engine (root; starts private ones)
	$(Q)$(MAKE) --no-print-directory -k -j3 check-docker check-podman check-rootless

# What there is to test besides what every kind of engine has.
engine_tests_podman   := tests/engines/podman
engine_tests_rootless := tests/engines/podman tests/engines/rootless

.PHONY: check-docker check-podman check-rootless
check-docker check-podman check-rootless: check-%: $(BERTH) ## run berth on one kind of real engine
	$(Q)BERTH=$(BERTH) ENGINE_KIND=$* $(call run_tap,engines-$*) $(PYTHON) tests/tap.py \
		tests/engines $(engine_tests_$*)

# One after the other: each change of a request is a session of its own.
.PHONY: check-verifier verifier-docker verifier-podman verifier-rootless
check-verifier: $(BERTH) ## change each member of a create request on its way to real engines: berth must notice (root)
	$(Q)$(MAKE) --no-print-directory -k -j1 verifier-docker verifier-podman verifier-rootless

verifier-docker verifier-podman verifier-rootless: verifier-%: $(BERTH)
	$(Q)BERTH=$(BERTH) ENGINE_KIND=$* TEST_TIMEOUT=1200 PYTHONPATH=tests/engines $(call run_tap,verifier-$*) \
		$(PYTHON) tests/tap.py tests/verifier

# What there is to break besides what every kind of engine has.
fault_tests_podman   := tests/faults/podman
fault_tests_rootless := tests/faults/podman

.PHONY: check-faults faults-docker faults-podman faults-rootless
check-faults: $(BERTH) ## break every kind of real engine, and sessions on it: nothing lost, doubled or left (root)
	$(Q)$(MAKE) --no-print-directory -k -j3 faults-docker faults-podman faults-rootless; code=$$?; \
	$(PYTHON) tests/faults/table.py $(TAP)/faults-docker.tap $(TAP)/faults-podman.tap \
		$(TAP)/faults-rootless.tap | tee $(BUILD)/faults.md; exit $$code

faults-docker faults-podman faults-rootless: faults-%: $(BERTH)
	$(Q)BERTH=$(BERTH) ENGINE_KIND=$* PYTHONPATH=tests/engines $(call run_tap,faults-$*) $(PYTHON) tests/tap.py \
		tests/faults $(fault_tests_$*)

# What there is to prove besides what every kind of engine has.
hardening_tests_docker := tests/hardening/docker

# One after the other: sessions use up all that they may have.
.PHONY: check-hardening hardening-docker hardening-podman hardening-rootless
check-hardening: $(BERTH) $(PROBE) ## have sessions on every kind of real engine try what policies forbid (root)
	$(Q)$(MAKE) --no-print-directory -k -j1 hardening-docker hardening-podman hardening-rootless; code=$$?; \
	$(PYTHON) tests/hardening/table.py $(TAP)/hardening-docker.tap $(TAP)/hardening-podman.tap \
		$(TAP)/hardening-rootless.tap >$(BUILD)/hardening.md; \
	grep '^| proven' $(BUILD)/hardening.md; echo '  all cells: $(BUILD)/hardening.md'; exit $$code

hardening-docker hardening-podman hardening-rootless: hardening-%: $(BERTH) $(PROBE)
	$(Q)BERTH=$(BERTH) ENGINE_KIND=$* PYTHONPATH=tests/engines $(call run_tap,hardening-$*) $(PYTHON) tests/tap.py \
		tests/hardening $(hardening_tests_$*)

.PHONY: check-vm
check-vm: $(BERTH) ## run berth under systemd, in a virtual machine (root; VM_SUITES=service for that suite alone)
	$(Q)tests/deps.sh vm
	$(Q)BERTH=$(BERTH) $(call run_tap,engines-vm) tests/vm/check.sh build/vm $(VM_SUITES)

.PHONY: demo
demo: deps ## drain three sessions on a private engine with the official worker
	$(Q)$(MAKE) --no-print-directory all
	$(Q)BERTH=$(BERTH) tests/demo.sh

.PHONY: asan ubsan sanitize
asan ubsan sanitize: ## run unit and flow tests and 2,000 sessions under a sanitizer, or (sanitize) both
	$(Q)TEST_TIMEOUT=900 $(MAKE) --no-print-directory -k VARIANT=$@ unit flow soak SOAK_SESSIONS=2000

.PHONY: valgrind
valgrind: ## run the unit tests under valgrind
	$(Q)$(MAKE) --no-print-directory VARIANT=valgrind unit \
		WRAPPER="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"

PURE := runtime/base|runtime/policy|runtime/plan|orchestrator/config|orchestrator/queue/work

.PHONY: coverage
coverage: ## measure the unit tests' coverage; pure layers must reach 90 % of lines
	$(Q)$(MAKE) --no-print-directory VARIANT=coverage unit
	$(Q)gcovr -r . build/coverage --exclude tests --sort-uncovered
	$(Q)gcovr -r . build/coverage --filter '($(PURE))' --fail-under-line 90 >/dev/null && \
		echo "pure layers: 90 % of lines or more"

# --- static checks ----------------------------------------------------------------------------

.PHONY: format
format: ## format all C files
	$(Q)clang-format -i $(C_FILES)

.PHONY: format-check
format-check: ## fail if a C file is not formatted
	$(Q)clang-format --dry-run -Werror $(C_FILES)

.PHONY: layers
layers: ## fail if an include goes against the order of the folders
	$(Q)tests/layers.sh

.PHONY: tidy
tidy: ## clang-tidy on the product's sources
	$(Q)printf '%s\n' $(PRODUCT_SOURCES) $(MANUAL_SOURCES) | xargs -P 2 -I @ \
		clang-tidy --quiet @ -- -std=gnu17 $(BASE_CPP) 2>/dev/null

.PHONY: cppcheck
cppcheck: ## cppcheck on all C files
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --library=gnu \
		--enable=warning,performance,portability --suppress=varFuncNullUB \
		--library=.cppcheck.xml -D_GNU_SOURCE -DBERTH_VERSION='""' \
		-Iruntime -Iorchestrator -Itests runtime orchestrator tests/fake

.PHONY: shell
shell: ## shellcheck and codespell
	$(Q)shellcheck -x $(SHELL_FILES)
	$(Q)codespell -q 3 -L instnce,sesions,memmory,nnumber,nam,fo,te,inh,nd --skip='*.lock,package-lock.json,build,node_modules,.git' .

# --- set-up -----------------------------------------------------------------------------------

.PHONY: deps
deps: ## install what building and the demo need
	$(Q)tests/deps.sh demo

.PHONY: deps-check
deps-check: ## install what the tests need, too
	$(Q)tests/deps.sh check

.PHONY: deps-bench
deps-bench: ## install what the benchmarks need, too
	$(Q)tests/deps.sh bench

.PHONY: deps-all
deps-all: ## install what the static checks, sanitizers and coverage need, too
	$(Q)tests/deps.sh all

.PHONY: clean
clean: ## remove everything that was built
	$(Q)rm -rf build

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z -]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  %-15s %s\n", $$1, $$2}'
