# Everything a newcomer types. `make help` lists it.

SHELL := /bin/bash
BUILD := build
TAGS  := x11,migrated_fynedo,no_emoji
GO    ?= go
# Packages that draw nothing build without cgo's graphics libraries.
export GOFLAGS ?= -mod=readonly

.DEFAULT_GOAL := help
.PHONY: help setup build run demo test test-race test-slow sim mutants check bench clean

help: ## List what can be asked of make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## Install the system packages that are missing (Debian, Ubuntu; root or sudo)
	@packaging/setup.sh build

build: setup ## Build the three programs into build/
	@mkdir -p $(BUILD)
	$(GO) build -tags $(TAGS) -o $(BUILD)/buron ./app
	$(GO) build -tags $(TAGS) -o $(BUILD)/buron-kiosk ./kiosk
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BUILD)/buron-central ./sync/centrald

run: build ## Build what is needed and open Buron
	@packaging/run.sh $(BUILD)/buron

demo: build ## A central, two desktops and a kiosk: cut apart, mended, equal again
	@packaging/setup.sh display
	@packaging/demo.sh $(BUILD)

test: ## The quick tests; no display, no network
	@packaging/setup.sh build
	$(GO) vet -tags $(TAGS) ./...
	$(GO) test -tags $(TAGS) ./...

test-race: ## The same under the race detector, some six times longer
	@packaging/setup.sh build
	$(GO) test -race -timeout 30m -tags $(TAGS) ./...

test-slow: build ## Kills, system calls, network namespaces: real programs, root for some
	@packaging/setup.sh display
	$(GO) build -o $(BUILD)/field ./packaging/field
	@packaging/field.sh $(BUILD)

N    ?= 200
SEED ?= 1
sim: ## Simulated lives on all cores: make sim N=1000 SEED=1
	$(GO) test -count=1 -timeout 0 -v ./sync/sim -run '^TestLives$$' -args -lives $(N) -seed $(SEED) -workers $$(nproc)

MUTANTS ?= sync/sim/mutants
mutants: ## Plant each known bug in a copy of the tree: the simulator must find it
	@sync/sim/mutants/run.sh $(MUTANTS)

check: ## Formatting, staticcheck
	@test -z "$$(gofmt -l app kiosk sync assets packaging)" || { gofmt -l app kiosk sync assets packaging; exit 1; }
	$(GO) tool staticcheck -tags $(TAGS) ./...

bench: ## Print what is promised and what is measured, as ratios to plain SQLite; build/bench.jsonl has the same
	$(GO) build -o $(BUILD)/bench ./packaging/bench
	$(BUILD)/bench -json $(BUILD)/bench.jsonl

clean: ## Remove what was built
	rm -rf $(BUILD)
