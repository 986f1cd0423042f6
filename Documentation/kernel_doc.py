# SPDX-License-Identifier: GPL-2.0
"""The directive kernel-doc of the kernel's own documentation:

    .. kernel-doc:: FILE

puts in what the comments of a source file say. The kernel's script of that name
turns them into rst; KERNELDOC says where it is.
"""
import os
import subprocess

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def script(*args):
    """Runs the kernel's script at the top of the tree."""
    return subprocess.run(['perl', os.environ['KERNELDOC'], *args], cwd=TOP,
                          capture_output=True, text=True, check=False)


class KernelDoc(Directive):
    """The directive; what comes of it is recorded in the document."""
    required_arguments = 1
    sphinx_version = '3.0.0'

    def run(self):
        path = self.arguments[0]
        if not os.path.exists(os.path.join(TOP, path)):
            raise self.error(f'there is no {path}')
        text = script('-rst', '-sphinx-version', self.sphinx_version, path)
        if not text.stdout.strip():
            raise self.error(f'{path} has no kernel-doc comments')
        lines = text.stdout.expandtabs().split('\n')
        node = nodes.container()
        self.state.nested_parse(StringList(lines, path), 0, node,
                                match_titles=1)
        return node.children


def setup(app):
    """For Sphinx."""
    import sphinx                       # pylint: disable=C0415
    KernelDoc.sphinx_version = sphinx.__version__
    app.add_directive('kernel-doc', KernelDoc)
    return {'parallel_read_safe': True}
