# SPDX-License-Identifier: GPL-2.0
#
# The documentation. Included by the Makefile at the top, or run from there with
# -f.
#
#	doc		HTML, in build/doc; needs Sphinx
#	doc-check	fail if it is not sound, or names what the tree has not;
#			needs docutils
#
# KERNELDOC is the kernel's script that reads comments, by default that of the
# distribution's linux-source package.

.PHONY: doc doc-check

KERNELDOC_SCRIPT = $(or $(KERNELDOC),$(shell \
	selftests/vm/source -f)/linux/scripts/kernel-doc)

doc:
	@KERNELDOC='$(KERNELDOC_SCRIPT)' sphinx-build -q \
		-d build/doc/.doctrees Documentation build/doc
	@echo build/doc/index.html

doc-check:
	@KERNELDOC='$(KERNELDOC_SCRIPT)' Documentation/check
