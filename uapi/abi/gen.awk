# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Reads cloudabi.abi and checks it, with the functions of parse/*.awk.  One of
# gen/*.awk has the function emit(), which prints a file made from the table:
#
#	awk -f gen.awk -f parse/number.awk ... -f gen/c.awk -f gen/header.awk \
#		cloudabi.abi
#
# POSIX awk, and not even all of it: mawk, gawk and busybox all serve.

# mawk would round numbers over 2^31 to six digits where they become text.
BEGIN { CONVFMT = "%.0f" }

# Ends with a message about the current line, or about an earlier one.
function fail(message)
{
	printf "%s:%d: %s\n", table, at_line ? at_line : FNR, \
	       message | "cat >&2"
	close("cat >&2")
	failed = 1
	exit 1
}

# An error unless the line has that many words after its keyword.
function words(least, most)
{
	if (NF < least + 1 || (most != "" && NF > most + 1))
		fail("wrong number of words after " $1)
}

# The words of the line from one on.
function rest(first,    i, line)
{
	for (i = first; i <= NF; i++)
		line = line (i == first ? "" : " ") $i
	return line
}

function parse_machine()
{
	words(3)
	if (($1, $2, $3) in machine_value)
		fail("defined twice: " $2 " " $3)
	machine_value[$1, $2, $3] = rest(4)
	machine_kind[++nmachines] = $1
	machine_name[nmachines] = $2
	machine_item[nmachines] = $3
}

function parse_special()
{
	words(3)
	special_linux[++nspecials] = $2
	special_result[nspecials] = $3
	special_context[nspecials] = rest(4)
	special_doc[nspecials] = remark
}

function parse_deviation()
{
	words(3)
	if (remark == "")
		fail("a deviation without a reason: " $2 " " $3)
	if (($2, $3) in deviation)
		fail("declared twice: " $2 " " $3)
	deviation[$2, $3] = remark
	deviation_fact[$2, $3] = rest(4)
	deviation_kind[++ndeviations] = $2
	deviation_key[ndeviations] = $3
	deviation_line[ndeviations] = FNR
}

# Works out what needs all lines, and finds what only then is seen missing.
function finish(    i, first)
{
	if (finished)
		return
	finished = 1
	for (i = 1; i <= nstructs; i++) {
		layout(structs[i], 64)
		layout(structs[i], 32)
	}
	resolve_maxima()
	for (i = 1; i <= nvalues; i++) {
		at_line = value_line[i]
		if (value_type[i] == "filetype" && \
		    !((substr(value_name[i], 10), "base") in maximum))
			fail("no maximum rights: " value_name[i])
	}
	for (i = 0; i < ncalls; i++) {
		at_line = call_at[i]
		if (takes_descriptor(i) && !(call_name[i] in call_needs))
			fail("no line on rights: " call_name[i])
	}
	at_line = 0
}

NR == FNR {
	table = FILENAME
	remark = ""
	if (/^#/ || /^[ \t]*$/)
		next
	dash = index($0, " -- ")
	if (dash) {
		remark = substr($0, dash + 4)
		$0 = substr($0, 1, dash - 1)
	}
	if ($1 ~ /^(type|enum|flags)$/)
		parse_scalar()
	else if ($1 == "value")
		parse_value()
	else if ($1 == "errno")
		parse_errno()
	else if ($1 == "both")
		parse_both()
	else if ($1 == "errno-other")
		parse_errno_other()
	else if ($1 == "errno-restart")
		parse_errno_restart()
	else if ($1 == "signal")
		parse_signal()
	else if ($1 == "function")
		parse_function()
	else if ($1 == "struct")
		parse_struct()
	else if ($1 == "field")
		parse_field()
	else if ($1 == "either")
		parse_either()
	else if ($1 == "variant")
		parse_variant()
	else if ($1 == "call")
		parse_call()
	else if ($1 == "need")
		parse_need()
	else if ($1 == "implies")
		parse_implies()
	else if ($1 == "set")
		parse_set()
	else if ($1 == "maximum")
		parse_maximum()
	else if ($1 == "convention" || $1 == "start")
		parse_machine()
	else if ($1 == "special")
		parse_special()
	else if ($1 == "deviation")
		parse_deviation()
	else
		fail("unknown keyword: " $1)
}

END {
	if (failed)
		exit 1
	finish()
	if (failed)
		exit 1
	emit()
	exit failed
}
