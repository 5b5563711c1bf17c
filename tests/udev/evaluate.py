#!/usr/bin/python3
"""evaluate.py: makes mock USB devices and has the real `udevadm test` evaluate the rules for each.

Reads a JSON list of devices {vendor, product, serial, node} on standard input; writes a list of
{properties, log} in the same order, as udevadm printed them. To be run by with-rules, under
umockdev-wrapper. `udevadm test` succeeds whatever it finds, so its output is all there is.
"""
import json
import subprocess
import sys

import gi
gi.require_version('UMockdev', '1.0')
from gi.repository import UMockdev  # noqa: E402

USB_MAJOR, SERIAL_MAJOR = '189', '188'


def usb_device(testbed, number: int, device: dict) -> str:
    attributes = ['idVendor', device['vendor'], 'idProduct', device['product'],
                  'busnum', '1', 'devnum', str(number)]
    if device.get('serial') is not None:
        attributes += ['serial', device['serial']]
    properties = ['DEVTYPE', 'usb_device', 'DEVNAME', f'/dev/bus/usb/001/{number:03}',
                  'MAJOR', USB_MAJOR, 'MINOR', str(number - 1)]
    return testbed.add_device('usb', f'1-{number}', None, attributes, properties)


def serial_port(testbed, number: int, parent: str) -> str:
    interface = testbed.add_device('usb', f'1-{number}:1.0', parent,
                                   ['bInterfaceNumber', '00'], ['DEVTYPE', 'usb_interface'])
    return testbed.add_device('tty', f'ttyUSB{number}', interface, [],
                              ['DEVNAME', f'/dev/ttyUSB{number}', 'MAJOR', SERIAL_MAJOR,
                               'MINOR', str(number)])


def evaluate(path: str) -> dict:
    done = subprocess.run(['udevadm', 'test', '--action=add', path], capture_output=True, text=True)
    properties = dict(line.split('=', 1) for line in done.stdout.splitlines() if '=' in line)
    return {'properties': properties, 'log': done.stderr.splitlines()}


def main() -> None:
    testbed = UMockdev.Testbed.new()
    results = []
    for number, device in enumerate(json.load(sys.stdin), 2):
        path = usb_device(testbed, number, device)
        if device['node'] == 'tty':
            path = serial_port(testbed, number, path)
        results.append(evaluate(path))
    json.dump(results, sys.stdout)


if __name__ == '__main__':
    main()
