# SPDX-License-Identifier: Apache-2.0
# `make image`: build/gatewake-pi.img, the image of a card for a Raspberry Pi 3 or 4 with the package in it (cross/image
# says what else). IMAGE_FLAGS='--key id_ed25519.pub --files my-node' are its. `make vm` boots the same.

.PHONY: image
image:
	@package=$$(cross/deb arm64) && cross/image $(IMAGE_FLAGS) "$$package" build/gatewake-pi.img
