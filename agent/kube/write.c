/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/write.h"

#include <cjson/cJSON.h>

#include "base/cleanup.h"

DEFINE_CLEANUP(cJSON, cJSON_Delete)

int write_delete_options(const char *uid, const char *version, char **ret_json)
{
	CLEANUP(cJSON_Delete_p) cJSON *options = cJSON_CreateObject();
	cJSON *preconditions = cJSON_AddObjectToObject(options, "preconditions");
	char *json;

	if (!cJSON_AddStringToObject(options, "kind", "DeleteOptions") ||
	    !cJSON_AddStringToObject(options, "apiVersion", "v1") ||
	    !cJSON_AddStringToObject(preconditions, "uid", uid) ||
	    !cJSON_AddStringToObject(preconditions, "resourceVersion", version))
		return -ENOMEM;
	json = cJSON_PrintUnformatted(options);
	if (!json)
		return -ENOMEM;
	*ret_json = json;
	return 0;
}
