# SPDX-License-Identifier: Apache-2.0
"""A real single-node cluster with a Cilium operator and an Envoy, made to lose the start-up race on demand."""
