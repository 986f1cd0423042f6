# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Calls.

function parse_call(    nr, i, part, results)
{
	words(2)
	nr = number($2)
	in_sequence(nr, ncalls - 1, "call")
	if ($3 !~ /^[a-z][a-z0-9_]*$/ || ($3 in call_nr))
		fail("bad or duplicate name of a call: " $3)
	call_name[nr] = $3
	call_nr[$3] = nr
	call_doc[nr] = remark
	call_at[nr] = FNR
	inputs[nr] = outputs[nr] = noreturn[nr] = 0
	ncalls++
	for (i = 4; i <= NF; i++) {
		if ($i == "->" && !results) {
			results = 1
		} else if ($i == "noreturn" && results && i == NF) {
			noreturn[nr] = 1
		} else if (split($i, part, ":") != 2) {
			fail("not TYPE:NAME: " $i)
		} else {
			check_type(part[1])
			if (results)
				add_output(nr, part[1], part[2])
			else
				add_input(nr, part[1], part[2])
		}
	}
}

function add_argument(nr, name)
{
	if (name !~ /^[a-z][a-z0-9_]*$/)
		fail("bad name of an argument: " name)
	if ((nr, name) in argument_seen)
		fail("argument named twice: " name)
	argument_seen[nr, name] = 1
}

function add_input(nr, type, name)
{
	add_argument(nr, name)
	if (kind[type] == "struct" && type != "lookup")
		fail("a struct by value: " type)
	if (inputs[nr] == 6)
		fail("more than six inputs")
	input_type[nr, inputs[nr]] = type
	input_name[nr, inputs[nr]++] = name
}

function add_output(nr, type, name)
{
	add_argument(nr, name)
	if (is_pointer(type) || kind[type] == "struct")
		fail("not a type of a result: " type)
	if (outputs[nr] == 2)
		fail("more than two results")
	output_type[nr, outputs[nr]] = type
	output_name[nr, outputs[nr]++] = name
}

# Whether a call acts on a descriptor that the program names.
function takes_descriptor(nr,    i)
{
	for (i = 0; i < inputs[nr]; i++)
		if (input_type[nr, i] == "fd" || input_type[nr, i] == "lookup")
			return 1
	return 0
}
