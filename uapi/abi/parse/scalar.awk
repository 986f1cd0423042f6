# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Scalars with their constants: errors and signals are among them.

function parse_scalar()
{
	words($1 == "type" ? 2 : 3, $1 == "type" ? 2 : 3)
	if (!is_basic($3))
		fail("unknown representation: " $3)
	define($2, $1)
	rep[$2] = $3
	prefix[$2] = $4 == "-" ? "" : $4
	scalar = $2
	struct = ""
}

function add_value(name, value, linux,    i)
{
	if (scalar == "")
		fail("a value outside of a type")
	if (name !~ /^[A-Z][A-Z0-9_]*$/)
		fail("bad name of a constant: " name)
	if (name in value_index)
		fail("constant defined twice: " name)
	if (length(hex(value, 1)) > substr(rep[scalar], 2) / 4)
		fail("too large for its type: " name)
	for (i = 1; i <= nvalues; i++) {
		if (value_type[i] != scalar || kind[scalar] == "type")
			continue
		if (value_number[i] == value)
			fail("duplicate number: " name)
	}
	if (kind[scalar] == "flags" && !is_bit(value))
		fail("not one bit: " name)
	value_index[name] = ++nvalues
	value_type[nvalues] = scalar
	value_name[nvalues] = name
	value_number[nvalues] = value
	value_linux[nvalues] = linux
	value_doc[nvalues] = remark
	value_line[nvalues] = FNR
}

function parse_value()
{
	words(2, 4)
	if (NF >= 4)
		check_linux($4)
	if (NF == 5 && !sub(/^arm64=/, "", $5))
		fail("not arm64=NUMBER: " $5)
	add_value(prefix[scalar] $2, number($3), $4)
	if (NF == 5)
		value_arm64[nvalues] = number($5)
}

# What an item is on Linux, as NAME=NUMBER.
function check_linux(item,    part)
{
	if (split(item, part, "=") != 2 || part[1] !~ /^[A-Z][A-Z_0-9]*$/)
		fail("not NAME=NUMBER: " item)
	return number(part[2])
}

function linux_name(item)
{
	return substr(item, 1, index(item, "=") - 1)
}

function linux_number(item)
{
	return number(substr(item, index(item, "=") + 1))
}

function parse_both(    i, sum)
{
	words(3, 3)
	for (i = 2; i <= 3; i++) {
		if (!((prefix[scalar] $i) in value_index))
			fail("unknown constant: " $i)
		sum += value_number[value_index[prefix[scalar] $i]]
	}
	check_linux($4)
	both_linux[++nboth] = $4
	both_number[nboth] = sum
	both_type[nboth] = scalar
}

function parse_errno_other()
{
	words(1, 1)
	if (!($2 in value_index))
		fail("unknown error: " $2)
	errno_other = $2
}

function parse_errno_restart(    i)
{
	words(1)
	for (i = 2; i <= NF; i++) {
		check_linux($i)
		restarts[++nrestarts] = $i
	}
}

function in_sequence(value, last, what)
{
	if (value <= last)
		fail("duplicate number of a " what ": " value)
	if (value != last + 1)
		fail("gap before the number of a " what ": " value)
}

function parse_errno(    i, name)
{
	words(2)
	in_sequence(number($2), nvalues_of["errno"] - 1, "errno")
	nvalues_of["errno"]++
	add_value($3, number($2), "")
	for (i = 4; i <= NF; i++) {
		check_linux($i)
		name = linux_name($i)
		if (name in linux_errno)
			fail("mapped twice: " name)
		linux_errno[name] = $3
		linux_errno_number[name] = linux_number($i)
		linux_errnos[++nlinux_errnos] = name
	}
}

function parse_signal()
{
	words(4, 4)
	in_sequence(number($2), nvalues_of["signal"] + 0, "signal")
	nvalues_of["signal"]++
	if ($4 !~ /^(TERMINATE|STOP|IGNORE|CONTINUE)$/)
		fail("unknown action: " $4)
	check_linux($5)
	add_value($3, number($2), $5)
	action[$3] = $4
}
