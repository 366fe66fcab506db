/* SPDX-License-Identifier: Apache-2.0 */
/* material - the bytes that fields of a kubeconfig stand for: base64 in the field itself, or a file
 * that it names. Relative paths start at the kubeconfig's folder. What is returned is the caller's
 * to wipe and free (secret_free), and holds no NUL byte. Faults are told as kubefile_reject() does:
 * -errno of the file, -EBADMSG, -ENAMETOOLONG, -E2BIG, -ENOMEM. */
#pragma once
#include "kube/kubefile.h"

/* Two fields for the same thing: the data beats the file. */
struct material_fields {
	const char *data; /* base64 */
	const char *file;
};

/* *ret_bytes is NULL where neither is set; *ret_field is the one to name in a message. */
int material_read(const struct kubefile *file, const struct kubefile_entry *entry,
                  const struct material_fields *fields, const char **ret_field, char **ret_bytes);

/* The file that a field names, and its path if the caller wants it (NULL: no). */
int material_read_file(const struct kubefile *file, const struct kubefile_entry *entry,
                       const char *field, const char *named, size_t max_bytes, char **ret_path,
                       char **ret_bytes);
