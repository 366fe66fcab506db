# SPDX-License-Identifier: Apache-2.0
# whoever deletes is not let finish
# breaks: after a delete
# edits: 1
s/return kept->gone_usec + after_delete_usec\[kept->deletes - 1\];/return kept->gone_usec;/
