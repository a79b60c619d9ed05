#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""validate.py SCHEMA FILE...: what a JSON Schema says of YAML files, as JSON: {file: [complaint]}.

Debian's own Python runs it, because that has Debian's python3-jsonschema and python3-yaml. The
files are read as YAML 1.2 (core schema), like editors and berth do; PyYAML by itself reads 1.1, to
which `no` is false and 10001:10001 a number.
"""
import json
import re
import sys

import yaml
from jsonschema import Draft202012Validator


class Core(yaml.SafeLoader):
    yaml_implicit_resolvers: dict = {}


Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"),
                           ["~", "n", "N", ""])
Core.add_implicit_resolver("tag:yaml.org,2002:bool",
                           re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"),
                           list("-+0123456789"))
Core.add_implicit_resolver("tag:yaml.org,2002:float",
                           re.compile(r"^[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?$"),
                           list("-+.0123456789"))
Core.add_constructor("tag:yaml.org,2002:int",
                     lambda loader, node: int(loader.construct_scalar(node)))


def complaints(validator: Draft202012Validator, file: str) -> list[str]:
    with open(file, encoding="utf-8") as stream:
        tree = yaml.load(stream, Loader=Core)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(tree)]


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as stream:
        schema = json.load(stream)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    print(json.dumps({file: complaints(validator, file) for file in sys.argv[2:]}))


main()
