# The two commands of the README, and what they are made of.
SHELL := /bin/bash
PACKAGES := libyara-dev libmagic-dev libssl-dev libarchive-dev libzstd-dev liblz4-dev libsnappy-dev libsqlite3-dev zlib1g-dev libhyperscan-dev \
  libisal-dev pkg-config zstd xz-utils bzip2 yara help2man
SWIFT := swift
# Tests run optimized: memory images are a hundred times slower otherwise.
TEST_FLAGS := -c release -Xswiftc -enable-testing
PROGRAM := .build/release/ir-analyze
BUNDLE := fixtures/log4shell-tomcat/bundle

.PHONY: run build test packages lint fuzz package

run: build  ## Analyze the incident bundle that the repository ships; the report is in report/.
	$(PROGRAM) run $(BUNDLE) -o report || test $$? -eq 2
	@echo "Open report/report.html in a browser."

build: packages
	$(SWIFT) build -c release --product ir-analyze --static-swift-stdlib

test: packages lint
	$(SWIFT) build $(TEST_FLAGS) --build-tests --scratch-path .build-tests
	$(SWIFT) test $(TEST_FLAGS) --skip-build --scratch-path .build-tests

# Installs only what is missing, so that a machine without internet but with the packages builds all the same.
packages:
	@missing=""; for p in $(PACKAGES); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  sudo=""; [ $$(id -u) -eq 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; fi

lint:
	$(SWIFT) format lint --strict --configuration .swift-format --recursive Package.swift Sources Tests

package: packages  ## A .deb and a self-contained archive, in dist/.
	deploy/package/build

fuzz:
	Tests/Fuzz/run
