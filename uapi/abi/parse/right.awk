# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Sets of rights: what calls need, what descriptors can have.

# The mask of a set of rights.
function rights(list,    part, n, i, item, mask, less)
{
	if (list == "-")
		return 0
	n = split(list, part, "|")
	for (i = 1; i <= n; i++) {
		item = part[i]
		less = sub(/^-/, "", item)
		if (sub(/^@/, "", item)) {
			if (!(item in set_mask))
				fail("unknown set of rights: " item)
			mask = or_bits(mask, set_mask[item])
		} else if (!(("RIGHT_" item) in value_index)) {
			fail("unknown right: " item)
		} else if (less) {
			mask = clear_bits(mask, right(item))
		} else {
			mask = or_bits(mask, right(item))
		}
	}
	return mask + 0
}

function right(name)
{
	return value_number[value_index["RIGHT_" name]]
}

# The names in a mask, joined by a separator.
function right_names(mask, before, between,    i, list)
{
	for (i = 1; i <= nvalues; i++)
		if (value_type[i] == "rights" && has_bit(mask, value_number[i]))
			list = list (list == "" ? "" : between) before \
			       substr(value_name[i], 7)
	return list
}

function all_rights(    i, mask)
{
	for (i = 1; i <= nvalues; i++)
		if (value_type[i] == "rights")
			mask += value_number[i]
	return mask
}

# The index of the input that holds a descriptor.
function need_input(nr, argument,    i)
{
	sub(/[.:].*$/, "", argument)
	for (i = 0; i < inputs[nr]; i++)
		if (input_name[nr, i] == argument)
			return i
	fail("unknown argument: " argument)
}

# "from,to" is two inputs that need the same.
function check_need_inputs(nr, list,    part, n, i)
{
	n = split(list, part, ",")
	for (i = 1; i <= n; i++)
		need_input(nr, part[i])
}

# The mask in a column of a need.
function need_mask(list)
{
	if (list == "requested")
		return 0
	sub(/^\+/, "", list)
	return rights(list)
}

function parse_need(    name, part, n)
{
	words(4, 5)
	split($2, part, "/")
	if (!(part[1] in call_nr))
		fail("unknown call: " part[1])
	if (NF == 6 && $6 !~ /^when=/)
		fail("expected when=: " $6)
	name = $2
	sub(/\//, "_", name)
	if (name in need_index)
		fail("need defined twice: " $2)
	need_index[name] = n = ++nneeds
	need_name[n] = name
	need_call[n] = part[1]
	need_variant[n] = part[2]
	need_argument[n] = $3
	check_need_inputs(call_nr[part[1]], $3)
	need_base[n] = need_mask($4)
	need_inheriting[n] = need_mask($5)
	need_base_text[n] = $4
	need_inheriting_text[n] = $5
	need_when[n] = substr($6, 6)
	if ($4 ~ /^\+/ || ($5 ~ /^\+/ && $4 == "-"))
		need_base[n] = or_bits(need_base[n], base_need(part[1]))
	call_needs[part[1]]++
}

# What a call needs in any case, for a need that adds to it.
function base_need(call)
{
	if (!(call in need_index))
		fail("nothing to add to: " call)
	return need_base[need_index[call]]
}

function parse_implies()
{
	words(2, 2)
	rights($2 "|" $3)
	implied[++nimplied] = $3
	implier[nimplied] = $2
}

function parse_set()
{
	words(2, 2)
	if ($2 in set_mask)
		fail("set defined twice: " $2)
	sets[++nsets] = $2
	set_mask[$2] = rights($3)
	set_doc[$2] = remark
}

function parse_maximum(    type)
{
	words(3, 3)
	type = $2
	sub(/_OTHER$/, "", type)
	if (!(("FILETYPE_" type) in value_index))
		fail("unknown file type: " $2)
	if ($3 !~ /^(base|inheriting)$/)
		fail("neither base nor inheriting: " $3)
	if (($2, $3) in maximum)
		fail("maximum defined twice: " $2)
	if ($3 == "base") {
		maximum_types[++nmaximum_types] = $2
		maximum_doc[$2] = remark
	}
	maximum[$2, $3] = $4
	maximum_at[$2, $3] = FNR
}

# Maxima may be written in any order: the sets are made when all are known.
function resolve_maxima(    i, pass, type)
{
	set_mask["ALL"] = all_rights()
	for (pass = 1; pass <= 2; pass++)
		for (i = 1; i <= nmaximum_types; i++) {
			type = maximum_types[i]
			at_line = maximum_at[type, "base"]
			if (pass == 1 && maximum[type, "base"] ~ /@/)
				continue
			set_mask[type] = rights(maximum[type, "base"])
		}
	for (i = 1; i <= nmaximum_types; i++) {
		type = maximum_types[i]
		at_line = maximum_at[type, "base"]
		if (!((type, "inheriting") in maximum))
			fail("no inheriting maximum: " type)
		at_line = maximum_at[type, "inheriting"]
		base_mask[type] = set_mask[type]
		inheriting_mask[type] = rights(maximum[type, "inheriting"])
	}
}
