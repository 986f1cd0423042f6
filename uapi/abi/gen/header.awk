# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Prints uapi/linux/cloudabi.h.

function emit(    i)
{
	banner("((GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause)")
	emit_prologue()
	for (i = 1; i <= norder; i++)
		if (is_scalar(order[i]))
			emit_scalar(order[i])
	emit_rights_sets()
	for (i = 1; i <= norder; i++)
		if (kind[order[i]] == "struct")
			emit_struct(order[i])
	print "\n#ifndef __KERNEL__"
	print "/* The forms of the program itself, with pointers. */"
	for (i = 1; i <= norder; i++)
		if (kind[order[i]] == "function")
			emit_function(order[i])
		else if (order[i] in wide)
			emit_form(order[i], "native")
	print "\n#endif /* __KERNEL__ */"
	emit_asserts()
	print "\n#endif /* _UAPI_LINUX_CLOUDABI_H */"
}

function emit_prologue()
{
	print " *"
	print " * The types, constants and structures of CloudABI.  Structures that hold"
	print " * pointers or sizes have three forms: cloudabi64_NAME_t and cloudabi32_NAME_t"
	print " * for 64-bit and 32-bit programs as anyone sees them, and cloudabi_NAME_t as"
	print " * the program itself does.  The members pad0, pad1, ... are padding: the"
	print " * kernel ignores it in what it reads and clears it in what it writes."
	print " */"
	print "#ifndef _UAPI_LINUX_CLOUDABI_H"
	print "#define _UAPI_LINUX_CLOUDABI_H"
	print ""
	print "#include <linux/types.h>"
	print "#ifndef __KERNEL__"
	print "#include <stddef.h>"
	print "#endif"
	print ""
	print "/* Numbers of 8 bytes are aligned to 8 bytes on every machine. */"
	print "#define __cloudabi_align8 __attribute__((__aligned__(8)))"
	print "typedef __u64 __cloudabi_align8 __cloudabi_u64;"
}

function comment(lines,    part, n, i)
{
	n = split(lines, part, "\n")
	if (n == 1) {
		print "\n/* " lines " */"
		return
	}
	print "\n/*"
	for (i = 1; i <= n; i++)
		print " *" (part[i] == "" ? "" : " ") part[i]
	print " */"
}

function emit_scalar(type,    i, lines)
{
	lines = type ": " doc[type]
	if (doc[type] == "")
		lines = type
	for (i = 1; i <= nvalues; i++)
		if (value_type[i] == type && value_doc[i] != "")
			lines = lines "\n  " value_name[i] ": " value_doc[i]
	comment(lines)
	printf "typedef __%s %scloudabi_%s_t;\n", rep[type], \
	       size_of(type, 64) == 8 ? "__cloudabi_align8 " : "", type
	for (i = 1; i <= nvalues; i++)
		if (value_type[i] == type)
			macro("CLOUDABI_" value_name[i], c_number(i))
}

function c_number(i,    size, text)
{
	size = substr(rep[value_type[i]], 2)
	text = value_number[i]
	if (kind[value_type[i]] == "flags" || text >= 2147483648 || \
	    value_name[i] ~ /^LOCK_/)
		text = "0x" hex(text, size / 4)
	if (size == 64)
		text = text "ULL"
	else if (size == 32)
		text = text "U"
	return text
}

function emit_rights_sets()
{
	comment("All rights there are.")
	macro("CLOUDABI_RIGHTS_ALL", "0x" hex(set_mask["ALL"], 16) "ULL")
}

function emit_struct(name)
{
	if (name in wide) {
		emit_form(name, "64")
		emit_form(name, "32")
	} else {
		emit_form(name, "")
	}
}

function emit_function(name,    i, list)
{
	for (i = 1; i <= function_args[name]; i++)
		list = list (i > 1 ? ", " : "") \
		       user_declaration(function_type[name, i], \
					function_name[name, i])
	comment(name ": " doc[name])
	printf "typedef void cloudabi_%s_t(%s);\n", name, list
}

function tag(name, form)
{
	return "cloudabi" (form == "native" ? "" : form) "_" name
}

# Prints a form of a struct, first to collect the padding for its kernel-doc.
function emit_form(name, form)
{
	dry = 1
	emit_body(name, form)
	dry = 0
	kernel_doc(name, form)
	printf "typedef struct %s {\n", tag(name, form)
	emit_body(name, form)
	printf "} %s_t;\n", tag(name, form)
}

function put(line)
{
	if (!dry)
		print line
}

