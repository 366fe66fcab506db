/* SPDX-License-Identifier: Apache-2.0 */
#include "cilium/release.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define GROUP        ".gateway.networking.k8s.io"

/* 1.16 still required tlsroutes v1alpha2; 1.17 made it optional. */
static const struct release_crd crds_1_16[] = {
	{ "gatewayclasses" GROUP, "v1" },       { "gateways" GROUP, "v1" },
	{ "httproutes" GROUP, "v1" },           { "grpcroutes" GROUP, "v1" },
	{ "referencegrants" GROUP, "v1beta1" }, { "tlsroutes" GROUP, "v1alpha2" },
};
static const struct release_crd crds_1_17[] = {
	{ "gatewayclasses" GROUP, "v1" },       { "gateways" GROUP, "v1" },
	{ "httproutes" GROUP, "v1" },           { "grpcroutes" GROUP, "v1" },
	{ "referencegrants" GROUP, "v1beta1" },
};
static const struct release_crd crds_1_20[] = {
	{ "gatewayclasses" GROUP, "v1" },     { "gateways" GROUP, "v1" },
	{ "httproutes" GROUP, "v1" },         { "grpcroutes" GROUP, "v1" },
	{ "tlsroutes" GROUP, "v1" },          { "referencegrants" GROUP, "v1" },
	{ "backendtlspolicies" GROUP, "v1" },
};

static const struct release releases[] = {
	/* oldest first */
	{ 116, COUNT(crds_1_16), crds_1_16 }, { 117, COUNT(crds_1_17), crds_1_17 },
	{ 118, COUNT(crds_1_17), crds_1_17 }, { 119, COUNT(crds_1_17), crds_1_17 },
	{ 120, COUNT(crds_1_20), crds_1_20 },
};

const struct release *release_find(uint32_t minor)
{
	size_t row = COUNT(releases) - 1;

	while (minor && row > 0 && releases[row].minor > minor)
		row--;
	return &releases[row];
}

/* The place counts through all rows, newest first. */
static const char *crd_at(size_t place)
{
	for (size_t row = COUNT(releases); row-- > 0; place -= releases[row].crd_count)
		if (place < releases[row].crd_count)
			return releases[row].crds[place].name;
	return NULL;
}

static bool is_first(size_t place)
{
	const char *name = crd_at(place);

	for (size_t before = 0; before < place; before++)
		if (strcmp(crd_at(before), name) == 0)
			return false;
	return true;
}

const char *release_next_crd(size_t *place)
{
	while (crd_at(*place) && !is_first(*place))
		(*place)++;
	return crd_at((*place)++);
}

static struct span tag_of(struct span image)
{
	const char *digest = memchr(image.ptr, '@', image.len);
	size_t end = digest ? (size_t)(digest - image.ptr) : image.len;
	size_t start = end;

	/* A colon before the last slash is a registry's port. */
	while (start > 0 && image.ptr[start - 1] != ':' && image.ptr[start - 1] != '/')
		start--;
	if (start == 0 || image.ptr[start - 1] != ':')
		return (struct span){ image.ptr, 0 };
	return (struct span){ image.ptr + start, end - start };
}

/* Reads up to three digits at *at; false where there is none. */
static bool read_number(struct span text, size_t *at, uint32_t *ret_number)
{
	uint32_t number = 0;
	size_t start = *at;

	while (*at < text.len && *at - start < 3 && text.ptr[*at] >= '0' && text.ptr[*at] <= '9')
		number = number * 10 + (uint32_t)(text.ptr[(*at)++] - '0');
	if (*at == start)
		return false;
	*ret_number = number;
	return true;
}

uint32_t release_of_image(struct span image)
{
	struct span tag = image.len ? tag_of(image) : image;
	uint32_t major, minor;
	size_t at = 0;

	if (tag.len && tag.ptr[0] == 'v')
		at++;
	if (!read_number(tag, &at, &major) || at >= tag.len || tag.ptr[at++] != '.' ||
	    !read_number(tag, &at, &minor) || major != 1 || minor > 99)
		return 0;
	return major * 100 + minor;
}
