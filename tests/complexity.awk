# SPDX-License-Identifier: Apache-2.0
# The length of each function, longest first after sort: "lines file:line name".
FNR == 1 { inside = 0 }
/^[a-z].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
/^{/ { inside = 1; start = FNR }
/^}/ && inside { print FNR - start - 1, FILENAME ":" start, name; inside = 0 }
