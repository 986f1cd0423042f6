# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints selftests/crt/calls_gen.h.

function emit(    i)
{
	banner("GPL-2.0")
	print " *"
	print " * The calls as C functions.  They go through a table of the addresses found in"
	print " * the vDSO; a call that the vDSO lacks returns CLOUDABI_ENOSYS, or traps if it"
	print " * cannot return."
	print " */"
	print "#ifndef _CALLS_GEN_H"
	print "#define _CALLS_GEN_H"
	print ""
	print "#include <stddef.h>"
	print "#include <linux/cloudabi.h>"
	print ""
	print "/* X(name, number, inputs, results) */"
	printf "#define CLOUDABI_FOR_EACH_CALL(X)"
	for (i = 0; i < ncalls; i++)
		printf " \\\n\tX(%s, %d, %d, %d)", call_name[i], i, \
		       inputs[i], outputs[i]
	print "\n"
	macro("CLOUDABI_NR_CALLS", ncalls)
	print ""
	print "/* Notes the address of a symbol of the vDSO, if it is that of a call. */"
	print "void cloudabi_calls_resolve(const char *name, void *address);"
	print ""
	print "/* Asks crt_vdso_symbol() for the address of every call. */"
	print "void crt_calls_resolve(void);"
	print ""
	for (i = 0; i < ncalls; i++)
		call_line(user_head(i), user_parameters(i), ");")
	print "\n#endif /* _CALLS_GEN_H */"
}
