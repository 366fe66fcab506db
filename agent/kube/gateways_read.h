/* SPDX-License-Identifier: Apache-2.0 */
/* gateways_read - turns the JSON of one object into the struct that kube/gateways keeps. Inside kube/ only;
 * no cJSON type leaves it. */
#pragma once
#include "kube/gateways.h"

/* *ret is freed with gateways_object_free().
 *   -EBADMSG  not such an object; ret_failure names the field, and quotes nothing
 *   -ENOMEM */
int gateways_read(enum gateways_kind kind, struct span json, struct gateways_object **ret,
		  struct failure *ret_failure);

void gateways_object_free(struct gateways_object *object); /* NULL is fine */
