# SPDX-FileCopyrightText: 2026 The nuts-mitz authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Nothing needs preparing but Go and git; the race detector needs a C compiler too. A first
# build compiles a whole Nuts node, which takes minutes.

GO       ?= go
ARGS     ?=
FUZZTIME ?= 30s

# The Go to build with: the one that go.mod names, or a newer patch of the same Go 1.26
# where that is installed. "make build GOTOOLCHAIN=..." takes another. Not Go 1.27:
# docs/upgrading.md tells why.
GOTOOLCHAIN := $(shell wanted=$$(sed -n 's/^toolchain //p' go.mod); \
	installed=$$(GOTOOLCHAIN=local $(GO) version | cut -d ' ' -f 3 | cut -d - -f 1); \
	case $$installed in ($${wanted%.*}.[0-9]*) printf '%s\n' $$wanted $$installed | sort -V | tail -n 1;; (*) echo $$wanted;; esac)
export GOTOOLCHAIN

.PHONY: recording help build package sbom run test race bench fuzz testdata lint vulnerabilities format clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# What is given to others is built without a C compiler and without paths, so that anybody can make
# the same bytes of the same commit. The node tells its own version where it is asked for it,
# as that of its image does.
NODE_VERSION = $(shell sed -n 's|^.*nuts-foundation/nuts-node ||p' go.mod)
NODE_CORE    = github.com/nuts-foundation/nuts-node/core
release      = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -ldflags '-s -w$(1)'

build: ## build bin/nuts-mitz, the node with the plugin, and bin/mitz-simulator
	$(call release, -X $(NODE_CORE).GitVersion=$(NODE_VERSION) -X $(NODE_CORE).GitCommit=$(lastword $(subst -, ,$(NODE_VERSION)))) -o bin/nuts-mitz .
	$(call release,) -o bin/mitz-simulator ./mitzclient/mitztest/cmd/mitz-simulator

# Of a commit without a tag, the version has the commit in it: Go made it up.
VERSION = $(shell bin/nuts-mitz mitz version | sed -n 's/^nuts-mitz *v*//p')

package: build bin/makedeb ## make the Debian package in bin, of this machine's architecture
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) bin/makedeb -version "$(VERSION)" -arch "$$($(GO) env GOARCH)" -target bin

sbom: build bin/cyclonedx-gomod ## make the bills of materials (CycloneDX) of what make build made
	bin/cyclonedx-gomod bin -json -noserial -output bin/nuts-mitz.cdx.json bin/nuts-mitz
	bin/cyclonedx-gomod bin -json -noserial -output bin/mitz-simulator.cdx.json bin/mitz-simulator

run: ## start the demo; ARGS=--once tells it in the terminal (--language nl: in Dutch), ARGS=--commands prints calls to make by hand
	@echo "Building the demo (a first build takes minutes) ..."
	@$(GO) build -o bin/demo ./e2e-tests/demo
	@bin/demo $(ARGS)

recording: ## film the demo, and make the pictures in docs/pictures; ARGS="-language nl -pictures=" films it in Dutch
	@.ci/install-packages recording-packages
	@mkdir -p docs/pictures
	@$(GO) build -o bin/demo ./e2e-tests/demo
	@$(GO) build -o bin/recording ./e2e-tests/demo/recording
	@bin/recording -pictures docs/pictures $(ARGS)

test: ## run every test, on real nodes too; installs what .ci/packages names
	@.ci/install-packages
	@$(MAKE) --no-print-directory bin/fhir bin/makedeb bin/cyclonedx-gomod
	$(GO) test -timeout 20m ./...
	$(GO) -C tools/package test -count=1 ./... # they read files outside their module, which Go's cache of results does not look at
	$(GO) -C tools/chart test -count=1 ./...
	$(MAKE) race

# Validators that carry the definitions of FHIR R4, a checker of pages' accessibility, and Mermaid. The scripts of their packages are not run.
bin/fhir: tools/package.json tools/package-lock.json tools/validate-fhir.cjs
	@rm -rf bin/fhir bin/fhir.new
	@mkdir -p bin/fhir.new
	cp $^ bin/fhir.new
	npm --prefix bin/fhir.new ci --ignore-scripts --no-audit --no-fund
	mv bin/fhir.new bin/fhir && touch bin/fhir

race: ## run the packages that share state with the race detector
	$(GO) test -race -timeout 20m ./consent $$($(GO) list ./internal/... | grep -v /harness) ./plugin/... ./mitzclient/... ./recordguard

bench: ## print the measurements; ARGS=--quick for a short run
	@$(GO) build -o bin/bench ./e2e-tests/bench
	@bin/bench $(ARGS)
	@echo "10. A withdrawal, and the look at the token that it ended, among 0, 1,000 and 100,000 live tokens in memory:"
	@$(GO) test -run '^$$' -bench WithdrawalAmongTokens ./plugin/internal/node

fuzz: ## fuzz every decoder of foreign bytes, each for FUZZTIME
	@GO="$(GO)" .ci/fuzz $(FUZZTIME)

testdata: ## rewrite the files in testdata that tests make
	@$(GO) test -count=1 -run '^Test' ./mitzclient/internal/strictxml ./mitzclient/internal/xacml ./mitzclient/internal/notification ./internal/nen7513 ./plugin/internal/report/explain ./plugin/internal/config ./e2e-tests/repository -args -update

lint: bin/golangci-lint ## check formatting, and what .golangci.yml looks for
	@large=$$(git ls-tree -rl HEAD | awk '$$4 > 256 * 1024'); \
		if [ -n "$$large" ]; then echo "larger than a source is (over 256 KiB):"; echo "$$large"; exit 1; fi
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
		if [ -n "$$unformatted" ]; then echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; fi
	bin/golangci-lint run ./...
	$(GO) mod verify >/dev/null
	$(GO) mod tidy -diff

# A module of its own: its two hundred dependencies decide no version of the other tools, and
# a newer vulnerability database does not have it built again.
bin/golangci-lint: tools/lint/go.mod tools/lint/go.sum
	$(GO) -C tools/lint build -o ../../bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# It looks into a node with its symbols, which is built as the tests build it.
vulnerabilities: bin/govulncheck bin/vulndb ## look for known vulnerabilities that are reached, and nobody judged
	$(GO) build -o bin/nuts-scanned .
	@$(GO) run ./internal/vulnerabilities -binary bin/nuts-scanned

bin/makedeb: tools/package/go.mod tools/package/go.sum tools/package/makedeb/main.go
	$(GO) -C tools/package build -o ../../bin/makedeb ./makedeb

bin/cyclonedx-gomod: tools/package/go.mod tools/package/go.sum
	$(GO) -C tools/package build -o ../../bin/cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod

bin/govulncheck: tools/go.mod tools/go.sum
	$(GO) -C tools build -o ../bin/govulncheck golang.org/x/vuln/cmd/govulncheck

# The vulnerability database comes as a Go module, so nothing but the module proxy is needed.
bin/vulndb: tools/go.mod tools/go.sum
	$(GO) -C tools build -o ../bin/indexdb golang.org/x/vulndb/cmd/indexdb
	rm -rf bin/vulndb
	bin/indexdb -vulns "$$($(GO) -C tools list -m -f '{{.Dir}}' golang.org/x/vulndb)/data/osv" -out bin/vulndb

format: ## format the code
	gofmt -w $$(git ls-files '*.go')

clean: ## remove what was built
	rm -rf bin
