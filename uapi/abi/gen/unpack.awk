# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints module/unpack_gen.h.

function emit(    i)
{
	banner("GPL-2.0-only")
	print " *"
	print " * From registers to typed arguments, and from results to registers: one"
	print " * function a call, for the table of operations and no one else.  What a"
	print " * register holds above the type of its argument is dropped."
	print " */"
	print "#ifndef _CLOUDABI_UNPACK_GEN_H"
	print "#define _CLOUDABI_UNPACK_GEN_H"
	for (i = 0; i < ncalls; i++)
		emit_unpack(i)
	print "\n#endif /* _CLOUDABI_UNPACK_GEN_H */"
}

function emit_unpack(nr,    i, list)
{
	printf "\nstatic __maybe_unused int unpack_%s(struct pt_regs *regs)\n", \
	       call_name[nr]
	print "{"
	for (i = 0; i < inputs[nr]; i++)
		emit_input(input_type[nr, i], input_name[nr, i], i)
	for (i = 0; i < outputs[nr]; i++)
		print "\t" kernel_declaration(output_type[nr, i], \
					      output_name[nr, i]) ";"
	print "\tint error;"
	print ""
	for (i = 0; i < inputs[nr]; i++)
		list = list "|" input_name[nr, i]
	for (i = 0; i < outputs[nr]; i++)
		list = list "|&" output_name[nr, i]
	call_line("\terror = cloudabi_call_" call_name[nr] "(", \
		  substr(list, 2), ");")
	print "\tif (likely(!error))"
	printf "\t\tarch_result%d(regs", outputs[nr]
	for (i = 0; i < outputs[nr]; i++)
		printf ", %s", output_name[nr, i]
	print ");"
	print "\treturn error;"
	print "}"
}

function emit_input(type, name, i,    value)
{
	value = "arch_arg(regs, " i ")"
	if (type == "lookup") {
		printf "\tcloudabi_lookup_t %s = {\n", name
		printf "\t\t.fd = lower_32_bits(%s),\n", value
		printf "\t\t.flags = upper_32_bits(%s),\n", value
		print "\t};"
		return
	}
	if (is_pointer(type))
		value = "(void __user *)" value
	value = "\t" kernel_declaration(type, name) " = " value ";"
	if (length_of(value) > 80)
		sub(/ = /, " =\n\t\t", value)
	print value
}
