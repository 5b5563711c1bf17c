"""Where `cmake --install` puts things, and whether the tools of the system accept them there."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = os.environ.get('BUILD', '')
WANTED = {
    'usr/lib/udev/rules.d/94-card-station.rules',
    'usr/lib/modprobe.d/card-station.conf',
    'usr/lib/sysusers.d/card-station.conf',
    'usr/lib/systemd/system/stationd.service',
    'usr/lib/systemd/system/pcscd.socket.d/card-station.conf',
    'usr/share/polkit-1/rules.d/50-card-station.rules',
    'usr/sbin/stationd',
    'usr/bin/stationctl',
    'usr/bin/cardtool',
    'usr/libexec/card-station/reader-worker',
}
PCSCD_SOCKET = '[Socket]\nListenStream=/run/pcscd/pcscd.comm\nSocketMode=0666\n'


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        done = subprocess.run(['cmake', '--install', BUILD, '--prefix', '/usr'],
                              env=os.environ | {'DESTDIR': folder.name}, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def path(self, name: str) -> pathlib.Path:
        return self.root / 'usr' / name

    def test_everything_is_where_the_system_looks_for_it(self) -> None:
        there = {path.relative_to(self.root).as_posix()
                 for path in self.root.rglob('*') if path.is_file()}
        self.assertEqual(WANTED - there, set())

    def test_the_unit_is_hardened_and_names_the_installed_program(self) -> None:
        unit = self.path('lib/systemd/system/stationd.service')
        text = unit.read_text(encoding='utf-8')
        program = re.search(r'^ExecStart=(\S+)', text, re.MULTILINE).group(1)
        self.assertTrue((self.root / program.lstrip('/')).is_file(), program)
        self.assertNotIn('@', re.sub('@system-service|@privileged|@resources', '', text))
        done = run('systemd-analyze', 'security', '--offline=true', '--threshold=15', unit)
        self.assertEqual(done.returncode, 0, done.stdout[-400:] + done.stderr)

    def test_the_unit_without_its_walls_does_not_pass(self) -> None:
        text = self.path('lib/systemd/system/stationd.service').read_text(encoding='utf-8')
        for wall in ('ProtectSystem=strict\n', 'CapabilityBoundingSet=\n', 'User=card-station\n'):
            with self.subTest(wall), tempfile.TemporaryDirectory() as folder:
                weak = pathlib.Path(folder) / 'stationd.service'
                weak.write_text(text.replace(wall, ''), encoding='utf-8')
                done = run('systemd-analyze', 'security', '--offline=true', '--threshold=15', weak)
                self.assertNotEqual(done.returncode, 0)

    def test_systemd_finds_no_fault_with_the_unit_and_the_drop_in(self) -> None:
        units = self.path('lib/systemd/system')
        (units / 'pcscd.socket').write_text(PCSCD_SOCKET, encoding='utf-8')
        (units / 'pcscd.service').write_text('[Service]\nExecStart=/bin/true\n', encoding='utf-8')
        self.addCleanup((units / 'pcscd.socket').unlink)
        self.addCleanup((units / 'pcscd.service').unlink)
        # Paths of the installed system are not there: the program is looked for as it will be.
        unit = (units / 'stationd.service').read_text(encoding='utf-8')
        checked = self.root / 'checked'
        checked.mkdir(exist_ok=True)
        (checked / 'stationd.service').write_text(
            re.sub(r'^ExecStart=/', f'ExecStart={self.root}/', unit, flags=re.MULTILINE),
            encoding='utf-8')
        done = run('env', f'SYSTEMD_UNIT_PATH={checked}:{units}:/lib/systemd/system',
                   'systemd-analyze', 'verify', '--man=no', 'stationd.service', 'pcscd.socket')
        ours = [line for line in done.stderr.splitlines() if 'card' in line or 'stationd' in line]
        self.assertEqual(ours, [], done.stderr)

    def test_the_drop_in_closes_the_socket_to_others(self) -> None:
        text = self.path('lib/systemd/system/pcscd.socket.d/card-station.conf').read_text('utf-8')
        self.assertIn('\nSocketMode=0660\n', text)
        self.assertIn('\nSocketGroup=card-station\n', text)

    def test_sysusers_makes_the_user_and_the_group_that_the_rules_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / 'etc').mkdir()
            done = run('systemd-sysusers', f'--root={folder}',
                       self.path('lib/sysusers.d/card-station.conf'))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex((root / 'etc/group').read_text(), r'(?m)^card-station:')
            self.assertRegex((root / 'etc/passwd').read_text(),
                             r'(?m)^card-station:.*:/usr/sbin/nologin$')

    def test_modprobe_leaves_the_kernels_nfc_drivers_alone(self) -> None:
        text = self.path('lib/modprobe.d/card-station.conf').read_text(encoding='utf-8')
        for module in ('nfc', 'pn533', 'pn533_usb'):
            self.assertRegex(text, rf'(?m)^blacklist {module}$')

    def test_polkit_lets_the_station_and_nobody_else(self) -> None:
        rule = self.path('share/polkit-1/rules.d/50-card-station.rules').read_text(encoding='utf-8')
        # duk is the engine that polkit runs rules in.
        script = (f'var polkit = {{Result: {{YES: "yes"}}, addRule: function (f) {{ this.rule = f; }}}};'
                  f'{rule}'
                  '["access_pcsc", "access_card", "other"].forEach(function (action) {'
                  '  ["card-station", "mallory"].forEach(function (user) {'
                  '    print(action, user, polkit.rule({id: "org.debian.pcsc-lite." + action},'
                  '                                    {user: user})); }); });')
        with tempfile.NamedTemporaryFile('w', suffix='.js') as file:
            file.write(script)
            file.flush()
            done = run('duk', file.name)
        self.assertEqual(done.stdout.split('\n'), [
            'access_pcsc card-station yes', 'access_pcsc mallory undefined',
            'access_card card-station yes', 'access_card mallory undefined',
            'other card-station undefined', 'other mallory undefined', ''], done.stderr)


if __name__ == '__main__':
    unittest.main()
