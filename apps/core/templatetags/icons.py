"""The tag `lucide` with a memory: the package draws each icon anew, and a large map shows the same few a thousand
times."""

from functools import cache

from django import template
from lucide.templatetags.lucide import lucide as draw

register = template.Library()
register.simple_tag(cache(draw), name="lucide")
