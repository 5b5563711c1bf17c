"""The rules as the real udevadm evaluates them for every reader of the table, by themselves and beside
those that libccid and libnfc install; and rules that are wrong on purpose, which must not pass."""
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RULES = '94-card-station.rules'
GROUPS = {'64001': 'card-station', '64002': 'plugdev', '20': 'dialout'}
OTHERS = ('92-libccid.rules', '93-pn53x.rules')

_spec = importlib.util.spec_from_file_location('generate', ROOT / 'udev/generate.py')
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)
READERS = generate.readers(generate.TABLE.read_text(encoding='utf-8'))
# One of each kind, where a whole table would only take longer.
SOME = [reader for reader in READERS if f'{reader.vendor}:{reader.product}' in
        ('072f:2200', '076b:5427', '04e6:5591', '1a86:7523')]


def unpacked() -> pathlib.Path:
    folder = pathlib.Path(os.environ['UNPACKED_RULES'])
    subprocess.run([HERE / 'unpack-rules', folder], check=True)
    return folder / 'tree'


def evaluate(devices: list[dict], files: dict[str, str]) -> list[dict]:
    """What udevadm says of each device with these rule files beside those of udev itself."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (pathlib.Path(folder) / name).write_text(text, encoding='utf-8')
        done = subprocess.run(
            [HERE / 'with-rules', folder, 'umockdev-wrapper', '/usr/bin/python3', '-B',
             HERE / 'evaluate.py'],
            input=json.dumps(devices), capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def device(reader, serial) -> dict:
    return {'vendor': reader.vendor, 'product': reader.product, 'node': reader.node, 'serial': serial}


def last(log: list[str], key: str) -> str:
    """What the last rule that said something of the node's owner or mode said."""
    said = [match.group(1) for line in log
            if (match := re.search(rf'\.rules:\d+ {key} (\w+)$', line))]
    return said[-1] if said else ''


def complaints(reader, number: int, serial, result: dict) -> list[str]:
    """What is wrong with the outcome for the reader at port 1-`number`; nothing where it is right."""
    properties, log = result['properties'], result['log']
    found = [line for line in log if RULES in line and not line.startswith('Reading rules file')
             and not re.search(r"\.rules:\d+ (GROUP \d+|MODE \d+|LINK '[^']+')$", line)]
    group, mode = GROUPS.get(last(log, 'GROUP'), last(log, 'GROUP')), last(log, 'MODE')
    if reader.stack == 'pcsc':
        if group or mode != '0664':
            found.append(f'owner {group} {mode}, where pcscd keeps what udev gives')
    elif (group, mode) != ('card-station', '0660'):
        found.append(f'owner {group} {mode}')
    wanted = {f'/dev/card-station/by-path/1-{number}'}
    if serial is not None:
        wanted.add(f'/dev/card-station/by-serial/{serial}')
    links = {link for link in properties.get('DEVLINKS', '').split() if 'card-station' in link}
    if links != wanted:
        found.append(f'links {sorted(links)}')
    if ':systemd:' not in properties.get('TAGS', ''):
        found.append('no tag for systemd')
    if properties.get('SYSTEMD_WANTS') != 'stationd.service':
        found.append('starts no station')
    if reader.node == 'tty' and properties.get('ID_MM_PORT_IGNORE') != '1':
        found.append('ModemManager may write to it')
    return found


