# SPDX-License-Identifier: Apache-2.0
# `make arm64`: cross-builds build/arm64/gatewake, one program for a Raspberry Pi 3, 4 and 5, checks what it is, and
# runs the tests under an emulated Cortex-A53 and Cortex-A72. As root on Debian it installs what it needs.

ARM64_O := build/arm64
ARM64   := aarch64-linux-gnu-
# The CPUs of a Pi 3 and a Pi 4, without what later ones have (cross/inspect has the list).
ARM64_CPUS    := cortex-a53 cortex-a72
ARM64_CFLAGS  ?= -O2 -g -mcpu=cortex-a53
# A Pi 5 runs a kernel of 16K pages, the others 4K, some servers 64K. What is laid out for the largest runs on each,
# and its read-only data ends where a page does on each. It is ld's default today; a change there must not move us.
ARM64_LDFLAGS ?= -Wl,-z,max-page-size=65536
ARM64_DEBIAN  := gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static openssl pkgconf:arm64 \
                 $(patsubst %,%:arm64,$(filter lib%,$(filter-out libc6-dev,$(DEBIAN))))

.PHONY: arm64 arm64-deps arm64-programs vm vm-programs
arm64_flags = --no-print-directory JOBS= O=$(ARM64_O) CC=$(ARM64)gcc AR=$(ARM64)ar \
              PKG_CONFIG=$(ARM64)pkg-config CFLAGS='$(ARM64_CFLAGS)' LDFLAGS='$(ARM64_LDFLAGS)'
arm64: arm64-deps
	$(QUIET)$(MAKE) $(arm64_flags) arm64-programs
	$(QUIET)cross/runtests $(ARM64_O) $(ARM64_CPUS)

arm64-programs: $(O)/gatewake $(UNIT) $(FUZZ) $(O)/simulate $(O)/fakeapi purity

# By hand: the program, and the image of a card with it, on a whole emulated board; root, minutes.
vm: arm64-deps $(O)/fakeapi
	$(QUIET)$(MAKE) $(arm64_flags) vm-programs
	@cross/deb arm64 > /dev/null
	$(QUIET)tests/vm/run --build $(ARM64_O)

vm-programs: $(O)/gatewake $(O)/fakeapi

# As `deps`, for another architecture.
arm64-deps:
	@if command -v $(ARM64)gcc >/dev/null && command -v openssl >/dev/null && \
		command -v qemu-aarch64-static >/dev/null && \
		$(ARM64)pkg-config --exists $(LIBRARIES) cmocka 2>/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		echo "installing: $(ARM64_DEBIAN)"; \
		dpkg --add-architecture arm64 && apt-get update -qq && \
			apt-get install -y -qq --no-install-recommends $(ARM64_DEBIAN) >/dev/null; \
	else echo "missing build packages; as root: dpkg --add-architecture arm64 && apt-get update &&" \
		"apt-get install -y --no-install-recommends $(ARM64_DEBIAN)" >&2; exit 2; fi
