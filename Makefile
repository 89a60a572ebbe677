# The verbs of the house. On a fresh machine `make run` and `make test` are enough.
SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
SERVICES    ?= postgres mariadb redis slapd krb5
FUZZTIME    ?= 20s
KILLS       ?= 60
PG_KILLS    ?= 20
ARGS        ?=

# The web client is built when Node is there; a page built before is kept; else the server goes without.
PAGE := internal/feature/webui/dist/index.html
WEB  := $(if $(and $(wildcard web/package.json),$(shell command -v npm)),$(shell find web/* -maxdepth 0 -type f) $(shell find web/src web/public internal/base/tongue/languages -type f 2>/dev/null))
TAGS := $(if $(WEB)$(wildcard $(PAGE)),,noui)

.PHONY: run build test race check integration clients sso e2e bench fuzz crash ci
run: build ## build and serve on http://localhost:8080 from ./data
	bin/atrium serve

build: $(if $(WEB),$(PAGE)) ## bin/atrium
	CGO_ENABLED=0 $(GO) build -trimpath -tags '$(TAGS)' -ldflags '-s -w -X main.version=$(VERSION)' -o bin/atrium ./cmd/atrium

$(PAGE): web/node_modules/.package-lock.json $(WEB)
	cd web && npm run build
	touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund

test: ## all tests, SQLite only; needs nothing but Go
	$(GO) test ./...

race: ## tests under the race detector, on the databases TEST_… names; it does not look into SQLite, which is not ours and takes four times as long then
	CGO_ENABLED=1 $(GO) test -race -gcflags=modernc.org/...=-race=false -timeout 10m $(or $(RACED),./...)

check: ## gofmt, vet, staticcheck, known vulnerabilities, the laws of the house
	scripts/check

integration: ## all tests on SQLite, PostgreSQL and MariaDB, and with the programs that make previews
	scripts/services up $(SERVICES)
	eval "$$(scripts/services env)" && $(GO) test ./internal/... && $(GO) test -tags programs ./internal/feature/{previews,fulltext}

clients: build ## litmus, nextcloudcmd, rclone, cadaver and external apps against a real server
sso: build ## browsers and programs that sign in at real identity providers
bench: build ## the speed table; ARGS='-full -compare last.json'
clients sso bench:
	$(GO) run ./tools/$@ -bin bin/atrium $(ARGS)

e2e: build ## the pages: units, then stories in headless Chromium, in two halves at a time when there is nothing to choose
	cd web && npm test --silent && ../scripts/e2e $(or $(ARGS),--halves)

fuzz: ## every fuzz target for FUZZTIME
	scripts/fuzz $(FUZZTIME)

crash: build ## kill the server KILLS times on SQLite, PG_KILLS times on PostgreSQL, and miss nothing
	scripts/crash $(KILLS) $(PG_KILLS)

ci: ## what the build machine runs
	.ci/run