def all_complaints(files: dict[str, str], readers=READERS) -> list[str]:
    devices = [device(reader, f'SN{number:04}') for number, reader in enumerate(readers, 2)]
    return [f'{reader.name}: {what}'
            for (number, reader), result in zip(enumerate(readers, 2), evaluate(devices, files))
            for what in complaints(reader, number, f'SN{number:04}', result)]


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.ours = {RULES: (ROOT / 'udev' / RULES).read_text(encoding='utf-8')}
        folder = unpacked() / 'lib/udev/rules.d'
        cls.others = {name: (folder / name).read_text(encoding='utf-8') for name in OTHERS}

    def test_every_reader_by_themselves(self) -> None:
        self.assertEqual(all_complaints(self.ours), [])

    def test_every_reader_beside_the_rules_of_libccid_and_libnfc(self) -> None:
        found = all_complaints(self.ours | self.others)
        # What only pcscd opens keeps the owner that others give; libnfc's rules name none of these.
        self.assertEqual(found, [])

    def test_a_serial_number_that_is_no_plain_word_makes_no_name(self) -> None:
        reader = READERS[0]
        # udev by itself makes _ of some characters, which is plain enough.
        hostile = {'../../sda': None, '..': None, 'a b': None, '$env{PATH}': None, '%k': None,
                   '名': None, 'A"B': 'A_B', 'SN;rm': 'SN_rm', '*': '_'}
        results = evaluate([device(reader, serial) for serial in hostile], self.ours)
        for (number, (serial, name)), result in zip(enumerate(hostile.items(), 2), results):
            with self.subTest(serial=serial):
                self.assertEqual(complaints(reader, number, name, result), [])

    def test_a_device_that_is_no_reader_is_left_alone(self) -> None:
        strange = [{'vendor': '1d6b', 'product': '0002', 'serial': 'A', 'node': 'usb'},
                   {'vendor': '072f', 'product': '2200', 'serial': 'A', 'node': 'tty'},
                   {'vendor': '1a86', 'product': '7523', 'serial': 'A', 'node': 'usb'}]
        for result in evaluate(strange, self.ours):
            self.assertNotIn('card-station', result['properties'].get('DEVLINKS', ''))
            self.assertNotIn('SYSTEMD_WANTS', result['properties'])
            self.assertNotIn('64001', last(result['log'], 'GROUP'))

    def test_wrong_rules_do_not_pass(self) -> None:
        planted = {
            'a misspelt key': ('MODE:="0660"', 'MOED:="0660"'),
            'an unknown group': ('GROUP:="card-station"', 'GROUP:="card-statoin"'),
            'another mode': ('MODE:="0660"', 'MODE:="0666"'),
            'no group': ('GROUP:="card-station", ', ''),
            'a wrong product': ('"072f:2200"', '"072f:2201"'),
            'a wrong stack': ('"076b:5427", ENV{CARD_STATION_STACK}="pcsc"',
                              '"076b:5427", ENV{CARD_STATION_STACK}="nfc"'),
            'no name by port': ('SYMLINK+="card-station/by-path/', 'SYMLINK+="reader/by-path/'),
            'no name by serial': ('SYMLINK+="card-station/by-serial/', 'SYMLINK+="reader/'),
            'no tag': ('TAG+="systemd", ', ''),
            'a lost label': ('LABEL="card_station_tty"', 'LABEL="card_station_ttys"'),
            'a modem': ('ENV{ID_MM_PORT_IGNORE}="1"', 'ENV{ID_MM_PORT_IGNORE}="0"'),
            'another station': ('+="stationd.service"', '+="stationd.socket"'),
        }
        right = self.ours[RULES]
        for what, (text, wrong) in planted.items():
            with self.subTest(what):
                self.assertIn(text, right)
                self.assertNotEqual(all_complaints({RULES: right.replace(text, wrong)}, SOME), [])

    def test_an_early_file_loses_to_the_rules_of_libnfc_unless_its_values_are_final(self) -> None:
        early = '80-card-station.rules'
        final = self.ours[RULES]
        weak = final.replace('GROUP:=', 'GROUP=').replace('MODE:=', 'MODE=')
        self.assertEqual(all_complaints({early: final} | self.others, SOME), [])
        self.assertNotEqual(all_complaints({early: weak} | self.others, SOME), [])


class Table(unittest.TestCase):
    """The table against what the two drivers themselves say they open."""

    def test_pcscd_opens_those_and_only_those_of_pcsc(self) -> None:
        listed = (unpacked() / 'etc/libccid_Info.plist').read_text(encoding='utf-8')
        keys = [re.search(rf'<key>{key}</key>\s*<array>(.*?)</array>', listed, re.DOTALL).group(1)
                for key in ('ifdVendorID', 'ifdProductID')]
        vendors, products = (re.findall('0x([0-9A-Fa-f]{4})', text.lower()) for text in keys)
        ccid = set(zip(vendors, products))
        for reader in READERS:
            with self.subTest(reader.name):
                self.assertEqual((reader.vendor, reader.product) in ccid, reader.stack != 'nfc')

    def test_libnfc_opens_those_and_only_those_of_libnfc(self) -> None:
        rules = (unpacked() / 'lib/udev/rules.d/93-pn53x.rules').read_text(encoding='utf-8')
        libnfc = set(re.findall(r'idVendor}=="(\w+)", ATTRS{idProduct}=="(\w+)"', rules))
        usb = {(reader.vendor, reader.product) for reader in READERS
               if reader.node == 'usb' and reader.stack != 'pcsc'}
        self.assertEqual(usb, libnfc)


class Generated(unittest.TestCase):
    def test_what_is_kept_is_what_the_table_gives(self) -> None:
        done = subprocess.run([ROOT / 'udev/generate.py', '--check'], capture_output=True, text=True)
        self.assertEqual(done.stdout, '')

    def test_a_row_that_cannot_be_used_is_named(self) -> None:
        head = 'vendor,product,node,stack,faulty_below,feedback,name,notes\n'
        for row in ('072F,2200,usb,pcsc,,,A,', '072f,2200,usb,ccid,,,A,', '072f,2200,hid,pcsc,,,A,',
                    '072f,2200,usb,pcsc,2.06,,A,', '072f,2200,usb,pcsc,,,A",', '072f,2200,usb,pcsc,,,A,|',
                    '072f,2200,usb,pcsc,,horn,A,', '072f,2200,usb,nfc,,acr122,A,',
                    '072f,2200,usb,pcsc,,,A,\n072f,2200,usb,pcsc,,,B,'):
            with self.subTest(row), self.assertRaisesRegex(ValueError, 'row [23]: '):
                generate.readers(head + row)


if __name__ == '__main__':
    unittest.main()
