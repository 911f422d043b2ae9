# `make` alone prints this help. CI calls `make test`, which is `make check` with the tests.
MVN ?= mvn
MVN_FLAGS ?= -B -ntp -Dstyle.color=never

.DEFAULT_GOAL := help
.PHONY: help setup format check test acceptance bench run

help: ## print this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## fetch every dependency and plugin, so that later builds need no network
	$(MVN) $(MVN_FLAGS) -DskipTests verify
	@if command -v npm > /dev/null; then cd acceptance/src/test/npm && npm ci; fi

format: ## rewrite every Java file in google-java-format
	@$(call google-java-format,--replace)

check: ## formatting, compiler, Error Prone, NullAway: everything but running tests
	@$(call google-java-format,--dry-run --set-exit-if-changed)
	$(MVN) $(MVN_FLAGS) -q -DskipTests verify

test: ## all that check does, and every test, on a real PostgreSQL
	@$(call google-java-format,--dry-run --set-exit-if-changed)
	$(MVN) $(MVN_FLAGS) verify

acceptance: ## the tests over HTTP and with real processes only
	$(MVN) $(MVN_FLAGS) -pl acceptance -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest='dev.fanfare.acceptance.**' verify

run: ## the server with the demo worker, waiting for requests
	bin/fanfare dev

BENCH_ARGS ?=

bench: ## measure against bare JDBC; BENCH_ARGS=--short for a quick look
	$(MVN) $(MVN_FLAGS) -q -DskipTests -Pbench -Dbench.args="$(BENCH_ARGS)" -pl bench -am verify

# Maven hands google-java-format one file of arguments: the flags, then every source known to git.
define google-java-format
	mkdir -p target && \
	{ printf '%s\n' $(1); git ls-files --cached --others --exclude-standard '*.java' | while read -r f; do if [ -f "$$f" ]; then echo "$$f"; fi; done; } > target/google-java-format.args && \
	$(MVN) $(MVN_FLAGS) -q -N validate exec:exec@format
endef
