# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Structures, and where their members are on 64-bit and 32-bit machines.

function parse_struct()
{
	words(1, 1)
	define($2, "struct")
	struct = $2
	variant = scalar = ""
	structs[++nstructs] = struct
}

function add_member(type, name, count, other, other_name,    n)
{
	if (struct == "")
		fail("a member outside of a struct")
	if (name !~ /^[a-z][a-z0-9_]*$/)
		fail("bad name of a member: " name)
	check_type(type)
	if ((struct, variant, name) in member_seen)
		fail("member defined twice: " name)
	member_seen[struct, variant, name] = 1
	if (is_wide(type))
		wide[struct] = 1
	n = ++members[struct]
	member_type[struct, n] = type
	member_name[struct, n] = name
	member_count[struct, n] = count
	member_other[struct, n] = other
	member_other_name[struct, n] = other_name
	member_variant[struct, n] = variant
	member_doc[struct, n] = remark
}

function parse_field(    type, count)
{
	words(2, 2)
	type = $2
	if (type ~ /\[[1-9][0-9]*\]$/) {
		count = type
		sub(/^.*\[/, "", count)
		sub(/\[.*$/, "", type)
		count = count + 0
	}
	add_member(type, $3, count, "", "")
}

function parse_either()
{
	words(4, 4)
	check_type($5)
	if (size_of($3, 64) != size_of($5, 64) || \
	    size_of($3, 32) != size_of($5, 32))
		fail("not of one size: " $3 " " $5)
	add_member($3, $2, 0, $5, $4)
}

function parse_variant()
{
	words(1, 1)
	if (struct == "")
		fail("a variant outside of a struct")
	variant = $2
	variant_doc[struct, variant] = remark
}

function parse_function(    i, part)
{
	words(1)
	define($2, "function")
	for (i = 3; i <= NF; i++) {
		if (split($i, part, ":") != 2)
			fail("not TYPE:NAME: " $i)
		function_type[$2, i - 2] = part[1]
		function_name[$2, i - 2] = part[2]
	}
	function_args[$2] = NF - 2
}

function layout(s, width,    i, v, at, start, end, align, size)
{
	align = 1
	for (i = 1; i <= members[s]; i++) {
		v = member_variant[s, i]
		if (v != "" && align_of(member_type[s, i], width) > union_align[s, width])
			union_align[s, width] = align_of(member_type[s, i], width)
		if (align_of(member_type[s, i], width) > align)
			align = align_of(member_type[s, i], width)
	}
	struct_align[s, width] = align
	v = ""
	for (i = 1; i <= members[s]; i++) {
		if (member_variant[s, i] != v) {
			if (v == "")
				start = round_up(at, union_align[s, width])
			v = member_variant[s, i]
			at = start
		}
		size = size_of(member_type[s, i], width)
		at = round_up(at, align_of(member_type[s, i], width))
		member_offset[s, i, width] = at
		if (member_count[s, i])
			size *= member_count[s, i]
		member_size[s, i, width] = size
		at += size
		if (at > end)
			end = at
	}
	union_start[s, width] = start
	struct_size[s, width] = round_up(end, align)
}

function round_up(value, align)
{
	return int((value + align - 1) / align) * align
}
