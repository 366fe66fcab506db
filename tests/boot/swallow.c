/* SPDX-License-Identifier: Apache-2.0 */
/* gatewake with a defect, for the watchdog's test: while FLAG exists, what becomes of a DELETE
 * never comes out of wire/http, as if a transfer's end were lost in there. Linked with --wrap: no
 * hook stands in the program itself. */
#include <unistd.h>

#include "wire/http.h"

#define FLAG "/run/gatewake-swallow"

static uint32_t swallowed;

int __real_http_start(struct http *http, const struct http_endpoint *endpoint,
                      const struct http_request *request, uint32_t *ret_id);
int __wrap_http_start(struct http *http, const struct http_endpoint *endpoint,
                      const struct http_request *request, uint32_t *ret_id);
bool __real_http_next(struct http *http, struct http_end *ret);
bool __wrap_http_next(struct http *http, struct http_end *ret);

int __wrap_http_start(struct http *http, const struct http_endpoint *endpoint,
                      const struct http_request *request, uint32_t *ret_id)
{
	int r = __real_http_start(http, endpoint, request, ret_id);

	if (r == 0 && request->method == HTTP_DELETE && access(FLAG, F_OK) == 0)
		swallowed = *ret_id;
	return r;
}

bool __wrap_http_next(struct http *http, struct http_end *ret)
{
	while (__real_http_next(http, ret))
		if (ret->id != swallowed)
			return true;
	return false;
}
