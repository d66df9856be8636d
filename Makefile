# Every target carries its help behind "##"; `make` alone prints them.

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
SHARE    = $(DESTDIR)$(PREFIX)/share
GO      ?= go
# RUNS is how often `make bench`, `bench-live` and `bench-flood` measure each case; BENCH and BENCHTIME go to `go test -bench`; FUZZTIME is for each fuzz target.
RUNS      ?= 5
FUZZTIME  ?= 30s
BENCH     ?= .
BENCHTIME ?= 1s
# Pinned here and not in go.mod, where it would drag its own dependencies into every build.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help
.PHONY: help build demo test race lint test-kernels bench bench-live bench-flood microbench fuzz generate docs screens completion install clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./scry, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o scry .

demo: build ## watch the full-screen interface at work, on the captures of testdata (needs tmux; PACE=3 seconds for a screen)
	SCRY=./scry testdata/demo/demo.sh

test: ## run the tests
	$(GO) test ./...

test-kernels: ## run the live tests on Linux 5.10, 6.1 and 6.12, amd64 and arm64, under qemu (needs it and cpio; fetches kernels from Debian)
	testdata/kernels/run.sh

race: ## run the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race ./...

lint: ## gofmt -s, go vet, staticcheck
	@out=$$(gofmt -s -l .); test -z "$$out" || { echo "gofmt -s wants to change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

bench: build ## measure scry against sysdig, alternately (RUNS=5)
	$(GO) run ./testdata/bench -runs $(RUNS)

bench-live: build ## measure what tracing costs: loops of calls, bare and under scry and others (RUNS=5; as root)
	$(GO) run ./testdata/bench/live -runs $(RUNS)

bench-flood: build ## measure what of 8 million writes in a row arrives (RUNS=5; as root)
	$(GO) run ./testdata/bench/live -flood -runs $(RUNS)

microbench: ## run the Go benchmarks (BENCH=regexp BENCHTIME=1s)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem ./...

fuzz: ## run every fuzz target for FUZZTIME each (30s)
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ { f[++n] = $$1 } /^ok/ { for (i = 1; i <= n; i++) print $$2, f[i]; n = 0 }' | \
	while read -r pkg target; do \
		echo "fuzz $$pkg $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$pkg" < /dev/null || exit 1; \
	done

generate: ## run go generate and rewrite the generated docs
	$(GO) generate ./...
	$(MAKE) docs

docs: ## write docs/fields.md, docs/events.md, docs/options.md and the keys in docs/tui.md from the tables
	$(GO) test . -run '^TestDocs' -update
	$(GO) test ./tui -run '^TestKeysAreDocumented' -update

screens: build ## make the pictures of docs/tui.md of a capture (CAPTURE=FILE; needs tmux)
	SCRY=./scry testdata/demo/screens.sh $(CAPTURE)

completion: build ## install completion for bash, zsh and fish below PREFIX
	install -d $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	./scry completion bash > $(SHARE)/bash-completion/completions/scry
	./scry completion zsh > $(SHARE)/zsh/site-functions/_scry
	./scry completion fish > $(SHARE)/fish/vendor_completions.d/scry.fish

install: build ## install scry and cscry below PREFIX (/usr/local); DESTDIR is put in front
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 scry $(DESTDIR)$(PREFIX)/bin/scry
	ln -sf scry $(DESTDIR)$(PREFIX)/bin/cscry

clean: ## remove ./scry and what the go tool left
	rm -f scry
	$(GO) clean
