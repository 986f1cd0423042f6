# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Compares the table with a file of facts about CloudABI that was gathered
# independently:
#
#	awk -f gen.awk ... -f facts.awk cloudabi.abi FACTS
#
# A line of facts is tab separated: a kind, a key of one or two columns, values,
# and perhaps a note.  Every line must be about an item of the table and agree
# with it, and every item must have its line; the table declares exceptions.

# Numbers in a text, as decimal.
function decimal(text,    n, part, i, all)
{
	n = split(text, part, " ")
	for (i = 1; i <= n; i++) {
		if (part[i] ~ /^0x[0-9a-f]+,?$/) {
			comma = sub(/,$/, "", part[i]) ? "," : ""
			part[i] = number(part[i]) comma
		}
		all = all (i > 1 ? " " : "") part[i]
	}
	return all
}

function compare_scalar() { compare("scalar", f[2], 2) }

function compare_const()
{
	f[3] = number(f[3])
	compare("const", f[2], 2)
}

function compare_rightsmax()
{
	if (f[4] !~ /^0x/)
		f[4] = "no mask: " f[4]
	compare("rightsmax", f[2] "/" f[3], 3)
}

function compare_rightreq(    i)
{
	gsub(/ /, "_", f[2])
	for (i = 4; i <= 5; i++) {
		if (f[i] ~ /^(requested base\|requested inheriting|new base|new inheriting)$/)
			f[i] = "requested"
		else if (known_rights(f[i]))
			f[i] = need_text(f[i])
	}
	compare("rightreq", f[2] " of " f[3], 3)
}

function known_rights(list,    part, n, i)
{
	sub(/^\+/, "", list)
	n = split(list, part, "|")
	for (i = 1; i <= n; i++)
		if (!(("RIGHT_" part[i]) in value_index))
			return 0
	return n
}

