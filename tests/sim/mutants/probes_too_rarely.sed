# SPDX-License-Identifier: Apache-2.0
# the return of the address is noticed late
# breaks: window
# edits: 2
s/^#define PROBE_DOWN_USEC .*/#define PROBE_DOWN_USEC (12 * SECONDS_USEC)/
s/^#define PROBE_TARDY_USEC .*/#define PROBE_TARDY_USEC (12 * SECONDS_USEC)/
