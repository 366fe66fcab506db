# SPDX-License-Identifier: Apache-2.0
# no pause after a create that did not succeed
# breaks: storm
# edits: 1
s/backoff_pause_usec(&retry\[outcome->result\], kept->failed, kept->luck);/0;/
