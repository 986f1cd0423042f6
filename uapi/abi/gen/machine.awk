# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Where each machine has the arguments and results of a call.

# Bytes of a type on a 32-bit machine, as an argument.
function slot_size(type)
{
	return size_of(type, 32) == 8 ? 8 : 4
}

# x86-64 has a list of registers, of which input i is the one after i others.
function x86_64_input(i,    part)
{
	split(machine_value["convention", "x86-64", "args"], part, " ")
	return part[i + 1]
}

function x86_64_result(i,    part)
{
	split(machine_value["convention", "x86-64", "results"], part, " ")
	return part[i + 1]
}

# i686 has everything on the stack, without gaps.
function i686_input(nr, i,    at, j)
{
	at = 4
	for (j = 0; j < i; j++)
		at += slot_size(input_type[nr, j])
	return at "(%esp)" (slot_size(input_type[nr, i]) == 8 ? "..+8" : "")
}

function i686_result(nr, i)
{
	if (i == 1)
		return "edx"
	return size_of(output_type[nr, 0], 32) == 8 ? "eax,edx" : "eax"
}

# armv6 has four registers and then the stack.  What is aligned to 8 bytes
# starts with an even register or an even word of the stack, and once the stack
# is in use, no register is used any more.
function armv6_input(nr, i,    word, j, size)
{
	for (j = 0; j <= i; j++) {
		size = slot_size(input_type[nr, j]) / 4
		if (align_of(input_type[nr, j], 32) == 8)
			word = round_up(word, 2)
		if (word < 4 && word + size > 4)
			word = 4
		if (j < i)
			word += size
	}
	return armv6_word(word) (size == 2 ? "," armv6_word(word + 1) : "")
}

function armv6_word(word)
{
	return word < 4 ? "r" (word + 0) : "[sp,#" (word - 4) * 4 "]"
}

function armv6_result(nr, i)
{
	if (i == 1)
		return "r1"
	return size_of(output_type[nr, 0], 32) == 8 ? "r0,r1" : "r0"
}
