# The developer loop. `make` before each commit, `make test` before each merge.

GO       ?= go
PKG      ?= ./...
FUZZTIME ?= 60s
SHOTS    ?= $(CURDIR)/dist/shots

.PHONY: all check format vet staticcheck unit quick race long test interop peers bench fuzz shots dict clean

all: check unit

check: format vet staticcheck

format:
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "not formatted, run gofmt -w:"; echo "$$files"; exit 1; }

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool staticcheck ./...

unit:
	@sh .ci/tests ./...

# The house tests and the packages with changes since HEAD.
quick:
	@pkgs=$$(git diff --name-only HEAD -- '*.go' | xargs -r -n1 dirname | sort -u | sed 's|^|./|'); \
	$(GO) test . $$pkgs

race:
	@sh .ci/tests -race -count=1 -timeout 30m ./...

# What takes minutes: 10,000 hostile servers and the like.
long:
	@LONG=1 sh .ci/tests -count=1 -timeout 60m ./...

# Everything, with the peers that we did not write.
test: check peers interop

interop:
	@INTEROP=1 sh .ci/tests -count=1 -p 1 -timeout 30m ./...

# Installs the Debian peers where it may, and says which are missing.
peers:
	@sh .ci/peers

bench:
	@sh .ci/bench

# make fuzz PKG=./ul FUZZTIME=60s: each target of one package, or of all.
# Without the bound a slow target spends its minute on making one input shorter.
fuzz:
	@for pkg in $$($(GO) list $(PKG)); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg || exit 1; \
	  done; \
	done

# Pages as pictures, to be looked at.
shots:
	@mkdir -p $(SHOTS)
	SHOTS=$(SHOTS) $(GO) test -count=1 -run Shots ./internal/report
	@ls $(SHOTS)

dict:
	$(GO) generate ./dicom/dict

clean:
	rm -rf bin dist
