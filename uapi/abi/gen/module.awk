# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints module/abi_gen.h.

function emit()
{
	banner("GPL-2.0-only")
	print " *"
	print " * Numbers of the calls, the rights they need, the rights descriptors can have,"
	print " * and the prototypes of the handlers."
	print " */"
	print "#ifndef _CLOUDABI_ABI_GEN_H"
	print "#define _CLOUDABI_ABI_GEN_H"
	print ""
	print "#include <linux/types.h>"
	print ""
	print "#include <linux/cloudabi.h>"
	emit_numbers()
	emit_needs()
	emit_maxima()
	emit_lists()
	emit_prototypes()
	print "\n#endif /* _CLOUDABI_ABI_GEN_H */"
}

function emit_numbers(    i)
{
	print "\n/* Numbers of the calls. */"
	for (i = 0; i < ncalls; i++)
		macro("CLOUDABI_NR_" call_name[i], i)
	macro("CLOUDABI_NR_CALLS", ncalls)
}

function rights_expression(mask)
{
	return mask ? right_names(mask, "CLOUDABI_RIGHT_", " | ") : "0"
}

function emit_needs(    i)
{
	print ""
	print "/*"
	print " * Base rights a call needs of a descriptor, and inheriting ones where it does."
	print " * Calls that need different rights in different cases have a line for each."
	print " */"
	for (i = 1; i <= nneeds; i++) {
		macro_list("CLOUDABI_NEED_" need_name[i], \
			   rights_expression(need_base[i]))
		if (need_inheriting[i])
			macro_list("CLOUDABI_NEED_INHERITING_" need_name[i], \
				   rights_expression(need_inheriting[i]))
	}
	for (i = 0; i < ncalls; i++)
		if (!(call_name[i] in call_needs))
			macro("CLOUDABI_NEED_" call_name[i], 0)
}

function emit_maxima(    i)
{
	for (i = 1; i <= nsets; i++) {
		printf "\n/* %s */\n", capital(set_doc[sets[i]])
		macro_list("CLOUDABI_RIGHTS_" sets[i], \
			   rights_expression(set_mask[sets[i]]))
	}
	print "\n/* The most a descriptor of a type can have. */"
	for (i = 1; i <= nmaximum_types; i++) {
		macro_list("CLOUDABI_MAX_BASE_" maximum_types[i], \
			   set_expression(base_mask[maximum_types[i]]))
		macro_list("CLOUDABI_MAX_INHERITING_" maximum_types[i], \
			   set_expression(inheriting_mask[maximum_types[i]]))
	}
}

function set_expression(mask)
{
	if (mask == set_mask["ALL"])
		return "CLOUDABI_RIGHTS_ALL"
	return rights_expression(mask)
}

function emit_lists(    i)
{
	print "\n/* X(name, number, inputs, results) */"
	list_start("CALL")
	for (i = 0; i < ncalls; i++)
		list_item(sprintf("%s, %d, %d, %d", call_name[i], i, \
				  inputs[i], outputs[i]), i == ncalls - 1)
	print "\n/* X(name) */"
	list_start("RIGHT")
	list_values("rights")
	print "\n/* X(Linux name, CloudABI name) */"
	list_start("ERRNO")
	for (i = 1; i <= nlinux_errnos; i++)
		if (!duplicate_errno(i))
			list_item(linux_errnos[i] ", " \
				  linux_errno[linux_errnos[i]], \
				  i == nlinux_errnos)
	print "\n/* X(name, default action) */"
	list_start("SIGNAL")
	list_values("signal")
}

# Whether an earlier name has the same number: one case of a switch is enough.
function duplicate_errno(i,    j)
{
	for (j = 1; j < i; j++)
		if (linux_errno_number[linux_errnos[j]] == \
		    linux_errno_number[linux_errnos[i]])
			return 1
	return 0
}

function list_start(name)
{
	printf "#define CLOUDABI_FOR_EACH_%s(X)", name
}

function list_item(item, last)
{
	printf " \\\n\tX(%s)", item
	if (last)
		print ""
}

function list_values(type,    i, left, name)
{
	for (i = 1; i <= nvalues; i++)
		left += value_type[i] == type
	for (i = 1; i <= nvalues; i++) {
		if (value_type[i] != type)
			continue
		name = substr(value_name[i], length(prefix[type]) + 1)
		if (type == "signal")
			name = name ", " action[value_name[i]]
		list_item(name, --left == 0)
	}
}

function emit_prototypes(    i)
{
	print ""
	print "/*"
	print " * Handlers: inputs as the program gave them, then a place for each result."
	print " * Return 0, or a negative Linux errno and no result."
	print " */"
	for (i = 0; i < ncalls; i++)
		call_line("int cloudabi_call_" call_name[i] "(", \
			  kernel_parameters(i), ");")
}

function kernel_parameters(nr,    i, list)
{
	for (i = 0; i < inputs[nr]; i++)
		list = list "|" kernel_declaration(input_type[nr, i], \
						    input_name[nr, i])
	for (i = 0; i < outputs[nr]; i++)
		list = list "|" kernel_declaration(output_type[nr, i], \
						    "*" output_name[nr, i])
	return list == "" ? "void" : substr(list, 2)
}
