"""Which module tells where a function without a name stands, in each language."""

from __future__ import annotations

from typing import Final

from glossator.index.lambdas import lambda_places
from glossator.index.python_lambdas import python_lambda_places
from glossator.index.swift_closures import closure_places
from glossator.index.unnamed_functions import handed_parameters

FUNCTION_PLACES: Final = {
    "handed": handed_parameters,
    "lambda": lambda_places,
    "lambda.named": python_lambda_places,
    "closure": closure_places,
}
"""By the captures of the queries for mentions."""
