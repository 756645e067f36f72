# Everything that is done with this repository. `make help` lists it.
# Needs Go, make and git; the rest is built from pinned versions, outside the checkout.
SHELL := bash
.DEFAULT_GOAL := help

VERSION := $(or $(VERSION),$(shell git describe --tags --always --dirty 2>/dev/null || echo dev))
IMG ?= ghcr.io/keylease/keylease:$(VERSION)
# Further flags of go test: make test TESTFLAGS='-race -run TestTheName'.
TESTFLAGS ?=
# The packages that make test tests.
PKG ?= ./...
# Tests of the whole operator that run under the race detector, which makes them several times slower: many leases at
# once, several sheets, kills and restarts.
RACE = ^Test(TheCompanysSheet|ManyLeasesOfOneDayDo|TwoSheetsOfOneAccount|ASheetOfAnotherNamespace|TwoKeysOfTheOnlyUser|AnAccountThatNeverAnswers)
# How long make soak goes on.
DURATION ?= 1h
# make simulate: the seed of the first story. make mutants: which of them (a regular expression). MINUTES is how long the
# simulation goes on, for each mutant.
SEED ?= 1
ONLY ?=
MINUTES ?= 10
# make demo: a spreadsheet of your own, an .xlsx file or a folder of CSV files.
SHEET ?=
export VERSION IMG SHEET

GO_BUILD = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
# The folder with kube-apiserver and etcd; minutes on a new machine, nothing later.
ASSETS = $$(hack/controlplane.sh)
CONTROLLER_GEN = $$(hack/tool.sh controller-gen)
KUSTOMIZE = $$(hack/tool.sh kustomize)
GOLANGCI_LINT = $$(hack/tool.sh golangci-lint)

# What make generate and make manifests write; nobody edits it.
GENERATED = api config/crd/bases config/rbac/role.yaml charts/keylease

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Try it

.PHONY: demo
demo: ## The whole way of a lease on this machine (SHEET=path.xlsx or a folder of CSV: with your own rows)
	@hack/demo.sh

##@ Develop

.PHONY: generate
generate: ## DeepCopy and apply configurations of api/
	@$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt \
		applyconfiguration:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## CustomResourceDefinitions and the manager's role, from the markers, and both into the chart
	@$(CONTROLLER_GEN) crd paths=./api/... output:crd:artifacts:config=config/crd/bases
	@$(CONTROLLER_GEN) rbac:roleName=keylease-manager paths=./controllers/... output:rbac:artifacts:config=config/rbac
	@hack/chart.sh

.PHONY: verify
verify: generate manifests ## Fails where generated files, go.mod, formatting or vet want a change
	@hack/verify.sh $(GENERATED)

.PHONY: lint
lint: ## golangci-lint, with the architecture's rules
	@$(GOLANGCI_LINT) run --allow-parallel-runners ./...

.PHONY: test
test: ## Every test, on a real control plane (PKG=./controllers/...: of some packages only)
	@hack/test.sh -timeout 20m $(PKG) $(TESTFLAGS)

.PHONY: race
race: ## What runs at the same time, and some of the whole operator, under the race detector
	@hack/test.sh ./internal/slackapi ./internal/awsiam ./controllers/... ./test/simulation/real -race -timeout 20m -skip 'ACrashAtAnyCall|AStoryGoes'
	@hack/test.sh ./test/e2e -race -timeout 20m -run '$(RACE)'

.PHONY: soak
soak: ## Random edits of sheet and cluster for DURATION (1h)
	@assets=$(ASSETS) && KUBEBUILDER_ASSETS=$$assets \
		go test ./test/simulation/real -run Soak -timeout 0 -v -soak-duration=$(DURATION)

.PHONY: crashes
crashes: ## A crash behind every call of a whole life, and random stories, on a real control plane
	@hack/test.sh ./test/simulation/real -run 'ACrashAtAnyCall|AStoryGoes' -timeout 20m -every-crash

.PHONY: simulate
simulate: ## Random stories of the whole product, from SEED (1) on, for MINUTES (10)
	@go test ./test/simulation -run '^TestSimulate$$' -count 1 -timeout 0 -v -args -seed=$(SEED) -simulate-minutes=$(MINUTES)

.PHONY: mutants
mutants: ## Breaks each guard in turn, and tells what notices (ONLY=REGEXP MINUTES=10, 0: tests only); takes hours, resumes
	@assets=$(ASSETS) && KUBEBUILDER_ASSETS=$$assets go run ./hack/mutants run -only '$(ONLY)' -minutes $(MINUTES)

.PHONY: bench
bench: ## The benchmarks
	@assets=$(ASSETS) && KUBEBUILDER_ASSETS=$$assets go test -run '^$$' -bench . -benchmem ./test/bench/...

.PHONY: controlplane
controlplane: ## The folder with kube-apiserver and etcd, got if need be
	@hack/controlplane.sh

.PHONY: kubectl
kubectl: ## The same with a kubectl, for machines without one
	@hack/controlplane.sh kubectl

##@ Build

.PHONY: build
build: ## bin/keylease and bin/kubectl-keylease
	$(GO_BUILD) -o bin/ ./cmd/keylease ./cmd/kubectl-keylease

.PHONY: docker-build
docker-build: ## The image IMG
	docker build --build-arg VERSION=$(VERSION) --tag $(IMG) .

.PHONY: clean
clean: ## Removes bin/ (what is kept outside the checkout stays)
	rm -rf bin

##@ A cluster (the current context of kubectl)

.PHONY: install
install: ## The CustomResourceDefinitions only
	$(KUSTOMIZE) build config/crd | kubectl apply --server-side -f -

.PHONY: uninstall
uninstall: ## Removes the CustomResourceDefinitions, and with them every lease
	$(KUSTOMIZE) build config/crd | kubectl delete --ignore-not-found -f -

.PHONY: deploy
deploy: ## config/default with the image IMG
	@hack/deploy.sh

.PHONY: undeploy
undeploy: ## Removes the operator, its roles and policies; namespace, leases, sheets and Secrets stay
	@set -o pipefail; for part in manager policy rbac; do \
		$(KUSTOMIZE) build config/$$part | kubectl delete --ignore-not-found -f - || exit; done
