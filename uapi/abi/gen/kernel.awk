# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Types as the handlers of the module see them.

function kernel_type(type)
{
	if (is_pointer(type))
		return c_target(type, "64") " __user *"
	if (type == "address")
		return "unsigned long"
	if (type == "size")
		return "size_t"
	return c_scalar(type)
}

function kernel_declaration(type, name)
{
	if (is_pointer(type))
		return kernel_type(type) name
	return kernel_type(type) " " name
}
