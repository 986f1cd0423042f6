# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints selftests/crt/calls_gen.c.

function emit(    i, longest)
{
	for (i = 0; i < ncalls; i++)
		if (length(call_name[i]) > longest)
			longest = length(call_name[i])
	banner("GPL-2.0", "//")
	print " */"
	print "#include <stdint.h>"
	print "#include <string.h>"
	print ""
	print "#include \"crt.h\""
	print ""
	macro("PREFIX", "\"cloudabi_sys_\"")
	print ""
	print "/* No pointers, so that the table is right before any relocation. */"
	print "#define NAME(name, nr, inputs, results) PREFIX #name,"
	printf "static const char names[][sizeof(PREFIX) + %d] = {\n", longest
	print "\tCLOUDABI_FOR_EACH_CALL(NAME)"
	print "};"
	print ""
	print "static uintptr_t addresses[CLOUDABI_NR_CALLS];"
	print ""
	print "#define CALL(nr, name) \\"
	print "\t((__typeof__(cloudabi_sys_##name) *)addresses[nr])"
	print ""
	print "void cloudabi_calls_resolve(const char *name, void *address)"
	print "{"
	print "\tfor (size_t i = 0; i < CLOUDABI_NR_CALLS; i++) {"
	print "\t\tif (!strcmp(names[i], name))"
	print "\t\t\taddresses[i] = (uintptr_t)address;"
	print "\t}"
	print "}"
	print ""
	print "void crt_calls_resolve(void)"
	print "{"
	print "\tfor (size_t i = 0; i < CLOUDABI_NR_CALLS; i++)"
	print "\t\taddresses[i] = (uintptr_t)crt_vdso_symbol(names[i]);"
	print "}"
	for (i = 0; i < ncalls; i++)
		emit_call(i)
}

function emit_call(nr,    i, list)
{
	for (i = 0; i < inputs[nr]; i++)
		list = list ", " input_name[nr, i]
	for (i = 0; i < outputs[nr]; i++)
		list = list ", " output_name[nr, i]
	list = substr(list, 3)
	print ""
	call_line(user_head(nr), user_parameters(nr), ")")
	print "{"
	printf "\tif (!addresses[%d])\n", nr
	if (noreturn[nr])
		print "\t\t__builtin_trap();"
	else
		print "\t\treturn CLOUDABI_ENOSYS;"
	gsub(/, /, "|", list)
	call_line("\t" (noreturn[nr] ? "" : "return ") "CALL(" nr ", " \
		  call_name[nr] ")(", list, ");")
	if (noreturn[nr])
		print "\t__builtin_trap();"
	print "}"
}
