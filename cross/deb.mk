# SPDX-License-Identifier: Apache-2.0
# `make deb`: build/gatewake_VERSION_ARCH.deb, for this machine or for DEB_ARCH (amd64, arm64). It installs on the
# Debian that it was built on and on later ones. `make package` builds both, and tries them.

DEB_ARCH ?= $(shell dpkg --print-architecture)

.PHONY: deb package
deb: ; @cross/deb $(DEB_ARCH)

package: $(O)/fakeapi
	@tests/package/run --build $(O)
