/* SPDX-License-Identifier: Apache-2.0 */
/* probe - what the end of a request says: at which layer a probe stopped, and how an ask or a write
 * ended. Judges nothing beyond that. */
#pragma once
#include "core/core.h"
#include "wire/http.h"

/* The first layer that GET /readyz did not pass, LAYER_USABLE after a 200. detail gets one line, with
 * the time that the request took. */
enum layer probe_layer(const struct http_end *end, uint64_t took_usec, char *detail, size_t size);

/* How an ask ended: OK for 2xx, REFUSED for any other answer, UNREACHABLE without one. */
enum result probe_result_of_ask(const struct http_end *end);

/* How a write ended. Without an answer it may have happened as soon as the request could have been sent
 * (LOST); 404 and 409 say that the object is not the one that was judged (CONFLICT); 5xx after a write
 * is as good as no answer (LOST): the API may have stored it before it failed. */
enum result probe_result_of_write(const struct http_end *end);

/* One line for a failed request: the API's own words where it gave any. */
void probe_explain(const struct http_end *end, char *text, size_t size);
