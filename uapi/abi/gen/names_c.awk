# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints tools/lib/abi_names.c.

function emit(    i)
{
	banner("GPL-2.0", "//")
	print " */"
	print "#include <stddef.h>"
	print ""
	print "#include \"abi_names.h\""
	for (i = 1; i <= norder; i++)
		if (has_values(order[i]))
			emit_constants(order[i])
	for (i = 0; i < ncalls; i++)
		emit_types(i)
	print "\nconst struct cloudabi_names_call"
	print "\tcloudabi_names_calls[CLOUDABI_NAMES_CALLS] = {"
	for (i = 0; i < ncalls; i++)
		emit_call(i)
	print "};"
	emit_functions()
}

function emit_constants(type,    i)
{
	printf "\nconst struct cloudabi_names_value cloudabi_names_%s[] = {\n", \
	       type
	for (i = 1; i <= nvalues; i++)
		if (value_type[i] == type)
			printf "\t{ \"%s\", 0x%sU%s },\n", short_name(i), \
			       hex(value_number[i], 1), \
			       rep[type] == "u64" ? "LL" : ""
	print "\t{ NULL, 0 },"
	print "};"
}

# Errors and signals keep their prefix, others have it in the type's name.
function short_name(i,    type)
{
	type = value_type[i]
	if (type == "errno" || type == "signal")
		return value_name[i]
	return substr(value_name[i], length(prefix[type]) + 1)
}

# The name of the C object that describes a type of an argument.
function type_object(type)
{
	if (!is_pointer(type))
		return "type_" type
	return "type_" (is_const(type) ? "const_" : "") "pointer_" target(type)
}

function emit_types(nr,    i)
{
	for (i = 0; i < inputs[nr]; i++)
		emit_type(input_type[nr, i])
	for (i = 0; i < outputs[nr]; i++)
		emit_type(output_type[nr, i])
}

function emit_type(type,    what)
{
	if (type in type_done)
		return
	type_done[type] = 1
	printf "\nstatic const struct cloudabi_names_type %s = {\n", \
	       type_object(type)
	printf "\t.name = \"%s\",\n", is_pointer(type) ? target(type) : type
	printf "\t.kind = CLOUDABI_NAMES_%s,\n", names_kind(type)
	printf "\t.bytes = %d,\n", size_of(type, 64)
	if (is_scalar(type) && rep[type] ~ /^s/)
		print "\t.is_signed = 1,"
	if (is_const(type))
		print "\t.is_const = 1,"
	if (kind[type] ~ /^(enum|flags)$/ && has_values(type))
		printf "\t.values = cloudabi_names_%s,\n", type
	print "};"
}

function names_kind(type)
{
	if (is_pointer(type))
		return "POINTER"
	if (type == "lookup" || type == "size" || type == "address")
		return toupper(type)
	return kind[type] == "type" ? "NUMBER" : toupper(kind[type])
}

function emit_call(nr,    i)
{
	printf "\t[%d] = {\n", nr
	printf "\t\t.name = \"%s\",\n", call_name[nr]
	printf "\t\t.inputs = %d,\n", inputs[nr]
	printf "\t\t.results = %d,\n", outputs[nr]
	if (noreturn[nr])
		print "\t\t.noreturn = 1,"
	if (inputs[nr]) {
		print "\t\t.input = {"
		for (i = 0; i < inputs[nr]; i++)
			emit_argument(input_name[nr, i], input_type[nr, i])
		print "\t\t},"
	}
	if (outputs[nr]) {
		print "\t\t.result = {"
		for (i = 0; i < outputs[nr]; i++)
			emit_argument(output_name[nr, i], output_type[nr, i])
		print "\t\t},"
	}
	print "\t},"
}

function emit_argument(name, type)
{
	printf "\t\t\t{ \"%s\", &%s },\n", name, type_object(type)
}

function emit_functions()
{
	print ""
	print "static char lower(char c)"
	print "{"
	print "\treturn c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;"
	print "}"
	print ""
	print "static int same(const char *a, const char *b)"
	print "{"
	print "\tfor (; *a && lower(*a) == lower(*b); a++)"
	print "\t\tb++;"
	print "\treturn lower(*a) == lower(*b);"
	print "}"
	print ""
	print "/* Whether a name is the full one, or the full one without its prefix. */"
	print "static int matches(const char *full, size_t prefix, const char *name)"
	print "{"
	print "\treturn same(full, name) || same(full + prefix, name);"
	print "}"
	print ""
	print "static int find_name(const struct cloudabi_names_value *values, size_t prefix,"
	print "\t\t     const char *name)"
	print "{"
	print "\tfor (; values->name; values++) {"
	print "\t\tif (matches(values->name, prefix, name))"
	print "\t\t\treturn values->value;"
	print "\t}"
	print "\treturn -1;"
	print "}"
	print ""
	print "const char *"
	print "cloudabi_names_find(const struct cloudabi_names_value *values, uint64_t value)"
	print "{"
	print "\tfor (; values->name; values++) {"
	print "\t\tif (values->value == value)"
	print "\t\t\treturn values->name;"
	print "\t}"
	print "\treturn NULL;"
	print "}"
	print ""
	print "const char *cloudabi_call_name(unsigned int nr)"
	print "{"
	print "\treturn nr < CLOUDABI_NAMES_CALLS ? cloudabi_names_calls[nr].name : NULL;"
	print "}"
	emit_name("errno")
	emit_name("signal")
	emit_name("filetype")
	print ""
	print "const char *cloudabi_right_name(unsigned int bit)"
	print "{"
	print "\tif (bit >= 64)"
	print "\t\treturn NULL;"
	print "\treturn cloudabi_names_find(cloudabi_names_rights, (uint64_t)1 << bit);"
	print "}"
	print ""
	print "int cloudabi_call_number(const char *name)"
	print "{"
	print "\tfor (int nr = 0; nr < CLOUDABI_NAMES_CALLS; nr++) {"
	print "\t\tif (same(cloudabi_names_calls[nr].name, name))"
	print "\t\t\treturn nr;"
	print "\t}"
	print "\treturn -1;"
	print "}"
	emit_number("errno", 1)
	emit_number("signal", 3)
	emit_number("filetype", 0)
	print ""
	print "int cloudabi_right_bit(const char *name)"
	print "{"
	print "\tfor (int bit = 0; bit < 64; bit++) {"
	print "\t\tconst char *full = cloudabi_right_name(bit);"
	print ""
	print "\t\tif (full && same(full, name))"
	print "\t\t\treturn bit;"
	print "\t}"
	print "\treturn -1;"
	print "}"
}

function emit_name(type)
{
	printf "\nconst char *cloudabi_%s_name(unsigned int number)\n", type
	print "{"
	printf "\treturn cloudabi_names_find(cloudabi_names_%s, number);\n", type
	print "}"
}

function emit_number(type, skip)
{
	printf "\nint cloudabi_%s_number(const char *name)\n", type
	print "{"
	printf "\treturn find_name(cloudabi_names_%s, %d, name);\n", type, skip
	print "}"
}
