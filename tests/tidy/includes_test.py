"""What the build makes of the arrows: a forbidden include finds no file, and every header stands alone.

The folders that a target's files are looked up in come from the build, in $TIDY_TARGETS.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import unittest
from typing import NamedTuple

import arrows

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / 'tests/tidy/samples'


class Target(NamedTuple):
    folder: str          # of its CMakeLists.txt
    name: str
    seen: list[str]      # include folders of its own files
    shown: list[str]     # and of the files of those that link it
    macros: list[str]


def targets() -> list[Target]:
    found = []
    for line in pathlib.Path(os.environ['TIDY_TARGETS']).read_text(encoding='utf-8').splitlines():
        folder, name, *lists = line.split('|')
        found.append(Target(folder, name, *([word for word in each.split(':') if word]
                                            for each in lists)))
    return found


def module_targets() -> dict[str, Target]:
    """The library of each module, by the module's path."""
    known = {path.replace('/', '_'): path for path in arrows.ARROWS}
    return {known[target.name]: target for target in targets() if target.name in known}


def compile_text(text: str, folders: list[str], macros: list[str], *flags: str
                 ) -> subprocess.CompletedProcess:
    words = [f'-I{folder}' if str(ROOT) in folder or 'view' in folder else f'-isystem{folder}'
             for folder in dict.fromkeys(folders) if folder != '/usr/include']
    # Fortifying wants an optimiser.
    words += [f'-D{macro}' for macro in dict.fromkeys(macros) if 'FORTIFY' not in macro]
    return subprocess.run(
        [os.environ['TIDY_CXX'], '-std=c++20', '-x', 'c++', *words, *flags, '-'],
        input=text, capture_output=True, text=True, check=False)


def headers_of(folder: pathlib.Path) -> list[str]:
    return [header.relative_to(ROOT).as_posix() for header in sorted(folder.rglob('*.hpp'))]


class Forbidden(unittest.TestCase):
    def compile_in(self, module: str, header: str) -> subprocess.CompletedProcess:
        target = module_targets()[module]
        text = f'#include "{header}"\n'
        return compile_text(text, target.seen, target.macros, '-fsyntax-only')

    def test_a_file_compiles_with_an_allowed_include_and_not_with_a_forbidden_one(self):
        for module, allowed, forbidden in (
                ('station/issuance', 'cardformat/pass/renewal.hpp', 'sync/ledger/ledger.hpp'),
                ('cardformat/desfire', 'cardformat/crypto/cmac.hpp',
                 'cardformat/credential/pass_credential.hpp'),
                ('reader/link', 'cardformat/apdu/apdu.hpp', 'reader/pcsc/pcsc_reader.hpp'),
                ('sync/wire', 'cardformat/base/bytes.hpp', 'cardformat/crypto/hash.hpp')):
            with self.subTest(module):
                self.assertTrue((ROOT / forbidden).is_file())
                good = self.compile_in(module, allowed)
                self.assertEqual(good.returncode, 0, good.stderr)
                bad = self.compile_in(module, forbidden)
                self.assertNotEqual(bad.returncode, 0)
                self.assertRegex(bad.stderr, f"{forbidden}:? (No such file|file not found)"
                                             f"|'{forbidden}' file not found")

    def test_no_module_finds_a_header_but_along_the_arrows(self):
        graph = {module.path: module for module in arrows.modules(ROOT)}
        headers = {path: headers_of(ROOT / path) for path in graph}
        tests = headers_of(ROOT / 'tests')
        probes = [*(one for each in headers.values() for one in each), *tests]
        text = ''.join(f'#if __has_include("{one}")\nfound {one}\n#endif\n' for one in probes)
        found_modules = module_targets()
        self.assertEqual(set(graph) - set(found_modules), {'station/main'})
        for path, target in found_modules.items():
            with self.subTest(path):
                run = compile_text(text, target.seen, [], '-E', '-P')
                self.assertEqual(run.returncode, 0, run.stderr)
                found = set(run.stdout.replace('found ', '').split())
                visible = {path} | arrows.closure(graph,
                                                  graph[path].public | graph[path].private)
                self.assertEqual(found, {one for each in visible for one in headers[each]})


class SelfContained(unittest.TestCase):
    def test_every_header_compiles_alone(self):
        modules = module_targets()
        tests: dict[str, list[Target]] = {}
        for target in targets():
            if target.folder.startswith('tests/'):
                tests.setdefault(target.folder, []).append(target)
        work = []
        for path, target in modules.items():
            work += [(name, name, target.shown, target.macros) for name in headers_of(ROOT / path)]
        for name in headers_of(ROOT / 'tests'):
            folder = max((one for one in tests if name.startswith(one + '/')), key=len, default='')
            if folder and SAMPLES not in (ROOT / name).parents:
                seen = [one for target in tests[folder] for one in target.seen]
                macros = [one for target in tests[folder] for one in target.macros]
                work.append((name, str(ROOT / name), seen, macros))
        self.assertGreater(len(work), 80)

        def alone(item: tuple[str, str, list[str], list[str]]) -> tuple[str, str]:
            name, wanted, folders, macros = item
            run = compile_text(f'#include "{wanted}"\n' * 2, folders, macros,
                               '-fsyntax-only', '-Wall', '-Wextra', '-Werror')
            return name, run.stderr if run.returncode else ''

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, wrong in pool.map(alone, work):
                with self.subTest(name):
                    self.assertEqual(wrong, '')


if __name__ == '__main__':
    unittest.main()
