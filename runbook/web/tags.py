"""Template tags and filters of this product, registered through TEMPLATES and loaded as runbook."""

from django import template

register = template.Library()
