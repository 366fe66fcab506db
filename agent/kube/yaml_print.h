/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_print - JSON as YAML in the block style that people read. What would be anything but itself without
 * quotes is quoted as JSON quotes it, which YAML reads as well. */
#pragma once
#include <stdio.h>

/* One document, without its "---". -EBADMSG: no JSON; -ENOMEM, -EIO. */
int yaml_print(const char *json, FILE *stream);
