# Sourced by tests/demo and tests/check: the packages, and a build in build/release.
# Installs from Debian's archive what is missing, with sudo where the user is not root.

packages="build-essential cmake ninja-build ccache pkg-config iproute2 libboost1.81-dev
    libboost-json1.81-dev libboost-url1.81-dev libboost-program-options1.81-dev
    libboost-test1.81-dev libexpected-dev libsqlite3-dev libssl-dev libpcsclite-dev libcbor-dev
    libtomlplusplus-dev libp11-kit-dev softhsm2 libnfc-dev libnfc-bin libfreefare-bin libudev-dev
    libsystemd-dev prometheus-cpp-dev libpango1.0-dev libqrencode-dev libcurl4-openssl-dev
    fonts-noto-cjk zbar-tools poppler-utils opensc pcsc-tools python3 python3-cbor2
    python3-cryptography python3-jsonschema python3-yaml python3-gi gir1.2-umockdev-1.0 umockdev
    udev duktape faketime"

say() {
    printf '\n== %s\n' "$*"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "Packages are missing and this user is not root: install sudo, or run once as root:" >&2
        echo "    apt-get install $missing" >&2
        exit 1
    fi
}

# install_missing PACKAGE...: nothing where all are there.
install_missing() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    say "Installing packages:$missing"
    as_root apt-get -qq update
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        install $missing >/dev/null
}

# The real pcscd and its virtual reader driver, unpacked into the build tree and never installed.
unpack_hardware() {
    mkdir -p build
    if ! assignments=$(tests/live/unpack-pcscd build/pcscd); then
        as_root apt-get -qq update
        assignments=$(tests/live/unpack-pcscd build/pcscd)
    fi
    eval "$assignments"
    export PCSCD VPCD_DRIVER
}

# promtool alone: the package would start a Prometheus.
unpack_promtool() {
    [ ! -x build/promtool/promtool ] || return 0
    fresh=$(mktemp -d build/fetching.XXXXXX)
    (cd "$fresh" && apt-get -qq -o APT::Sandbox::User=root download prometheus)
    dpkg-deb --fsys-tarfile "$fresh"/prometheus_*.deb | tar -xO ./usr/bin/promtool >"$fresh/promtool"
    chmod +x "$fresh/promtool"
    rm "$fresh"/*.deb
    rm -rf build/promtool
    mv "$fresh" build/promtool
}

# build PRESET [TARGET...]
build() {
    preset=$1
    shift
    [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
    cmake --build --preset "$preset" ${1:+--target "$@"}
}
