# SPDX-License-Identifier: Apache-2.0
# gatewake: `make` builds build/gatewake, `make test` runs all that needs no root and no download.
# Variants: `make SAN=1 ...` builds into build/san with the address and undefined-behaviour sanitizers.

VERSION := 0.1.0
CFLAGS  ?= -O2 -g
CC      ?= cc
PKG_CONFIG ?= pkg-config
ARCH    := $(shell $(CC) -dumpmachine)
V       ?= 0
# As many jobs as processors, unless asked for another number.
JOBS := $(if $(filter -j% --jobs%,$(MAKEFLAGS)),,-j$(shell nproc))
MAKEFLAGS += $(JOBS)
QUIET   := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' '$(1)' '$(2)')

O := build$(if $(SAN),/san)

LIBRARIES := libcurl libcjson libcrypto libssl libsystemd libmnl yaml-0.1
DEBIAN    := gcc libc6-dev make pkgconf libcurl4-openssl-dev libcjson-dev libssl-dev libsystemd-dev \
             libmnl-dev libyaml-dev libcmocka-dev openssl
# pkg-config is asked inside recipes only: by then `deps` has run.
lib_cflags = $$($(PKG_CONFIG) --cflags $(LIBRARIES))
lib_libs   = $$($(PKG_CONFIG) --libs $(LIBRARIES))

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wformat=2 \
        -Wconversion -Wno-sign-conversion -Wvla -Wundef -Wwrite-strings -Wpointer-arith \
        $(if $(filter 0,$(WERROR)),,-Werror)
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection \
          $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) \
          $(if $(filter x86_64%,$(ARCH)),-fcf-protection=full) \
          $(if $(filter aarch64%,$(ARCH)),-mbranch-protection=standard)
comma := ,
SANITIZE := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
OWN_CFLAGS  = -std=gnu11 -D_GNU_SOURCE -DGATEWAKE_VERSION='"$(VERSION)"' -Iagent -I. $(WARN) $(HARDEN) $(SANITIZE)
OWN_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(SANITIZE)

SOURCES := $(wildcard agent/*.c agent/*/*.c platform/arm64/*.c)
OBJECTS := $(patsubst %.c,$(O)/%.o,$(filter-out agent/main.c,$(SOURCES)))
LIBRARY := $(O)/libgatewake.a
PURE    := $(filter $(O)/agent/core/% $(O)/agent/cilium/% $(O)/agent/report/%,$(OBJECTS))
MODEL   := $(patsubst %.c,$(O)/%.o,$(wildcard tests/model/*.c))
FUZZ    := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT    := $(patsubst %.c,$(O)/%,$(wildcard tests/unit/test_*.c))
SIM     := $(patsubst %.c,$(O)/%.o,$(wildcard tests/sim/*.c))
HEADERS := $(wildcard agent/*.h agent/*/*.h platform/arm64/*.h tests/*/*.h)

.PHONY: all deps test demo fuzz e2e bench boot netns soak failover chroots checks purity headers complexity format clean
all: $(O)/gatewake

# Asked before everything else. Root on Debian: installs what is missing; else says what to install.
deps:
	@if $(PKG_CONFIG) --exists $(LIBRARIES) cmocka 2>/dev/null && command -v $(CC) >/dev/null && command -v openssl >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		echo "installing: $(DEBIAN)"; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $(DEBIAN) >/dev/null; \
	else echo "missing build packages; as root: apt-get install -y --no-install-recommends $(DEBIAN)" >&2; exit 2; fi

$(O)/%.o: %.c | deps
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(QUIET)$(CC) $(OWN_CFLAGS) $(lib_cflags) $(CPPFLAGS) $(CFLAGS) -frandom-seed=$< -MMD -MP -c $< -o $@

$(LIBRARY): $(OBJECTS)
	$(call say,AR,$@)
	$(QUIET)rm -f $@ && $(AR) rcs $@ $^

$(O)/gatewake: $(O)/agent/main.o $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

$(UNIT): $(O)/%: $(O)/%.o $(MODEL) $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ $(lib_libs) $$($(PKG_CONFIG) --libs cmocka) -o $@

# Each fuzz target replays its corpus in `make test`; `make fuzz` lets libFuzzer look for more (clang).
$(FUZZ): $(O)/%: $(O)/%.o $(O)/tests/fuzz/replay.o $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

FUZZ_SECONDS ?= 60
fuzz: | deps
	@mkdir -p $(O)/fuzz && for t in $(notdir $(FUZZ)); do \
		mkdir -p $(O)/fuzz/$$t && \
		clang $(filter-out -fstack-clash-protection -Werror,$(OWN_CFLAGS)) $(lib_cflags) -O1 -g -Wno-unknown-warning-option \
			-fsanitize=fuzzer,address,undefined tests/fuzz/$$t.c $(filter-out agent/main.c,$(SOURCES)) $(lib_libs) -o $(O)/fuzz/$$t.bin && \
		(cd $(O)/fuzz && ./$$t.bin -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $$t ../../tests/fuzz/corpus/$$t) || exit 1; done

$(O)/simulate: $(SIM) $(MODEL) $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ -o $@

