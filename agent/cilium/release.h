/* SPDX-License-Identifier: Apache-2.0 */
/* release - what differs between Cilium's minor releases; one row a minor. Pure.
 * Source of the CRDs: requiredGVKs in operator/pkg/gateway-api/cell.go of each release. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct release_crd {
	const char *name;    /* metadata.name of the CustomResourceDefinition */
	const char *version; /* that must be among its served versions */
};

struct release {
	uint32_t minor; /* 1.18 is 118 */
	size_t crd_count;
	const struct release_crd *crds;
};

/* The minor that an operator's image says in its tag, digest or not: "quay.io/x/y:v1.18.4@sha256:..."
 * is 118; 0 where there is no such tag. */
uint32_t release_of_image(struct span image);

/* The row for a minor: that of the newest release not newer than it. An unknown minor (0) gets the
 * newest row, which asks for the most: a mistake then reports a missing CRD and restarts nothing. */
const struct release *release_find(uint32_t minor);

/* Each name of a CRD that any release asks for, once, by a place that begins at 0; NULL: that was all. */
const char *release_next_crd(size_t *place);
