/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/material.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "kube/kubeconfig.h"
#include "tls/base64.h"

#define PATH_SHOWN 64 /* of a path in a message */

static int resolve(const char *kubeconfig_path, const char *named, char *path, size_t size)
{
	const char *slash = strrchr(kubeconfig_path, '/');
	int folder = named[0] != '/' && slash ? (int)(slash - kubeconfig_path) + 1 : 0;
	int len = snprintf(path, size, "%.*s%s", folder, kubeconfig_path, named);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

int material_read_file(const struct kubefile *file, const struct kubefile_entry *entry,
                       const char *field, const char *named, size_t max_bytes, char **ret_path,
                       char **ret_bytes)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	char path[PATH_MAX];
	char shown[PATH_SHOWN] = "the file it names, from the kubeconfig's folder";
	struct failure cause;
	size_t len;
	int rc;

	/* Only what is plainly a path is shown: it may be a key pasted into the wrong field. */
	if (named[0] == '/')
		file_label(shown, sizeof(shown), named);
	rc = resolve(file->path, named, path, sizeof(path));
	if (rc < 0)
		return kubefile_reject(file, entry, field, FAILURE_LOCAL, rc, "%s", strerror(-rc));
	rc = file_read_bounded(path, max_bytes, shown, &bytes, &len, &cause);
	if (rc < 0)
		return kubefile_reject(file, entry, field, cause.class, rc, "%s", cause.text);
	if (strlen(bytes) != len)
		return kubefile_reject(file, entry, field, FAILURE_BAD_DATA, -EBADMSG,
		                       "%s: a NUL byte in it", shown);
	if (ret_path && !(*ret_path = strdup(path)))
		return kubefile_out_of_memory(file);
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

static int decode_field(const struct kubefile *file, const struct kubefile_entry *entry,
                        const char *field, const char *text, char **ret)
{
	CLEANUP(secret_free_p) char *bytes = NULL;
	size_t len = 0;
	int rc = tls_base64_decode(span_of(text), &bytes, &len);

	if (rc == -ENOMEM)
		return kubefile_out_of_memory(file);
	if (rc == 0 && strlen(bytes) != len)
		rc = -EBADMSG;
	if (rc < 0)
		return kubefile_reject(file, entry, field, FAILURE_BAD_DATA, rc, "%s; %s",
		                       bytes ? "not PEM beneath the base64" : "not base64",
		                       "copy the file again from the server");
	*ret = TAKE_PTR(bytes);
	return 0;
}

int material_read(const struct kubefile *file, const struct kubefile_entry *entry,
                  const struct material_fields *fields, const char **ret_field, char **ret_bytes)
{
	const char *data, *named = NULL;
	int rc;

	rc = kubefile_get_text(file, entry, fields->data, &data);
	if (rc == 0)
		rc = kubefile_get_text(file, entry, fields->file, &named);
	if (rc < 0)
		return rc;
	*ret_field = data || !named ? fields->data : fields->file;
	if (data)
		return decode_field(file, entry, fields->data, data, ret_bytes);
	if (named)
		return material_read_file(file, entry, fields->file, named, KUBECONFIG_MAX_BYTES,
		                          NULL, ret_bytes);
	*ret_bytes = NULL;
	return 0;
}