# "EWOULDBLOCK(=EAGAIN)": the second name is another one for the same number.
function compare_errno(    alias)
{
	if (f[2] ~ /\(=/) {
		alias = f[2]
		sub(/\(.*$/, "", f[2])
		sub(/^.*=/, "", alias)
		sub(/\).*$/, "", alias)
		if ((alias in linux_errno) && \
		    linux_errno_number[alias] != f[3])
			differ("errno", f[2], "as another name of " alias, \
			       f[3], linux_errno_number[alias])
		else if (!(alias in linux_errno) && alias != f[4])
			differ("errno", f[2], "as another name", alias, f[4])
	}
	compare("errno", f[2], 2)
}

# Of prose, the names of errors are compared.
function compare_errnospecial(    word)
{
	f[3] = error_names(f[3])
	word = f[4]
	sub(/[ :;,].*$/, "", word)
	if (word !~ /^(success|0|-|HANGUP|FDS_TRUNCATED)$/) {
		f[4] = error_names(f[4])
		sub(/,.*$/, "", f[4])
	} else {
		f[4] = word
	}
	compare("errnospecial", f[2], 2)
}

# The names of errors and calls of this interface in a text.
function error_names(text,    part, n, i, list)
{
	n = split(text, part, /[^A-Z0-9_]+/)
	for (i = 1; i <= n; i++)
		if (part[i] in value_index && part[i] ~ /^E/)
			list = list (list == "" ? "" : ",") part[i]
	return list == "" ? "-" : list
}

# "SHUT_RD 1 / WR 2 / both 3" is three facts in one line.
function compare_flagmap(    left, right_side, n, i)
{
	n = split(f[2], left, " / ")
	if (n != split(f[3], right_side, " / ")) {
		problem("not as many values on Linux: " f[2])
		return
	}
	for (i = 1; i <= n; i++)
		compare_flag(left[i], right_side[i], n > 1)
}

function compare_flag(left, right_side, by_linux,    name, value, want)
{
	sub(/^Linux /, "", right_side)
	right_side = decimal(right_side)
	if (right_side ~ /\([^0-9]*\)$/)
		sub(/ \(.*$/, "", right_side)
	sub(/ \(file\)$/, "", left)
	value = name = left
	sub(/^.* /, "", value)
	if (value ~ /^(0x)?[0-9a-f]+$/)
		sub(/ [^ ]*$/, "", name)
	if (by_linux)
		name = linux_flag(right_side)
	gsub(/ /, "", name)
	if (!(("flagmap", name) in expected)) {
		unknown("flagmap", name, right_side)
		return
	}
	split(expected["flagmap", name], want, "\t")
	# A line may leave out the value, or the name on Linux.
	f[3] = value ~ /^(0x)?[0-9a-f]+$/ ? number(value) : want[1]
	f[4] = right_side ~ /^[0-9]+$/ ? linux_of(want[2]) right_side : right_side
	f[2] = name
	compare("flagmap", name, 2)
}

function linux_of(text)
{
	sub(/[^ ]*$/, "", text)
	return text
}

# The name of the item that has a name on Linux.
function linux_flag(text,    i)
{
	sub(/ .*$/, "", text)
	for (i = 1; i <= nvalues; i++)
		if (linux_name(value_linux[i]) == text)
			return value_name[i]
	return text
}

function problem(message)
{
	printf "%s:%d: %s\n", FILENAME, FNR, message
	differences++
}

# Whether the table says that a fact is as it is and not as the table is.
function is_declared(kind, key, fact)
{
	return ((kind, key) in deviation) && \
	       deviation_fact[kind, key] "" == fact ""
}

# A value that differs: no problem if the table says that it does.
function differ(kind, key, name, have, want)
{
	if (!is_declared(kind, key, have)) {
		problem(kind " " key ": " name " is " have \
			", the table has " want)
		return
	}
	printf "%s:%d: %s %s: %s is %s, the table has %s on purpose: %s\n", \
	       FILENAME, FNR, kind, key, name, have, want, deviation[kind, key]
	deviated[kind, key] = 1
}

# A line without an item.
function unknown(kind, key, have)
{
	if (!is_declared(kind, key, have)) {
		problem(kind " " key ": not in the table")
		return
	}
	printf "%s:%d: %s %s: not in the table on purpose: %s\n", FILENAME, \
	       FNR, kind, key, deviation[kind, key]
	deviated[kind, key] = 1
	compared[kind]++
}

# Compares the columns after the key, which ends with column "from".
function compare(kind, key, from,    want, names, n, i)
{
	if (!((kind, key) in expected)) {
		unknown(kind, key, f[from + 1])
		return
	}
	if ((kind, key) in seen)
		problem(kind " " key ": there is an earlier line")
	seen[kind, key] = 1
	compared[kind]++
	n = split(value_names[kind], names, "|")
	split(expected[kind, key], want, "\t")
	for (i = 1; i <= n; i++) {
		values_compared++
		if ((f[from + i] "") != (want[i] ""))
			differ(kind, key, names[i], f[from + i], want[i])
	}
}

NR != FNR && !started {
	finish()
	started = 1
	expect_all()
}

NR != FNR && !/^#/ && !/^[ \t]*$/ {
	fact_lines++
	split("", f)
	columns = split($0, f, "\t")
	if (!(f[1] in key_columns)) {
		problem("unknown kind of fact: " f[1])
		next
	}
	wanted = 1 + key_columns[f[1]] + split(value_names[f[1]], dummy, "|")
	if (f[1] == "flagmap")
		wanted = 3
	if (columns < wanted || columns > wanted + 1) {
		problem(f[1] " " f[2] ": " columns " columns, not " wanted)
		next
	}
	before = compared[f[1]] + differences
	if (f[1] == "const")
		compare_const()
	else if (f[1] == "rightsmax")
		compare_rightsmax()
	else if (f[1] == "rightreq")
		compare_rightreq()
	else if (f[1] == "errno")
		compare_errno()
	else if (f[1] == "errnospecial")
		compare_errnospecial()
	else if (f[1] == "flagmap")
		compare_flagmap()
	else if (f[1] == "callconv" || f[1] == "start") {
		gsub(/ /, "_", f[3])
		compare(f[1], f[2] "/" f[3], 3)
	} else if (key_columns[f[1]] == 2)
		compare(f[1], f[2] "/" f[3], 3)
	else
		compare(f[1], f[2], 2)
	if (compared[f[1]] + differences == before)
		problem(f[1] " " f[2] ": not compared")
	else
		lines_compared++
}

# Reports; gen.awk calls this when all input was read.
function emit(    i)
{
	if (!fact_lines)
		fail("no facts to compare with")
	for (i = 1; i <= nitems; i++)
		if (!((item_kind[i], item_key[i]) in seen))
			missing(item_kind[i], item_key[i])
	for (i = 1; i <= ndeviations; i++)
		if (!((deviation_kind[i], deviation_key[i]) in deviated)) {
			printf "%s:%d: deviation declared, but there is none: %s %s\n", \
			       table, deviation_line[i], deviation_kind[i], \
			       deviation_key[i]
			differences++
		}
	for (i = 1; i <= nkinds; i++)
		printf "%-12s %4d compared\n", kinds[i], compared[kinds[i]]
	printf "%d lines, %d values, %d differences, %d declared deviations\n", \
	       lines_compared, values_compared, differences, ndeviations
	if (differences)
		failed = 1
}

# An item without a line.
function missing(kind, key)
{
	if (!is_declared(kind, key, "none")) {
		printf "%s: %s %s: no fact about it\n", table, kind, key
		differences++
		return
	}
	printf "%s: %s %s: no fact about it, on purpose: %s\n", table, kind, \
	       key, deviation[kind, key]
	deviated[kind, key] = 1
}
