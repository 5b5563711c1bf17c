"""The tree keeps the house rules, and the rules find what they should: samples/ says where."""
import re
import unittest

import arrows
import cxx
import house_rules

MARK = re.compile(r'found: ([\w-]+)')


def expected(text: str) -> list[tuple[int, str]]:
    return sorted((number, rule) for number, line in enumerate(text.split('\n'), 1)
                  for rule in MARK.findall(line))


def rules(path: str, text: str) -> list[str]:
    return [finding.rule for finding in house_rules.check_text(path, text)]


class Samples(unittest.TestCase):
    def test_each_sample_breaks_the_rules_it_says_and_no_other(self):
        samples = sorted((house_rules.ROOT / house_rules.SAMPLES).iterdir())
        self.assertGreaterEqual(len(samples), 8)
        for sample in samples:
            with self.subTest(sample.name):
                text = sample.read_text(encoding='utf-8')
                path = re.match(r'// as: (\S+)', text).group(1)
                found = [(each.line, each.rule) for each in house_rules.check_text(path, text)]
                self.assertEqual(sorted(found), expected(text))
                self.assertEqual(bool(found), '_bad.' in sample.name)


class Texts(unittest.TestCase):
    def test_layout(self):
        self.assertEqual(rules('a.py', 'x = 1\n'), [])
        self.assertEqual(rules('a.py', ''), [])
        self.assertEqual(rules('a.py', 'x = 1'), ['final-newline'])
        self.assertEqual(rules('a.py', 'x = 1 \n'), ['trailing-blank'])
        self.assertEqual(rules('a.py', 'x = 1\r\n'), ['trailing-blank'])
        self.assertEqual(rules('a.py', 'if x:\n\tpass\n'), ['tab'])

    def test_columns_are_characters_and_not_octets(self):
        self.assertEqual(rules('a.sql', '港' * 110 + '\n'), [])
        self.assertEqual(rules('a.sql', '港' * 111 + '\n'), ['columns'])
        self.assertEqual(rules('a.md', '港' * 111 + '\n'), [])

    def test_unfinished_work(self):
        for word in ('TO' + 'DO', 'FIX' + 'ME'):
            self.assertEqual(rules('a.md', f'{word}: later\n'), ['unfinished'])
        self.assertEqual(rules('a.md', 'MASTODON\n'), [])

    def test_names_of_machines_and_registries(self):
        for name in ('/ro' + 'ot/.cache', '/ho' + 'me/anna', '(/wo' + 'rk/x)', 'py' + 'pi.org'):
            self.assertEqual(rules('a.sh', f'cp {name}\n'), ['machine'], name)
        for name in ('$here/ro' + 'ot', 'tree/ho' + 'me', '/etc/work', '/workshop', 'ho' + 'me/x'):
            self.assertEqual(rules('a.sh', f'cp {name}\n'), [], name)


class Functions(unittest.TestCase):
    @staticmethod
    def text(head: str, lines: int) -> str:
        """A function whose braces are `lines` lines apart, inside what usually is around one."""
        body = '    x({1, 2});\n' * (lines - 2)
        return f'namespace card {{\nclass Pump {{\n{head} {{\n{body}}}\n}};\n}}\n'

    def test_length_counts_from_brace_to_brace(self):
        for head in ('int f(int a) const', 'Pump() : a_{1}, b_(2)', 'BOOST_AUTO_TEST_CASE(a_name)',
                     'auto f() -> Task<int>'):
            self.assertEqual(list(cxx.long_functions(self.text(head, 75), 75)), [], head)
            self.assertEqual(list(cxx.long_functions(self.text(head, 76), 75)), [(3, 76)], head)

    def test_tables_and_types_are_no_functions(self):
        for head in ('constexpr Row rows[] =', 'enum class Kind', 'struct Inner', 'const Rows rows'):
            self.assertEqual(list(cxx.long_functions(self.text(head, 90), 75)), [], head)


class Tree(unittest.TestCase):
    def test_the_tree_keeps_the_rules(self):
        found = house_rules.check_tree()
        if found:
            self.fail('\n' + '\n'.join(map(str, found)))

    def test_the_arrows_make_no_circle(self):
        def reach(module: str, seen: tuple[str, ...]) -> None:
            self.assertNotIn(module, seen)
            for target in arrows.ARROWS[module]:
                reach(target, (*seen, module))
        for module in arrows.ARROWS:
            reach(module, ())

    def test_the_modules_are_read_from_the_cmake_files(self):
        paths = {module.path for module in arrows.modules(house_rules.ROOT)}
        self.assertLessEqual({'cardformat/desfire', 'reader/worker', 'station/main'}, paths)


if __name__ == '__main__':
    unittest.main()