function emit_body(name, form,    i, v, at, width, indent)
{
	width = form == "32" ? 32 : 64
	npads = at = 0
	indent = "\t"
	for (i = 1; i <= members[name]; i++) {
		if (member_variant[name, i] != v) {
			if (v == "") {
				pad(form, at, union_start[name, width], indent, v)
				put("\tunion {")
			} else {
				pad(form, at, struct_size[name, width], indent, v)
				put("\t\t} " v ";")
			}
			v = member_variant[name, i]
			at = union_start[name, width]
			put("\t\tstruct {")
			indent = "\t\t\t"
		}
		pad(form, at, member_offset[name, i, width], indent, v)
		emit_member(name, i, form, indent)
		at = member_offset[name, i, width] + member_size[name, i, width]
	}
	pad(form, at, struct_size[name, width], indent, v)
	if (v != "") {
		put("\t\t} " v ";")
		put("\t};")
	}
}

function pad(form, from, to, indent, v)
{
	if (form == "native" || to <= from)
		return
	put(indent "__u8 pad" npads "[" (to - from) "];")
	pad_name[npads] = (v == "" ? "" : v ".") "pad" npads
	npads++
}

function kernel_doc(name, form,    i, v)
{
	print "\n/**"
	printf " * struct %s - %s\n", tag(name, form), doc[name]
	for (i = 1; i <= members[name]; i++) {
		if (member_variant[name, i] != v) {
			v = member_variant[name, i]
			printf " * @%s: for %s\n", v, variant_doc[name, v]
		}
		printf " * @%s%s: %s\n", v == "" ? "" : v ".", \
		       member_name[name, i], member_doc[name, i] == "" ? \
		       "ignored, or 0" : member_doc[name, i]
		if (member_other[name, i] != "")
			printf " * @%s: the same\n", member_other_name[name, i]
	}
	for (i = 0; i < npads; i++)
		printf " * @%s: padding\n", pad_name[i]
	print " */"
}

function emit_member(s, i, form, indent)
{
	if (member_other[s, i] == "") {
		put(indent member(member_type[s, i], member_name[s, i], \
				  member_count[s, i], form) ";")
		return
	}
	put(indent "union {")
	put(indent "\t" member(member_type[s, i], member_name[s, i], 0, form) ";")
	put(indent "\t" member(member_other[s, i], member_other_name[s, i], \
			       0, form) ";")
	put(indent "};")
}

function member(type, name, count, form,    text)
{
	if (form == "native") {
		text = user_declaration(type, name)
	} else if (is_pointer(type) || type == "size" || type == "address") {
		text = (form == "64" ? "__cloudabi_u64 " : "__u32 ") name
	} else {
		text = c_scalar(type) " " name
	}
	return text (count ? "[" count "]" : "")
}

function emit_asserts(    i)
{
	print "\n/* The layouts, stated once more for the compiler to check. */"
	print "#ifdef __cplusplus"
	print "#define __cloudabi_assert(x) static_assert(x, #x)"
	print "#else"
	print "#define __cloudabi_assert(x) __extension__ _Static_assert(x, #x)"
	print "#endif"
	print "#define __cloudabi_struct(type, size, align) \\"
	print "\t__cloudabi_assert(sizeof(type) == (size)); \\"
	print "\t__cloudabi_assert(__alignof__(type) == (align))"
	print "#define __cloudabi_member(type, name, offset, size) \\"
	print "\t__cloudabi_assert(__builtin_offsetof(type, name) == (offset)); \\"
	print "\t__cloudabi_assert(sizeof(((type *)0)->name) == (size))"
	print ""
	for (i = 1; i <= norder; i++)
		if (is_scalar(order[i]))
			printf "__cloudabi_assert(sizeof(cloudabi_%s_t) == %d);\n", \
			       order[i], size_of(order[i], 64)
	for (i = 1; i <= nstructs; i++)
		if (structs[i] in wide) {
			assert_struct(structs[i], "64", 64)
			assert_struct(structs[i], "32", 32)
		} else {
			assert_struct(structs[i], "", 64)
		}
	print "\n#ifndef __KERNEL__"
	assert_native("#if", 64)
	assert_native("#elif", 32)
	print "#endif"
	print "#endif /* __KERNEL__ */"
	print "\n#undef __cloudabi_member"
	print "#undef __cloudabi_struct"
	print "#undef __cloudabi_assert"
}

function assert_native(directive, width,    i)
{
	printf "%s __SIZEOF_POINTER__ == %d\n", directive, width / 8
	for (i = 1; i <= nstructs; i++)
		if (structs[i] in wide)
			assert_struct(structs[i], "native", width)
}

function assert_struct(s, form, width,    i, type, name)
{
	type = tag(s, form) "_t"
	printf "__cloudabi_struct(%s, %d, %d);\n", type, \
	       struct_size[s, width], struct_align[s, width]
	for (i = 1; i <= members[s]; i++) {
		name = member_variant[s, i]
		name = (name == "" ? "" : name ".") member_name[s, i]
		assert_member(type, name, member_offset[s, i, width], \
			      member_size[s, i, width])
		if (member_other[s, i] != "")
			assert_member(type, member_other_name[s, i], \
				      member_offset[s, i, width], \
				      member_size[s, i, width])
	}
}

function assert_member(type, name, offset, size)
{
	call_line("__cloudabi_member(", type "|" name "|" offset "|" size, ");")
}
