# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints module/vdso/vdso_x86.S.

function emit(    i)
{
	# module/vdso/clock_x86.S has functions of these names, which make the
	# call only if they have to.
	wrapped["clock_res_get"]
	wrapped["clock_time_get"]
	split("rdi rsi rdx rcx r8 r9", c_register, " ")
	split("rcx r11", scratch, " ")
	if (convention("x86-64", "number") != "eax" || \
	    convention("x86-64", "trap") != "syscall" || \
	    convention("x86-64", "results") != "rax rdx")
		fail("this is not how the stubs work on x86-64")
	emit_prologue()
	for (i = 0; i < ncalls; i++)
		emit_stub(i)
	print "\n\t.section .note.GNU-stack, \"\", @progbits"
}

function convention(machine, item)
{
	return machine_value["convention", machine, item]
}

function emit_prologue()
{
	banner("GPL-2.0")
	print " *"
	print " * The entry points of 64-bit programs on x86-64.  Inputs go to the kernel in"
	print " * registers; what points to the results stays here, on the stack.  A set carry"
	print " * flag means that %eax is the error; a call without results returns 0 in %eax"
	print " * of its own."
	print " *"
	print " * TRAP instead of CALL: programs find another function by that name, which comes"
	print " * here when it has no answer."
	print " */"
	print "\t.macro CALL name"
	print "\t.balign 16"
	print "\t.globl cloudabi_sys_\\name"
	print "\t.type cloudabi_sys_\\name, @function"
	print "cloudabi_sys_\\name:"
	print "\t.cfi_startproc"
	print "\tendbr64"
	print "\t.endm"
	print ""
	print "\t.macro TRAP name"
	print "\t.balign 16"
	print "\t.globl trap_\\name"
	print "\t.hidden trap_\\name"
	print "\t.type trap_\\name, @function"
	print "trap_\\name:"
	print "\t.cfi_startproc"
	print "\t.endm"
	print ""
	print "\t.macro END symbol"
	print "\t.cfi_endproc"
	print "\t.size \\symbol, . - \\symbol"
	print "\t.endm"
	print ""
	print "\t.macro SAVE register"
	print "\tpush \\register"
	print "\t.cfi_adjust_cfa_offset 8"
	print "\t.endm"
	print ""
	print "\t.macro RESTORE register"
	print "\tpop \\register"
	print "\t.cfi_adjust_cfa_offset -8"
	print "\t.endm"
	print ""
	print "\t.text"
}

function emit_stub(nr,    i, n, name)
{
	n = inputs[nr]
	name = call_name[nr]
	printf "\n\t%s %s\n", name in wrapped ? "TRAP" : "CALL", name
	for (i = 0; i < n; i++)
		if (x86_64_input(i) != c_register[i + 1])
			printf "\tmov %%%s, %%%s\n", c_register[i + 1], \
			       x86_64_input(i)
	for (i = 0; i < outputs[nr]; i++)
		if (n + i < 6)
			printf "\tSAVE %%%s\n", c_register[n + i + 1]
	printf "\tmov $%d, %%eax\n", nr
	print "\tsyscall"
	if (noreturn[nr])
		print "\tud2"
	else
		emit_return(nr)
	printf "\tEND %s%s\n", name in wrapped ? "trap_" : "cloudabi_sys_", name
}

# The carry flag survives the pops and moves.
function emit_return(nr,    i, n)
{
	n = inputs[nr]
	if (n + outputs[nr] > 7)
		fail("more than seven parameters in C: " call_name[nr])
	for (i = outputs[nr] - 1; i >= 0; i--)
		if (n + i < 6)
			printf "\tRESTORE %%%s\n", scratch[i + 1]
		else
			printf "\tmov 8(%%rsp), %%%s\n", scratch[i + 1]
	if (outputs[nr])
		print "\tjc 1f"
	for (i = 0; i < outputs[nr]; i++)
		printf "\tmov %%%s, (%%%s)\n", \
		       part_of(x86_64_result(i), output_type[nr, i]), \
		       scratch[i + 1]
	if (outputs[nr])
		print "\txor %eax, %eax"
	print outputs[nr] ? "1:\tret" : "\tret"
}

# The part of a register that has the width of a type.
function part_of(register, type,    size, letter)
{
	size = size_of(type, 64)
	letter = substr(register, 2, 1)
	if (size == 8)
		return "r" letter "x"
	if (size == 4)
		return "e" letter "x"
	return size == 2 ? letter "x" : letter "l"
}
