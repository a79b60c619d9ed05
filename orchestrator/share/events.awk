# SPDX-License-Identifier: Apache-2.0
# The table of events in README.md as items of an mdoc(7) list, so that it is kept in one place.
/^\| about \| events \|$/ {
	inside = 1
	getline
	next
}
inside && !/^\|/ { exit }
inside {
	split($0, cells, / *\| */)
	text = cells[3]
	while (match(text, /`[a-z_]+`/))
		text = substr(text, 1, RSTART - 1) "\\fB" substr(text, RSTART + 1, RLENGTH - 2) "\\fR" \
			substr(text, RSTART + RLENGTH)
	print ".It \\&" toupper(substr(cells[2], 1, 1)) substr(cells[2], 2)
	print text "."
}
