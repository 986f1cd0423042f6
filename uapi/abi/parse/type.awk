# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Types of members and arguments.

function is_pointer(type)
{
	return type ~ /^(const)?\*/
}

function is_const(type)
{
	return type ~ /^const\*/
}

# What a pointer points to.
function target(type)
{
	sub(/^(const)?\*/, "", type)
	return type
}

function is_scalar(type)
{
	return kind[type] ~ /^(type|enum|flags)$/
}

# Whether a type has another size for 32-bit programs.
function is_wide(type)
{
	return is_pointer(type) || type == "size" || type == "address" || \
	       (type in wide)
}

function size_of(type, width)
{
	if (is_pointer(type) || type == "size" || type == "address")
		return width / 8
	if (kind[type] == "struct")
		return struct_size[type, width]
	if (is_scalar(type))
		type = rep[type]
	return substr(type, 2) / 8
}

function align_of(type, width)
{
	if (kind[type] == "struct")
		return struct_align[type, width]
	return size_of(type, width)
}

function is_basic(type)
{
	return type ~ /^(u8|u16|u32|u64|s64)$/
}

# An error unless the type can be used for a member or an argument.
function check_type(type)
{
	if (is_pointer(type)) {
		type = target(type)
		if (type == "void" || type == "char" || kind[type] == "function")
			return
	}
	if (type == "size" || type == "address" || is_basic(type) || \
	    is_scalar(type) || kind[type] == "struct")
		return
	fail("unknown type: " type)
}

function define(name, what)
{
	if (name !~ /^[a-z][a-z0-9_]*$/)
		fail("bad name: " name)
	if (name in kind)
		fail("defined twice: " name)
	kind[name] = what
	doc[name] = remark
	order[++norder] = name
}
