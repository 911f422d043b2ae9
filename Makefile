# `make` without a target prints this help. CI runs `make test`, which is `make check` plus the tests.
MVN ?= mvn
MVN_FLAGS ?= -B -ntp -Dstyle.color=never

.DEFAULT_GOAL := help
.PHONY: help setup format check test acceptance chaos kills bench bench-smoke bench-docs run

help: ## print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## fetch every dependency and plugin, so that later builds work offline
	$(MVN) $(MVN_FLAGS) -DskipTests verify
	@$(call google-java-format,--dry-run)
	@if command -v npm > /dev/null; then for folder in acceptance/src/test/npm bench/src/main/npm; do (cd $$folder && npm ci) || exit 1; done; fi

format: ## rewrite every Java file in google-java-format
	@$(call google-java-format,--replace)

check: ## check the formatting and compile with Error Prone and NullAway; no tests
	@$(call google-java-format,--dry-run --set-exit-if-changed)
	$(MVN) $(MVN_FLAGS) -q -DskipTests verify

test: ## everything `make check` does, plus all tests, on a real PostgreSQL; two modules at a time
	@$(call google-java-format,--dry-run --set-exit-if-changed)
	@# Maven warns that the plugin which finds a JDK is not thread-safe: it does so in the first module, alone.
	$(MVN) $(MVN_FLAGS) -T 2 verify

acceptance: ## run only the tests over HTTP and with real processes
	$(MVN) $(MVN_FLAGS) -pl acceptance -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest='dev.fanfare.acceptance.**' verify

FAULTS ?= 50
SEED ?=

chaos: ## break a small deployment FAULTS times (50) and check every promise; SEED=… repeats a run
	$(MVN) $(MVN_FLAGS) -q -pl acceptance -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest=ChaosTest -Dfanfare.chaos.faults=$(FAULTS) $(if $(SEED),-Dfanfare.seed=$(SEED)) $(if $(KINDS),-Dfanfare.chaos.kinds=$(KINDS)) test

KILLS ?= 200

kills: ## kill a server or its database KILLS times (200) right after a response; SEED=… repeats a run
	$(MVN) $(MVN_FLAGS) -q -pl acceptance -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest=KilledAfterResponseTest -Dfanfare.kills=$(KILLS) $(if $(SEED),-Dfanfare.seed=$(SEED)) test

run: ## start the server with the demo worker
	bin/fanfare dev

BENCH_ARGS ?=

bench: ## measure beside a plain-JDBC baseline and other queues; BENCH_ARGS=--short for a quick run
	$(MVN) $(MVN_FLAGS) -q -DskipTests -Pbench -Dbench.args="$(BENCH_ARGS)" -pl bench -am verify

bench-smoke: ## run the workloads of `make bench` with small numbers, without peers; `make test` does, too
	$(MVN) $(MVN_FLAGS) -pl bench -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest=BenchSmokeTest verify

bench-docs: ## paste the tables of the last `make bench` into docs/benchmarks.md
	@if grep -q '^[*][*]A short run' bench/target/benchmarks.md; then echo "The last run was a short one."; exit 1; fi
	@awk '/^<!-- end of results -->/ { skip = 0 } !skip { print } \
	  /^<!-- results/ { skip = 1; while ((getline line < "bench/target/benchmarks.md") > 0) print line }' \
	  docs/benchmarks.md > target/benchmarks.md && cp target/benchmarks.md docs/benchmarks.md

# Maven passes google-java-format one argument file: the flags, then every Java source known to git.
define google-java-format
	mkdir -p target && \
	{ printf '%s\n' $(1); git ls-files --cached --others --exclude-standard '*.java' | while read -r f; do if [ -f "$$f" ]; then echo "$$f"; fi; done; } > target/google-java-format.args && \
	$(MVN) $(MVN_FLAGS) -q -N validate exec:exec@format
endef
