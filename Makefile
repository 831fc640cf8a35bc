# Every target works from a clean clone: bootstrap installs what is missing, or says what to install.
SWIFT ?= swift

.DEFAULT_GOAL := help
.PHONY: help bootstrap build demo test torture fuzz sanitize lint format bench bench-scale bench-data gpu-check gpu-pack clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

bootstrap: ## Install the Debian packages that are missing, and check Swift
	@scripts/bootstrap

build: bootstrap ## Build the commands into .build/release
	$(SWIFT) build -c release

demo: build ## Make a small data set, train on it with several ranks, evaluate
	@scripts/demo

test: bootstrap ## Build everything and run all tests
	@scripts/test-servers
	@scripts/fetch-nvrtc
	@scripts/fetch-references
	$(SWIFT) build --build-tests
	@SGMN_EMULATOR_DEFER=1 scripts/run-tests --skip-build
	@SGMN_EMULATOR_DEFER=0 SGMN_EMULATOR_ORDER=reverse scripts/run-tests --skip-build --filter CUDAWorkerTests \
	  --skip KernelCompilationTests
	@scripts/test-scripts

torture: build ## Bring about every fault of docs/reliability.md in real jobs
	.build/release/torture

fuzz: bootstrap ## Look for inputs that break a parser, 60 s each
	@scripts/fuzz

sanitize: bootstrap ## Run tests under the address, undefined-behaviour and thread sanitizers
	@scripts/sanitize

lint: ## Check the format of the sources
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

format: ## Format the sources in place
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

bench: build ## Measure training beside PyTorch, and rewrite docs/benchmarks.md
	@scripts/bench

bench-scale: build ## Measure growth with batch and ranks, and rewrite docs/scaling.md
	@scripts/bench-scale

bench-data: build ## Measure reading beside MosaicML Streaming and WebDataset
	@scripts/bench-loaders

gpu-check: build ## Check and measure everything on this machine's GPU (exit code 77: there is none)
	@scripts/gpu-check

gpu-pack: ## Pack gpu-check for a GPU machine that has neither Swift nor MPI
	@scripts/pack-gpu-check

clean: ## Remove what was built
	rm -rf .build
