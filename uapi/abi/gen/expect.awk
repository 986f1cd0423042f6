# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The table in the form of a file of facts: a kind, a key, and values.

# Declares a kind: columns of the key, names of the columns of values.
function declare(kind, keys, names)
{
	if (!(kind in key_columns))
		kinds[++nkinds] = kind
	key_columns[kind] = keys
	value_names[kind] = names
}

function declare_all()
{
	declare("scalar", 1, "size|signedness")
	declare("const", 1, "value")
	declare("syscall", 1, "number")
	declare("arg", 2, "name|type|x86-64 register|aarch64 register|" \
		"armv6 place|i686 place|32-on-64 slot")
	declare("result", 2, "name|type|x86-64 register|aarch64 register|" \
		"armv6 register|i686 register")
	declare("structsize", 1, "64-bit size|64-bit alignment|" \
		"32-bit size|32-bit alignment")
	declare("struct", 2, "64-bit offset|64-bit size|32-bit offset|" \
		"32-bit size")
	declare("rightsmax", 2, "rights")
	declare("rightreq", 2, "base rights|inheriting rights")
	declare("errno", 1, "Linux number|CloudABI name|CloudABI number")
	declare("errnospecial", 1, "Linux result|CloudABI result")
	declare("signal", 1, "number|Linux name|Linux number|default action")
	declare("flagmap", 1, "CloudABI value|Linux value")
	declare("callconv", 2, "value")
	declare("start", 2, "value")
}

# An item of the table: the values joined by tabs.
function expect(kind, key, values)
{
	expected[kind, key] = values
	item_kind[++nitems] = kind
	item_key[nitems] = key
}

function fact_type(type)
{
	if (type == "address")
		return "void *"
	if (type == "size")
		return "size_t"
	if (!is_pointer(type))
		return "cloudabi_" type "_t"
	type = target(type)
	return (type ~ /^(char|void)$/ ? type : "cloudabi_" type "_t") " *"
}

function expect_scalars(    i, type)
{
	for (i = 1; i <= norder; i++) {
		type = order[i]
		if (is_scalar(type))
			expect("scalar", type, size_of(type, 64) "\t" \
			     (rep[type] ~ /^s/ ? "signed" : "unsigned"))
	}
	expect("scalar", "size(native)", both_sizes("size") "\tunsigned")
	expect("scalar", "pointer(native)", both_sizes("*void") "\tunsigned")
	for (i = 1; i <= nvalues; i++)
		expect("const", "CLOUDABI_" value_name[i], value_number[i])
}

function both_sizes(type)
{
	return size_of(type, 64) "/" size_of(type, 32)
}

function expect_calls(    nr, i)
{
	for (nr = 0; nr < ncalls; nr++) {
		expect("syscall", call_name[nr], nr)
		for (i = 0; i < inputs[nr]; i++)
			expect("arg", call_name[nr] "/" i, \
			     input_name[nr, i] "\t" \
			     fact_type(input_type[nr, i]) "\t" \
			     x86_64_input(i) "\tx" i "\t" \
			     armv6_input(nr, i) "\t" i686_input(nr, i) "\t" i * 8)
		for (i = 0; i < outputs[nr]; i++)
			expect("result", call_name[nr] "/" i, \
			     output_name[nr, i] "\t" \
			     fact_type(output_type[nr, i]) "\t" \
			     x86_64_result(i) "\tx" i "\t" \
			     armv6_result(nr, i) "\t" i686_result(nr, i))
		if (noreturn[nr])
			expect("result", call_name[nr] "/-", \
			     "noreturn\t-\t-\t-\t-\t-")
	}
}

function expect_structs(    i, j, s, name, place)
{
	for (i = 1; i <= nstructs; i++) {
		s = structs[i]
		expect("structsize", s, struct_size[s, 64] "\t" \
		     struct_align[s, 64] "\t" struct_size[s, 32] "\t" \
		     struct_align[s, 32])
		for (j = 1; j <= members[s]; j++) {
			name = member_variant[s, j]
			name = s "/" name (name == "" ? "" : ".")
			place = member_offset[s, j, 64] "\t" \
				member_size[s, j, 64] "\t" \
				member_offset[s, j, 32] "\t" \
				member_size[s, j, 32]
			expect("struct", name member_name[s, j], place)
			if (member_other[s, j] != "")
				expect("struct", name member_other_name[s, j], place)
		}
	}
}