# Mutants: the core broken on purpose in one place each; the simulation must notice every one.
MUTANTS := $(if $(SAN),,$(patsubst tests/sim/mutants/%.sed,$(O)/mutants/%,$(wildcard tests/sim/mutants/*.sed)))

$(MUTANTS): $(O)/mutants/%: tests/sim/mutants/%.sed tests/sim/mutate $(SIM) $(MODEL) $(LIBRARY)
	$(call say,MUT,$*)
	$(QUIET)tests/sim/mutate $< $@.core
	$(QUIET)$(CC) $(OWN_CFLAGS) -w $(CPPFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS) $@.core/*.c $(SIM) $(MODEL) $(LIBRARY) -o $@

test: $(O)/gatewake $(UNIT) $(FUZZ) $(O)/simulate $(MUTANTS) checks
	$(QUIET)tests/runtests $(O)

checks: $(if $(SAN),,purity headers)

# The pure folders may use what they define, backoff's arithmetic, and the C library's mem* and str*.
purity: $(PURE) $(O)/agent/base/backoff.o
	@nm --defined-only -g $^ | awk 'NF == 3 { print $$3 }' | sort -u > $(O)/pure.defined
	@nm -u $(PURE) | awk '$$1 == "U" { print $$2 }' | sort -u | grep -vxF -f $(O)/pure.defined | \
		grep -vE '^(mem|str)[a-z]+$$|^__(mem|str)[a-z]+_chk$$|^_?_?v?snprintf(_chk)?$$|^__stack_chk_(fail|guard)$$|^_GLOBAL_OFFSET_TABLE_$$' > $(O)/pure.foreign || true
	@nm -u $(filter-out $(O)/agent/report/%,$(PURE)) | awk '/snprintf/ { print $$2 " outside report" }' >> $(O)/pure.foreign
	@if [ -s $(O)/pure.foreign ]; then echo "not pure: $$(tr '\n' ' ' < $(O)/pure.foreign)" >&2; exit 1; fi

# Every header compiles alone.
headers: | deps
	@for h in $(HEADERS); do \
		echo "#include \"$$h\"" | $(CC) $(OWN_CFLAGS) $(lib_cflags) -Wno-unused-function -fsyntax-only -x c - || \
		{ echo "$$h does not compile alone" >&2; exit 1; }; done

e2e: $(O)/gatewake
	tests/e2e/run --agent $(O)/gatewake

# By hand: what the package's program costs while all is well: memory, wake-ups, writes, size. SECONDS=120 for a look.
bench:
	@tests/bench/run --seconds $(or $(SECONDS),600)

# The service under a real systemd, in a container; root. swallow is gatewake with a defect for the watchdog, hoard
# one that keeps what it frees.
boot: $(O)/gatewake $(O)/swallow $(O)/hoard $(O)/fakeapi
	@tests/boot/run --build $(O)

$(O)/swallow: $(O)/tests/boot/swallow.o $(O)/agent/main.o $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) -Wl,--wrap=http_start,--wrap=http_next $^ $(lib_libs) -o $@

$(O)/hoard: $(O)/tests/boot/hoard.o $(O)/agent/main.o $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

# The virtual address moved by the real keepalived, between nodes that are network namespaces; root.
netns: $(O)/gatewake $(O)/fakeapi
	@tests/netns/run --agent $(O)/gatewake --fakeapi $(O)/fakeapi

# By hand: a fail-over every 20 s, for an hour; and how fast the agent is after 50 of them.
soak: $(O)/gatewake $(O)/fakeapi
	@tests/netns/soak --agent $(O)/gatewake --fakeapi $(O)/fakeapi --seconds $(or $(SECONDS),3600)

failover: $(O)/gatewake $(O)/fakeapi
	@tests/netns/failover --agent $(O)/gatewake --fakeapi $(O)/fakeapi --rounds $(or $(ROUNDS),50)

# What gatewake does, to be watched: under a minute, no root. AGENT=0: what happens without it.
demo: $(O)/gatewake $(O)/fakeapi
	@AGENT=$(or $(AGENT),1) tests/demo/run $(O)

# What README.md promises for a fresh Debian, by hand; TARGETS are make's, there.
chroots: ; tests/chroots $(TARGETS)

complexity: ; @awk -f tests/complexity.awk $(SOURCES) | sort -rn | head -10
format: ; clang-format-14 -i $(SOURCES) $(HEADERS) $(wildcard tests/*/*.c)
clean: ; rm -rf build

-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)

# --- the fake API server (tests/fakeapi), and the contract that it and the real bed keep (tests/contract) ---
FAKEAPI  := $(patsubst %.c,$(O)/%.o,$(wildcard tests/fakeapi/*.c))
CONTRACT := $(patsubst %.c,$(O)/%.o,$(wildcard tests/contract/*.c))

$(O)/fakeapi: $(FAKEAPI) $(MODEL)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ $$($(PKG_CONFIG) --libs libcjson libssl libcrypto) -pthread -o $@

$(O)/contract: $(CONTRACT) $(LIBRARY)
	$(call say,LD,$@)
	$(QUIET)$(CC) $(OWN_LDFLAGS) $(LDFLAGS) $^ $(lib_libs) -o $@

test: $(O)/fakeapi $(O)/contract

include cross/arm64.mk
include cross/deb.mk
include cross/image.mk
