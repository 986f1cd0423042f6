# SPDX-License-Identifier: GPL-2.0
# How Sphinx makes HTML of all this; see doc.mk.
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

project = 'cloudabi.ko'
copyright = '2026 The cloudabi.ko authors'
extensions = ['kernel_doc']
root_doc = 'index'
exclude_patterns = ['limitations-calls.rst']
highlight_language = 'none'
# What is no C in the kernel's prototypes.
c_id_attributes = ['__user', '__init', '__exit']
html_theme = 'alabaster'
html_copy_source = False