function expect_rights(    i, type)
{
	expect("rightsmax", "ALL/base", mask_text(set_mask["ALL"]))
	for (i = 1; i <= nmaximum_types; i++) {
		type = fact_filetype(maximum_types[i])
		expect("rightsmax", type "/base", \
		     mask_text(base_mask[maximum_types[i]]))
		expect("rightsmax", type "/inheriting", \
		     mask_text(inheriting_mask[maximum_types[i]]))
	}
	expect("rightsmax", "accessmode O_RDONLY/base-cleared", \
	     mask_text(set_mask["CLEARED_RDONLY"]))
	expect("rightsmax", "accessmode O_WRONLY/base-cleared", \
	     mask_text(set_mask["CLEARED_WRONLY"]))
	expect("rightsmax", "open:read-trigger/base", \
	     mask_text(set_mask["OPEN_READ"]))
	expect("rightsmax", "open:write-trigger/base", \
	     mask_text(set_mask["OPEN_WRITE"]))
	for (i = 1; i <= nneeds; i++)
		expect("rightreq", need_key(i), need_text(need_base_text[i]) \
		     "\t" need_text(need_inheriting_text[i]))
}

function fact_filetype(type)
{
	if (type == "CHARACTER_DEVICE")
		return type "(tty)"
	if (sub(/_OTHER$/, "", type))
		return type "(other)"
	return type
}

function mask_text(mask)
{
	return "0x" hex(mask, 16)
}

function need_key(i,    argument)
{
	argument = need_argument[i]
	sub(/^.*:/, "", argument)
	return need_call[i] (need_when[i] == "" ? "" : "/" need_when[i]) \
	       " of " argument
}

# A set of rights in the order of the bits; what is no set stays.
function need_text(list,    plus, names)
{
	if (list == "-" || list == "requested")
		return list
	plus = sub(/^\+/, "", list) ? "+" : ""
	return plus right_names(rights(list), "", "|")
}

function expect_errors(    i, name, names, last)
{
	for (i = 1; i <= nlinux_errnos; i++) {
		name = linux_errnos[i]
		expect("errno", name, linux_errno_number[name] "\t" \
		     linux_errno[name] "\t" \
		     value_number[value_index[linux_errno[name]]])
	}
	expect("errno", "0", "0\t" value_name[value_index["ESUCCESS"]] "\t" \
	     value_number[value_index["ESUCCESS"]])
	expect("errno", "(any other)", "-\t" errno_other "\t" \
	     value_number[value_index[errno_other]])
	for (i = 1; i <= nrestarts; i++)
		names = names (i > 1 ? "/" : "") linux_name(restarts[i])
	expect("errno", names, linux_number(restarts[1]) ".." \
	     linux_number(restarts[nrestarts]) "\t(restart, never visible)\t-")
	for (i = 1; i <= nspecials; i++)
		expect("errnospecial", special_context[i], \
		     special_linux[i] "\t" special_result[i])
}

function expect_signals(    i, linux)
{
	for (i = 1; i <= nvalues; i++) {
		linux = value_linux[i]
		if (value_type[i] == "signal")
			expect("signal", value_name[i], value_number[i] "\t" \
			     linux_name(linux) "\t" linux_number(linux) "\t" \
			     tolower(action[value_name[i]]))
		else if (linux != "")
			expect("flagmap", value_name[i], \
			     value_number[i] "\t" linux_text(i))
	}
	for (i = 1; i <= nboth; i++)
		expect("flagmap", linux_name(both_linux[i]), both_number[i] \
		     "\t" linux_name(both_linux[i]) " " \
		     linux_number(both_linux[i]))
}

function linux_text(i,    text)
{
	text = linux_name(value_linux[i]) " " linux_number(value_linux[i])
	if (i in value_arm64)
		text = text " (x86), " value_arm64[i] " (arm64)"
	return text
}

function expect_machines(    i, kind, key)
{
	for (i = 1; i <= nmachines; i++) {
		kind = machine_kind[i]
		key = machine_name[i] "/" machine_item[i]
		expect(kind == "convention" ? "callconv" : kind, key, \
		     machine_value[kind, machine_name[i], machine_item[i]])
	}
}

function expect_all()
{
	declare_all()
	expect_scalars()
	expect_calls()
	expect_structs()
	expect_rights()
	expect_errors()
	expect_signals()
	expect_machines()
}
